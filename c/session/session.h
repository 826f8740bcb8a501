/*
 * A session is one side's measuring state on one connection: it builds and stamps what goes out, checks and records
 * what comes in. TypeScript calls it once per send and once per receive, in blocking mode once per stretch of them; nothing in
 * here allocates after session_open.
 *
 * With `blocking` a call waits until it is done. Without, it returns -EAGAIN and the event loop calls again when a
 * waiter (waiter.h) or its own socket says so. With MECHANISM_FED the event loop's sockets carry the bytes
 * (session_begin_* / session_end_send, session_feed).
 */
#ifndef IPC_SESSION_H
#define IPC_SESSION_H

#include "mechanism/channel.h"
#include "message/frame.h"
#include "record/ledger.h"
#include "session/schedule.h"
#include "message/sequence.h"

/* Room that every connection has for a note: the JSON that peers say hello with. */
#define NOTE_BYTES 512
#define NO_SHEET UINT32_MAX

/* What send functions return when the message went and the measured window of `duration_ns` is over. */
#define WINDOW_OVER 1
#define NO_REPLY 200

/* What session_until_due returns, beside the types of frames. */
#define DUE 100
#define DUE_AFTER_WINDOW 101
#define DUE_SOON 102 /* not blocking and receiving: too soon to sleep, so take turns of the event loop */

/* The schedule starts this long after the stamp of the last unrecorded message, the canary: several clients that begin at once,
 * each of which still has some tenths of a millisecond to do, share the CPUs meanwhile. */
#define SCHEDULE_LEAD_NS (10 * NS_PER_MS)

/* The event loop wakes up late by some 20 us: a waiter calls it that much before the last stretch of a pause, which is spun. */
#define PAUSE_LEAD_NS INT64_C(70000)

/* Round trips that a scheduled sender may have under way; it then waits, which shows as lateness. */
#define MAX_IN_FLIGHT (1u << 20)

/* Filled by TypeScript; layout checked at start. */
struct session_settings {
  struct channel_settings channel;
  uint64_t payload_bytes;
  uint64_t reply_payload_bytes; /* what a response must carry */
  int64_t duration_ns;          /* measured window; 0: the caller counts */
  uint64_t rate_microhertz;     /* open-loop schedule; 0: closed loop */
  uint64_t seed;
  uint32_t arrival; /* enum arrival_kind */
  uint32_t burst;
  uint32_t blocking;
  uint32_t sheet;      /* own */
  uint32_t peer_sheet; /* NO_SHEET: the peer keeps its ledger elsewhere */
  uint32_t trusts_peer;   /* another tool: neither ids nor payloads are checked */
  uint32_t clocks_differ; /* stamps of the peer mean nothing here: no one-way latency */
  int32_t error;       /* out: why session_open returned NULL */
};

struct session {
  struct session_settings settings; /* what every message needs begins with its last members and ends before `sequence` */
  struct channel *channel;
  struct ledger_file *file;
  struct ledger *ledger;
  const struct ledger *peer_ledger;

  uint8_t *out; /* the frame being sent, when it is not a reply from where it lies */
  const uint8_t *sending;
  size_t sending_bytes;
  uint64_t sending_id;
  uint32_t sending_type;
  uint32_t has_waited; /* the frame being sent found no room at first */
  int64_t stamp_ns;    /* of the frame being sent, or of the last one */
  int64_t waiting_since_ns; /* when it found no room */
  int64_t window_end_ns;
  int64_t pause_until_ns;
  int64_t peer_looked_ns; /* when a wait for a moment last looked at the peer */
  uint64_t taken_count; /* one-way messages that the peer had counted when we last looked */

  struct schedule schedule; /* asked for the message to be sent next */
  struct schedule arriving; /* the same, asked for those received: ids that lie behind, in an order of their own */
  int64_t earliest_ns; /* no message that has a latency was sent before that: such a stamp is of another clock */
  int64_t schedule_start_ns;
  int64_t canary_ns; /* what the canary bears for a stamp, so that schedules begin just as far apart as they are to; 0: the time */
  int64_t due_ns;     /* of the message being sent */
  int64_t *sent_at_ns; /* by id modulo MAX_IN_FLIGHT: stamps of scheduled requests under way; else NULL */
  uint64_t in_flight;

  struct message message; /* the last one received */
  int64_t received_ns;    /* when it came; 0: a request, of which nobody measures that */
  int is_unsettled;       /* it has not been accounted for yet, as requests before their reply */
  int is_echoed;          /* its payload goes back to the peer, who checks it */

  struct sequence sequence;
};

struct session *session_open(struct session_settings *settings, struct ledger_file *file);
void session_close(struct session *session);

/*
 * Makes the session measure by other terms than it was opened with: sizes, window, schedule, trust. Ids start anew. Not while
 * messages are under way; session_out moves.
 */
int32_t session_agree(struct session *session, const struct session_settings *terms);
/* The schedule that the session's settings ask for. */
int session_open_schedule(struct session *session);

int32_t session_listen(struct session *session);
/* Listens for the next client in place of `before`, which has accepted one. */
int32_t session_listen_after(struct session *session, struct session *before);
int32_t session_accept(struct session *session, int32_t slice_ms);
int32_t session_connect(struct session *session);
void session_unlink(struct session *session);
void session_effective(struct session *session, struct channel_effective *effective);
/* The calling thread, which will also close a blocking session, is the one that waits from now on. May be said again. */
void session_use_thread(struct session *session);
/* The schedule of a client that is only known now that it has come. Before the first message; 0 or -ENOMEM. */
int32_t session_use_schedule(struct session *session, double rate_microhertz, int32_t arrival, int32_t burst, double seed);
/* Where this side keeps its ledger from now on, and its peer (less than 0: elsewhere). 0, or -EINVAL if there is no such sheet. */
int32_t session_use_sheets(struct session *session, int32_t sheet, int32_t peer_sheet);

/*
 * The measured phase begins with the next message: notes the offset between the clocks. Where several clients begin at once
 * (ledger_await_start) `shift_ns` is how much later than the first this one does; else less than 0.
 */
void session_start(struct session *session, double shift_ns);

/* Numbers that TypeScript passes for every message are whole doubles (src/native/symbols.ts). Id -1 is UNRECORDED_ID. 0,
 * WINDOW_OVER or a negative errno. */
int32_t session_send(struct session *session, double id, double type);
/* A message with a payload of the caller's, at most NOTE_BYTES. */
int32_t session_send_note(struct session *session, int32_t type, const uint8_t *note, int32_t bytes);
/* Answers the message just received: its payload again, or none. */
int32_t session_reply(struct session *session, double with_payload);
/*
 * The innermost loops of a blocking session: a stretch of messages in one call, since on one CPU the way through TypeScript
 * between two of them would show in every latency (docs/methodology.md).
 *
 * Messages `id`, `id` + 1 … (or `count` times UNRECORDED_ID), requests each after the reply to the one before, with a pause of
 * `pause_ns` between two of them. 0, WINDOW_OVER, NO_REPLY plus the type of what came instead of a reply, or a negative errno.
 */
int32_t session_send_many(struct session *session, double id, double count, double type, double pause_ns);
/* Receives one-way messages and answers requests until something else comes: its type, or a negative errno. */
int32_t session_answer_many(struct session *session, double with_payload);
/*
 * After the last message: leaves the CPU to the peer until that has taken all of them in, a tenth of a second at most. What this side
 * does next would else lie in the latency of the last ones, where both share a CPU.
 */
void session_rest(struct session *session);
/* Goes on with a send that returned -EAGAIN. */
int32_t session_flush(struct session *session);

/* The type of the message received (enum frame_type), or a negative errno. */
int32_t session_receive(struct session *session);
/* Length of the payload of the message just received. */
double session_payload_bytes(const struct session *session);
/* Copies the payload of the message just received, at most `capacity` bytes; returns how many. */
int32_t session_read_note(struct session *session, uint8_t *to, int32_t capacity);

/* The pause after a message. Blocking: waits. Else -EAGAIN, and once a waiter has slept, session_end_pause spins the
 * last stretch. 0, WINDOW_OVER, -ECANCELED or what became of the peer. */
int32_t session_pause(struct session *session, double length_ns);
int32_t session_end_pause(struct session *session);

/* With a schedule: waits for the moment of message `id`, and meanwhile receives if `receiving`. One of the DUE figures, the
 * type of a message received, or a negative errno; -EAGAIN (not blocking): call again when a message came or a waiter has
 * paused. */
int32_t session_until_due(struct session *session, double id, double receiving);
/* Sends without waiting for room, also in a blocking session: -EAGAIN, then session_flush_now. */
int32_t session_send_now(struct session *session, double id, double type);
int32_t session_flush_now(struct session *session);
/* Receives what is there; a blocking session waits a moment for it. -EAGAIN if nothing came and the peer may live. */
int32_t session_receive_soon(struct session *session);

/* Fed sessions: build and stamp, hand the frame at session_out to the socket, then say so (`has_waited`: it went in
 * parts). The begin functions return the frame's length. */
int32_t session_begin_send(struct session *session, double id, double type);
int32_t session_begin_note(struct session *session, int32_t type, const uint8_t *note, int32_t bytes);
int32_t session_begin_reply(struct session *session, double with_payload);
const uint8_t *session_out(struct session *session);
/* The request just answered is accounted for now instead of with the next receive: before more bytes are fed, which may move it. */
void session_settle(struct session *session);
int32_t session_end_send(struct session *session, double has_waited);
int32_t session_feed(struct session *session, const uint8_t *bytes, int32_t count);

#endif
