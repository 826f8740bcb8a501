/* Sending: a frame is built, stamped and handed to the mechanism. */
#include "session/state.h"

#include <errno.h>

int32_t session_stamp(struct session *session, uint8_t *frame, uint64_t id, size_t payload_bytes, uint32_t type, int64_t now_ns) {
  struct outgoing *out = &session->outgoing;
  out->frame = frame;
  out->frame_bytes = payload_bytes + FRAME_OVERHEAD;
  out->id = id;
  out->type = type;
  out->room_awaited_ns = 0;
  out->stamp_ns = now_ns;
  frame_stamp(frame, now_ns);
  /* After the stamp, but needed by the time the reply is there. */
  if (session->pace.sent_at_ns != NULL && type == FRAME_REQUEST) session->pace.sent_at_ns[id % MAX_IN_FLIGHT] = now_ns;
  return (int32_t)out->frame_bytes;
}

int32_t session_begin_send(struct session *session, double id_number, double type_number) {
  uint64_t id = id_of(id_number);
  uint32_t type = (uint32_t)type_number;
  size_t payload_bytes = type <= FRAME_RESPONSE ? session->settings.payload_bytes : 0;
  frame_write(session->outgoing.buffer, id, payload_bytes, type);
  payload_mark(frame_payload(session->outgoing.buffer), payload_bytes, id);
  /* Elsewhere the side that sends also receives, and notes its CPU there. */
  if (type == FRAME_ONE_WAY) ledger_note_cpu(session->ledgers.own);
  int64_t now_ns = id == UNRECORDED_ID && session->pace.canary_ns != 0 ? session->pace.canary_ns : clock_now_ns();
  return session_stamp(session, session->outgoing.buffer, id, payload_bytes, type, now_ns);
}

const uint8_t *session_out(struct session *session) { return session->outgoing.buffer; }

/* A note overwrites the payload pattern, which must be whole again before the next measured message. */
static void restore_pattern(struct outgoing *out) {
  if (out->type != FRAME_PING && out->type != FRAME_PONG) return;
  payload_fill(frame_payload(out->buffer), NOTE_BYTES + FRAME_TYPE_BYTES);
}

void session_await_room(struct session *session) {
  struct outgoing *out = &session->outgoing;
  if (out->room_awaited_ns == 0) out->room_awaited_ns = clock_now_ns();
}

int32_t session_end_send(struct session *session) {
  struct ledger *ledger = session->ledgers.own;
  struct outgoing *out = &session->outgoing;
  /* A reply bears its request's stamp, which is the peer's word: nothing is reckoned with it. */
  int is_reply = out->type == FRAME_RESPONSE;
  restore_pattern(out);
  if (!is_recorded(out->id, out->type)) {
    ledger->warmup_count += out->type <= FRAME_RESPONSE;
    if (!is_reply) session->pace.start_ns = out->stamp_ns + SCHEDULE_LEAD_NS;
    return 0;
  }
  if (out->room_awaited_ns != 0) {
    ledger->room_wait_count++;
    ledger->room_wait_ns += (uint64_t)(clock_now_ns() - out->room_awaited_ns);
  }
  ledger->sent_count++;
  if (is_reply) return 0;
  ledger->slept_count += (uint64_t)session->pause.has_slept;
  session->pause.has_slept = 0;
  int is_first = ledger->first_send_ns == 0;
  if (is_first) ledger->first_send_ns = out->stamp_ns;
  ledger->last_send_ns = out->stamp_ns;
  if (is_scheduled(session)) return session_sent_on_schedule(session);
  int64_t duration_ns = session->settings.duration_ns;
  if (is_first) session->pause.window_end_ns = out->stamp_ns + duration_ns;
  return duration_ns > 0 && out->stamp_ns >= session->pause.window_end_ns ? WINDOW_OVER : 0;
}

static int32_t finish_send(struct session *session, int rc) {
  if (rc == -EAGAIN) session_await_room(session);
  return rc == 0 ? session_end_send(session) : rc;
}

static int32_t hand_over_now(struct session *session) {
  struct channel *channel = session->channel;
  return finish_send(session, channel->ops->try_send(channel, session->outgoing.frame, session->outgoing.frame_bytes));
}

/*
 * What is known of the room in a queue of messages, without asking the system: a peer counts each message after it has taken it
 * and before it takes the next. More under way than the queue holds: it is full. Two less (the canary is not counted): there is
 * room. To find out by a system call that fails makes one-way messages on one CPU slower by a tenth (p50), which is ours and not
 * the queue's. A peer started by hand keeps its count elsewhere: there the system is asked, and the result says so (room_by).
 */
enum room { ROOM_UNKNOWN, ROOM_SURE, ROOM_NONE };

static enum room look_for_room(struct session *session) {
  uint64_t depth = session->channel->queue_depth;
  if (depth == 0 || session->ledgers.peer == NULL || !is_recorded(session->outgoing.id, session->outgoing.type)) return ROOM_UNKNOWN;
  uint64_t sent_count = session->ledgers.own->sent_count;
  if (sent_count - session->outgoing.taken_count + 2 > depth) {
    session->outgoing.taken_count = atomic_load_explicit(&session->ledgers.peer->received_count, memory_order_relaxed);
  }
  uint64_t under_way = sent_count - session->outgoing.taken_count;
  return under_way > depth ? ROOM_NONE : under_way + 2 <= depth ? ROOM_SURE : ROOM_UNKNOWN;
}

static int32_t hand_over_at_first(struct session *session) {
  struct channel *channel = session->channel;
  enum room room = look_for_room(session);
  if (room == ROOM_NONE) return finish_send(session, -EAGAIN);
  if (room == ROOM_UNKNOWN || !channel->is_ticking) return hand_over_now(session);
  /* Without a time limit that nothing will wait for. */
  return finish_send(session, channel->ops->send(channel, session->outgoing.frame, session->outgoing.frame_bytes, WAIT_UNTIL_TICK));
}

int32_t session_flush(struct session *session) {
  int32_t rc = hand_over_at_first(session);
  if (rc != -EAGAIN || !session->settings.blocking) return rc;
  return finish_send(session, channel_send(session->channel, session->outgoing.frame, session->outgoing.frame_bytes));
}

int32_t session_send(struct session *session, double id, double type) {
  if (is_stopping(&session->ledgers.file->stop)) return -ECANCELED;
  session_begin_send(session, id, type);
  return session_flush(session);
}

int32_t session_send_now(struct session *session, double id, double type) {
  session_begin_send(session, id, type);
  return hand_over_at_first(session);
}

int32_t session_flush_now(struct session *session) { return hand_over_now(session); }
