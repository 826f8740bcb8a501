/*
 * A session is one side's measuring state on one connection: it builds and stamps what goes out, checks and records
 * what comes in. Here is what opens, connects and closes it; loop.h, notes.h and event_loop.h have what it does in between.
 * Nothing allocates after session_open.
 *
 * With `blocking` a call waits until it is done. Without, it returns -EAGAIN and the event loop calls again when a
 * waiter (waiter.h) or its own socket says so.
 */
#pragma once

#include "mechanism/channel.h"
#include "record/ledger.h"

#define NO_SHEET UINT32_MAX

/* Filled by TypeScript; layout checked at start. */
struct session_settings {
  struct channel_settings channel;
  uint64_t payload_bytes;
  uint64_t reply_payload_bytes; /* what a response must carry */
  int64_t duration_ns;          /* measured window: of stamps, or with a schedule of moments; 0: the caller counts */
  uint64_t rate_microhertz;     /* open-loop schedule; 0: closed loop */
  uint64_t seed;
  uint32_t arrival; /* enum arrival_kind */
  uint32_t burst;
  uint32_t blocking;
  uint32_t sheet;      /* own */
  uint32_t peer_sheet; /* NO_SHEET: the peer keeps its ledger elsewhere */
  uint32_t trusts_peer;   /* another tool: neither ids nor payloads are checked */
  uint32_t clocks_differ; /* stamps of the peer mean nothing here: no one-way latency */
  uint32_t sends_requests; /* with a schedule several are under way at once, and the stamp of each is kept */
  int32_t error;       /* out: why session_open returned NULL */
};

struct session;

struct session *session_open(struct session_settings *settings, struct ledger_file *file);
void session_close(struct session *session);

/*
 * Makes the session measure by other terms than it was opened with: sizes, window, schedule, trust. Ids start anew. Not while
 * messages are under way; session_out moves.
 */
int32_t session_agree(struct session *session, const struct session_settings *terms);

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
