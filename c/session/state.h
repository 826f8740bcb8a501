/* What the files of a session share. Each part of its state has a file, named with it, whose affair it is. */
#pragma once

#include "message/frame.h"
#include "message/sequence.h"
#include "session/event_loop.h"
#include "session/loop.h"
#include "session/notes.h"
#include "session/schedule.h"
#include "session/setup.h"

/* The schedule starts this long after the stamp of the last unrecorded message, the canary: several clients that begin at once,
 * each of which still has some tenths of a millisecond to do, share the CPUs meanwhile. */
#define SCHEDULE_LEAD_NS (10 * NS_PER_MS)

/* The event loop wakes up late by some 20 us: a waiter calls it that much before the last stretch of a pause, which is spun. */
#define PAUSE_LEAD_NS INT64_C(70000)

/* Round trips that a scheduled sender may have under way; it then waits, which shows as lateness. */
#define MAX_IN_FLIGHT (1u << 20)

/* Where this side keeps count, and its peer. setup.c */
struct ledgers {
  struct ledger_file *file;
  struct ledger *own;
  const struct ledger *peer; /* NULL: elsewhere */
};

/* The frame being sent, or the last one. send.c */
struct outgoing {
  uint8_t *buffer; /* for what is not a reply from where it lies */
  const uint8_t *frame;
  size_t frame_bytes;
  uint64_t id;
  uint32_t type;
  int64_t stamp_ns;
  int64_t room_awaited_ns; /* when it first found too little room; 0: it never did */
  uint64_t taken_count; /* one-way messages that the peer had counted when we last looked */
};

/* The measured window of a closed loop, and the pause that it may end. pause.c; the first send opens the window. */
struct pause {
  int64_t window_end_ns; /* 0: not open */
  int64_t until_ns;
  int has_slept; /* before the message to be sent next */
  int64_t looked_ns; /* when a wait for a moment last looked at the peer */
};

/* When messages are due. pace.c; terms.c opens it, what is sent and received is noted as it goes and comes. */
struct pace {
  struct schedule schedule; /* asked for the message to be sent next */
  struct schedule arriving; /* the same, asked for those received: ids that lie behind, in an order of their own */
  int64_t start_ns;
  int64_t canary_ns; /* what the canary bears for a stamp, so that schedules begin just as far apart as they are to; 0: the time */
  int64_t due_ns;    /* of the message being sent */
  int64_t give_up_ns; /* when a sender that can't catch up after the window stops; 0: it is not behind */
  int64_t *sent_at_ns; /* by id modulo MAX_IN_FLIGHT: stamps of scheduled requests under way; else NULL */
  uint64_t in_flight;
};

/* The last message received. receive.c */
struct arrived {
  int64_t earliest_ns; /* no message that has a latency was sent before that: such a stamp is of another clock */
  struct message message;
  int64_t received_ns; /* when it was handed over; 0: a request, of which nobody measures that */
  int is_unsettled;    /* it has not been accounted for yet, as requests before their reply */
  int is_echoed;       /* its payload goes back to the peer, who checks it */
  struct sequence sequence;
};

/* What every message needs begins with the last members of `settings` and ends before `arrived.sequence`. */
struct session {
  struct session_settings settings;
  struct channel *channel;
  struct ledgers ledgers;
  struct outgoing outgoing;
  struct pause pause;
  struct pace pace;
  struct arrived arrived;
};

static inline uint64_t id_of(double id) { return id < 0 ? UNRECORDED_ID : (uint64_t)id; }
static inline int is_recorded(uint64_t id, uint32_t type) { return id != UNRECORDED_ID && type <= FRAME_RESPONSE; }
static inline int is_scheduled(const struct session *session) { return session->pace.schedule.gap_ns > 0; }
static inline int has_window(const struct session *session) {
  return session->settings.duration_ns > 0 && session->pause.window_end_ns > 0;
}

/* send.c: the frame is finished but for its stamp, the last thing before it is handed over. Returns its length. */
int32_t session_stamp(struct session *session, uint8_t *frame, uint64_t id, size_t payload_bytes, uint32_t type, int64_t now_ns);
/* pace.c: counts a message that went by the schedule. 0, or WINDOW_OVER if the sender can't catch up. */
int32_t session_sent_on_schedule(struct session *session);
/* receive.c: what is there, without a look at the stop flag. */
int32_t session_receive_now(struct session *session);
/* The same, waiting for it as the settings say until that moment, a slice at most. */
int32_t session_receive_by(struct session *session, int64_t until_ns);
/* pause.c: channel_watch_peer for a wait of the session's own thread. */
int session_watch_peer(struct session *session, int64_t now_ns);
