/* The innermost loops of a blocking session, and the rest after them. */
#include "session/state.h"

/* `sent` is what the request came to. */
static int32_t await_reply(struct session *session, int32_t sent) {
  int32_t type = session_receive(session);
  if (type == FRAME_RESPONSE) return sent;
  return type < 0 ? type : NO_REPLY;
}

int32_t session_send_many(struct session *session, double id, double count, double type, double pause_ns) {
  struct channel *channel = session->channel;
  int is_request = type == FRAME_REQUEST;
  double step = id < 0 ? 0 : 1;
  int32_t rc = 0;
  for (double left = count; left > 0 && rc == 0; left--, id += step) {
    channel->more_follows = left > 1 && !is_request && pause_ns <= 0;
    rc = session_send(session, id, type);
    if (rc >= 0 && is_request) rc = await_reply(session, rc);
    if (rc == 0 && left > 1 && pause_ns > 0) rc = session_pause(session, pause_ns);
  }
  channel_sent_all(channel);
  /* At once: the way back through JavaScript takes its time. */
  if (!is_request && rc >= 0) session_rest(session);
  return rc;
}

int32_t session_answer_many(struct session *session, double with_payload) {
  for (;;) {
    int32_t type = session_receive(session);
    if (type == FRAME_ONE_WAY) continue;
    if (type != FRAME_REQUEST) return type;
    int32_t rc = session_reply(session, with_payload);
    if (rc < 0) return rc;
  }
}

/* Naps, as short as they get. */
#define REST_NS INT64_C(50000)

void session_rest(struct session *session) {
  const struct ledger *peer = session->ledgers.peer;
  int64_t until_ns = clock_now_ns() + WAIT_SLICE_NS;
  do {
    clock_sleep(REST_NS);
    /* Elsewhere nobody sees how far it is. */
    if (peer == NULL || atomic_load_explicit(&peer->received_count, memory_order_relaxed) >= session->ledgers.own->sent_count) return;
  } while (!is_stopping(&session->ledgers.file->stop) && clock_now_ns() < until_ns);
}
