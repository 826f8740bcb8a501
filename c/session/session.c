#include "session/session.h"

#include <errno.h>

#include "mechanism/fed.h"

/* ---- sending ---- */

static int is_scheduled(const struct session *session) { return session->schedule.gap_ns > 0; }

static int is_recorded(uint64_t id, uint32_t type) { return id != UNRECORDED_ID && type <= FRAME_RESPONSE; }

/* The frame is finished but for its stamp, the last thing before it is handed over. */
static int32_t stamp(struct session *session, uint8_t *frame, uint64_t id, size_t payload_bytes, uint32_t type, int64_t now_ns) {
  session->sending = frame;
  session->sending_bytes = payload_bytes + FRAME_OVERHEAD;
  session->sending_id = id;
  session->sending_type = type;
  session->has_waited = 0;
  session->stamp_ns = session->waiting_since_ns = now_ns;
  frame_stamp(frame, now_ns);
  /* After the stamp, but needed by the time the reply is there. */
  if (session->sent_at_ns != NULL && type == FRAME_REQUEST) session->sent_at_ns[id % MAX_IN_FLIGHT] = now_ns;
  return (int32_t)session->sending_bytes;
}

static uint64_t id_of(double id) { return id < 0 ? UNRECORDED_ID : (uint64_t)id; }

int32_t session_begin_send(struct session *session, double id_number, double type_number) {
  uint64_t id = id_of(id_number);
  uint32_t type = (uint32_t)type_number;
  size_t payload_bytes = type <= FRAME_RESPONSE ? session->settings.payload_bytes : 0;
  frame_write(session->out, id, payload_bytes, type);
  payload_mark(session->out + FRAME_LENGTH_BYTES + FRAME_HEADER_BYTES, payload_bytes, id);
  /* Elsewhere the side that sends also receives, and notes its CPU there. */
  if (type == FRAME_ONE_WAY) ledger_note_cpu(session->ledger);
  int64_t now_ns = id == UNRECORDED_ID && session->canary_ns != 0 ? session->canary_ns : clock_now_ns();
  return stamp(session, session->out, id, payload_bytes, type, now_ns);
}

int32_t session_begin_note(struct session *session, int32_t type, const uint8_t *note, int32_t bytes) {
  if (bytes < 0 || bytes > NOTE_BYTES) return -EMSGSIZE;
  frame_write(session->out, UNRECORDED_ID, (size_t)bytes, (uint32_t)type);
  memcpy(session->out + FRAME_LENGTH_BYTES + FRAME_HEADER_BYTES, note, (size_t)bytes);
  return stamp(session, session->out, UNRECORDED_ID, (size_t)bytes, (uint32_t)type, clock_now_ns());
}

int32_t session_begin_reply(struct session *session, double with_payload) {
  const struct message *request = &session->message;
  session->is_echoed = with_payload != 0;
  size_t payload_bytes = with_payload ? request->payload_bytes : 0;
  /* An echo is sent from where the request lies, so nothing is copied. The event loop's sockets send from one fixed place
   * only, and an empty reply must leave the payload alone, which is still to be checked. */
  uint8_t *frame = request->payload - FRAME_HEADER_BYTES - FRAME_LENGTH_BYTES;
  if (!with_payload || session->channel->ops == &fed_ops) {
    if (payload_bytes > session->settings.channel.frame_bytes - FRAME_OVERHEAD) return -EMSGSIZE;
    memcpy(session->out + FRAME_LENGTH_BYTES + FRAME_HEADER_BYTES, request->payload, payload_bytes);
    frame = session->out;
  }
  frame_write(frame, request->id, payload_bytes, FRAME_RESPONSE);
  /* Bears the stamp of its request: a reading of the clock would be part of the round trip. */
  int32_t frame_bytes = stamp(session, frame, request->id, payload_bytes, FRAME_RESPONSE, request->sent_ns);
  if (session->channel->ops == &fed_ops) session->waiting_since_ns = clock_now_ns();
  return frame_bytes;
}

const uint8_t *session_out(struct session *session) { return session->out; }

/* A note overwrites the payload pattern, which must be whole again before the next measured message. */
static void restore_pattern(struct session *session) {
  if (session->sending_type != FRAME_PING && session->sending_type != FRAME_PONG) return;
  payload_fill(session->out + FRAME_LENGTH_BYTES + FRAME_HEADER_BYTES, NOTE_BYTES + FRAME_TYPE_BYTES);
}

int32_t session_end_send(struct session *session, double has_waited) {
  struct ledger *ledger = session->ledger;
  /* A reply bears its request's stamp, which is the peer's word: nothing is reckoned with it. */
  int is_reply = session->sending_type == FRAME_RESPONSE;
  restore_pattern(session);
  if (!is_recorded(session->sending_id, session->sending_type)) {
    ledger->warmup_count += session->sending_type <= FRAME_RESPONSE;
    if (!is_reply) session->schedule_start_ns = session->stamp_ns + SCHEDULE_LEAD_NS;
    return 0;
  }
  if (has_waited) {
    ledger->room_wait_count++;
    ledger->room_wait_ns += (uint64_t)(clock_now_ns() - session->waiting_since_ns);
  }
  ledger->sent_count++;
  if (is_reply) return 0;
  ledger->last_send_ns = session->stamp_ns;
  if (is_scheduled(session)) {
    session->in_flight++;
    distribution_record(&ledger->lateness, (uint64_t)(session->stamp_ns - session->due_ns));
    ledger->scheduled_span_ns = session->due_ns - session->schedule_start_ns;
  }
  if (ledger->first_send_ns == 0) {
    ledger->first_send_ns = session->stamp_ns;
    session->window_end_ns = session->stamp_ns + session->settings.duration_ns;
  }
  return session->settings.duration_ns > 0 && session->stamp_ns >= session->window_end_ns ? WINDOW_OVER : 0;
}

static void settle(struct session *session);

static int32_t finish_send(struct session *session, int rc) {
  if (rc == 0) return session_end_send(session, session->has_waited);
  if (rc == -EAGAIN && !session->has_waited) session->waiting_since_ns = clock_now_ns();
  if (rc == -EAGAIN) session->has_waited = 1;
  return rc;
}

static int32_t hand_over_now(struct session *session) {
  struct channel *channel = session->channel;
  return finish_send(session, channel->ops->try_send(channel, session->sending, session->sending_bytes));
}

/*
 * What is known of the room in a queue of messages, without asking the system: a peer counts each message after it has taken it
 * and before it takes the next. More under way than the queue holds: it is full. To find that out by a system call that fails
 * would cost a fifth of the throughput. Two less (the canary is not counted): there is room.
 */
enum room { ROOM_UNKNOWN, ROOM_SURE, ROOM_NONE };

static enum room look_for_room(struct session *session) {
  uint64_t depth = session->channel->queue_depth;
  if (depth == 0 || session->peer_ledger == NULL || !is_recorded(session->sending_id, session->sending_type)) return ROOM_UNKNOWN;
  uint64_t sent_count = session->ledger->sent_count;
  if (sent_count - session->taken_count + 2 > depth) {
    session->taken_count = atomic_load_explicit(&session->peer_ledger->received_count, memory_order_relaxed);
  }
  uint64_t under_way = sent_count - session->taken_count;
  return under_way > depth ? ROOM_NONE : under_way + 2 <= depth ? ROOM_SURE : ROOM_UNKNOWN;
}

static int32_t hand_over_at_first(struct session *session) {
  struct channel *channel = session->channel;
  enum room room = look_for_room(session);
  if (room == ROOM_NONE) return finish_send(session, -EAGAIN);
  if (room == ROOM_UNKNOWN || !channel->is_ticking) return hand_over_now(session);
  /* Without a time limit that nothing will wait for. */
  return finish_send(session, channel->ops->send(channel, session->sending, session->sending_bytes, WAIT_UNTIL_TICK));
}

static int32_t hand_over(struct session *session) {
  int32_t rc = hand_over_at_first(session);
  if (rc != -EAGAIN || !session->settings.blocking) return rc;
  return finish_send(session, channel_send(session->channel, session->sending, session->sending_bytes));
}

int32_t session_send(struct session *session, double id, double type) {
  if (is_stopping(&session->file->stop)) return -ECANCELED;
  session_begin_send(session, id, type);
  return hand_over(session);
}

int32_t session_send_note(struct session *session, int32_t type, const uint8_t *note, int32_t bytes) {
  int32_t frame_bytes = session_begin_note(session, type, note, bytes);
  return frame_bytes < 0 ? frame_bytes : hand_over(session);
}

int32_t session_reply(struct session *session, double with_payload) {
  int32_t frame_bytes = session_begin_reply(session, with_payload);
  if (frame_bytes < 0) return frame_bytes;
  int32_t rc = hand_over(session);
  settle(session);
  return rc;
}

int32_t session_send_now(struct session *session, double id, double type) {
  session_begin_send(session, id, type);
  return hand_over_now(session);
}

int32_t session_flush(struct session *session) { return hand_over(session); }
int32_t session_flush_now(struct session *session) { return hand_over_now(session); }

/* ---- receiving ---- */

/* A payload that goes back as it came is checked, once for both ways, by the peer that gets it back. */
static int payload_is_right(const struct session *session, const struct message *message) {
  if (session->settings.trusts_peer) return 1;
  uint64_t expected = message->type == FRAME_RESPONSE ? session->settings.reply_payload_bytes : session->settings.payload_bytes;
  if (message->payload_bytes != expected) return 0;
  if (message->type == FRAME_REQUEST && session->is_echoed) return 1;
  return payload_matches(message->payload, message->payload_bytes, message->id);
}

/* When the message that this one completes was sent, as its sender says; 0 if it completes none, as requests do. */
static int64_t sent_ns(const struct session *session, const struct message *message) {
  if (message->type == FRAME_ONE_WAY) return session->settings.clocks_differ ? 0 : message->sent_ns;
  if (message->type != FRAME_RESPONSE) return 0;
  if (session->sent_at_ns != NULL) return session->sent_at_ns[message->id % MAX_IN_FLIGHT];
  return message->id == session->sending_id ? session->stamp_ns : 0;
}

static void record_latency(struct session *session, const struct message *message, int64_t received_ns) {
  struct ledger *ledger = session->ledger;
  int64_t from_ns = sent_ns(session, message);
  if (from_ns < session->earliest_ns || received_ns < from_ns) return;
  distribution_record(&ledger->service, (uint64_t)(received_ns - from_ns));
  int64_t due_ns = 0;
  if (is_scheduled(session)) {
    due_ns = session->schedule_start_ns + schedule_due_ns(&session->arriving, message->id);
    distribution_record(&ledger->response, (uint64_t)(received_ns > due_ns ? received_ns - due_ns : 0));
  }
  if (session->file->ring_capacity > 0) {
    const struct record record = {message->id, from_ns, received_ns - from_ns, due_ns};
    ledger_push_record(session->file, session->settings.sheet, record);
  }
}

static void record(struct session *session, const struct message *message, int64_t received_ns) {
  struct ledger *ledger = session->ledger;
  uint64_t received_count = atomic_load_explicit(&ledger->received_count, memory_order_relaxed);
  atomic_store_explicit(&ledger->received_count, received_count + 1, memory_order_relaxed);
  if (received_ns != 0) ledger->last_receive_ns = received_ns;
  if (session->in_flight > 0) session->in_flight--;
  /* Of a round trip its client says that. */
  if (message->type != FRAME_REQUEST && session->peer_ledger != NULL) ledger->same_cpu_count += ledger_shares_cpu(ledger, session->peer_ledger);
  /* Other tools number each kind of message anew. */
  switch (session->settings.trusts_peer ? ID_IN_ORDER : sequence_see(&session->sequence, message->id)) {
    case ID_IN_ORDER: case ID_AFTER_GAP: break;
    case ID_REORDERED: ledger->reordered_count++; break;
    case ID_DUPLICATED: ledger->duplicated_count++; return;
    case ID_IMPOSSIBLE: ledger->corrupt_count++; return;
  }
  if (payload_is_right(session, message)) {
    record_latency(session, message, received_ns);
  } else {
    ledger->corrupt_count++;
  }
}

/* Checks and counts the message that has arrived. */
static void account(struct session *session, int64_t received_ns) {
  const struct message *message = &session->message;
  ledger_note_cpu(session->ledger);
  if (is_recorded(message->id, message->type)) {
    record(session, message, received_ns);
  } else if (message->type <= FRAME_RESPONSE) {
    session->ledger->warmup_count++;
    /* What a one-way receiver knows of the schedule; the sender of requests has its own stamp. */
    int64_t sent_ns = message->type == FRAME_ONE_WAY ? message->sent_ns : 0;
    if (sent_ns > 0 && sent_ns <= received_ns) session->schedule_start_ns = sent_ns + SCHEDULE_LEAD_NS;
  }
}

/* A request is answered first and accounted for afterwards, so that checking it is no part of the round trip. */
static void settle(struct session *session) {
  if (!session->is_unsettled) return;
  session->is_unsettled = 0;
  /* When a request came matters only where the client's ledger, which says when its reply did, is not at hand. */
  int tells_time = session->received_ns == 0 && session->peer_ledger == NULL;
  account(session, tells_time ? clock_now_ns() : session->received_ns);
}

void session_settle(struct session *session) { settle(session); }

/* Takes in one message that has arrived; its type. */
static int32_t take(struct session *session, const struct arrival *arrival) {
  int rc = frame_parse(arrival->body, arrival->body_bytes, &session->message);
  if (rc != 0) return rc;
  int is_request = session->message.type == FRAME_REQUEST;
  session->channel->expects_requests = is_request;
  /* The first of another type that follows a request comes without a stamp: one of a Ping or a shutdown matters to nobody. */
  session->received_ns = arrival->received_ns != 0 || is_request ? arrival->received_ns : clock_now_ns();
  /* Another tool does not say beforehand what it sends: its first message tells, and where it is to be counted. */
  session->is_unsettled = is_request || (session->message.type == FRAME_ONE_WAY && session->settings.trusts_peer);
  if (!session->is_unsettled) account(session, session->received_ns);
  return (int32_t)session->message.type;
}

static int32_t receive_now(struct session *session) {
  settle(session);
  struct arrival arrival;
  int rc = session->channel->ops->try_receive(session->channel, &arrival);
  return rc == 0 ? take(session, &arrival) : rc;
}

int32_t session_receive(struct session *session) {
  if (is_stopping(&session->file->stop)) return -ECANCELED;
  if (!session->settings.blocking) return receive_now(session);
  settle(session);
  struct arrival arrival;
  int rc = channel_receive(session->channel, &arrival);
  return rc == 0 ? take(session, &arrival) : rc;
}

int32_t session_read_note(struct session *session, uint8_t *to, int32_t capacity) {
  uint64_t bytes = session->message.payload_bytes;
  if (bytes > (uint64_t)capacity) return -EMSGSIZE;
  memcpy(to, session->message.payload, bytes);
  return (int32_t)bytes;
}

int32_t session_feed(struct session *session, const uint8_t *bytes, int32_t count) { return fed_feed(session->channel, bytes, (size_t)count); }

/* ---- pausing ---- */

static int has_window(const struct session *session) { return session->settings.duration_ns > 0 && session->window_end_ns > 0; }

static int watch_peer(struct session *session, int64_t now_ns) {
  return channel_watch_peer(session->channel, &session->peer_looked_ns, now_ns);
}

/* All but the last stretch, which clock_pause_until knows how to spin. */
static int pause_watching(struct session *session) {
  for (;;) {
    int64_t now_ns = clock_now_ns();
    int64_t left_ns = session->pause_until_ns - now_ns;
    if (left_ns <= PEER_LOOK_ROOM_NS) return 0;
    if (is_stopping(&session->file->stop)) return -ECANCELED;
    int rc = watch_peer(session, now_ns);
    if (rc != 0) return rc;
    int64_t nap_ns = left_ns - CLOCK_SPIN_TAIL_NS;
    clock_sleep(nap_ns < WAIT_SLICE_NS ? nap_ns : WAIT_SLICE_NS);
  }
}

int32_t session_end_pause(struct session *session) {
  int rc = pause_watching(session);
  if (rc == 0) rc = clock_pause_until(session->pause_until_ns, &session->file->stop);
  if (rc != 0) return rc;
  return has_window(session) && session->pause_until_ns >= session->window_end_ns ? WINDOW_OVER : 0;
}

int32_t session_pause(struct session *session, double length_ns) {
  int64_t until_ns = clock_now_ns() + (int64_t)length_ns;
  if (has_window(session) && until_ns > session->window_end_ns) until_ns = session->window_end_ns;
  session->pause_until_ns = until_ns;
  return session->settings.blocking ? session_end_pause(session) : -EAGAIN;
}

/* ---- the schedule ---- */

/* While a scheduled sender has no room: long enough not to burn its CPU, short enough not to be late. */
#define RECEIVE_SOON_NS INT64_C(100000)

/* Waits a stretch of the way to `until_ns`: asleep as long as that is far off, then spinning. */
static void wait_towards(struct session *session, int64_t left_ns, int receiving) {
  struct channel *channel = session->channel;
  if (left_ns <= CLOCK_SPIN_TAIL_NS || channel->wait_kind == WAIT_SPIN) {
    cpu_relax();
    return;
  }
  int64_t nap_ns = left_ns - CLOCK_SPIN_TAIL_NS < WAIT_SLICE_NS ? left_ns - CLOCK_SPIN_TAIL_NS : WAIT_SLICE_NS;
  if (receiving) {
    channel->ops->wait(channel, READABLE, nap_ns);
  } else {
    clock_sleep(nap_ns);
  }
}

/* What the peer sent before it went. */
static int32_t receive_after(struct session *session, int32_t error) {
  int32_t rc = receive_now(session);
  return rc == -EAGAIN ? error : rc;
}

int32_t session_until_due(struct session *session, double id_number, double is_receiving) {
  uint64_t id = id_of(id_number);
  int receiving = is_receiving != 0;
  session->due_ns = session->schedule_start_ns + schedule_due_ns(&session->schedule, id);
  if (has_window(session) && session->due_ns >= session->window_end_ns) return DUE_AFTER_WINDOW;
  for (;;) {
    if (is_stopping(&session->file->stop)) return -ECANCELED;
    if (receiving) {
      int32_t rc = receive_now(session);
      if (rc != -EAGAIN) return rc;
    }
    int64_t now_ns = clock_now_ns();
    int64_t left_ns = session->due_ns - now_ns;
    int is_full = receiving && session->in_flight >= MAX_IN_FLIGHT;
    if (left_ns <= 0 && !is_full) return DUE;
    if (is_full || left_ns >= PEER_LOOK_ROOM_NS) {
      int rc = session->settings.blocking || is_full ? watch_peer(session, now_ns) : 0;
      if (rc != 0) return receiving ? receive_after(session, rc) : rc;
    }
    if (is_full) left_ns = RECEIVE_SOON_NS;
    if (!session->settings.blocking && left_ns > CLOCK_SPIN_TAIL_NS + PAUSE_LEAD_NS) {
      session->pause_until_ns = session->due_ns;
      return -EAGAIN;
    }
    if (!session->settings.blocking && receiving) return DUE_SOON;
    wait_towards(session, left_ns, receiving);
  }
}

int32_t session_receive_soon(struct session *session) {
  if (is_stopping(&session->file->stop)) return -ECANCELED;
  int32_t rc = receive_now(session);
  if (rc != -EAGAIN || !session->settings.blocking) return rc;
  /* It is asked for again and again while there is no room, which the dead do not make. */
  int gone = watch_peer(session, clock_now_ns());
  if (gone == 0) session->channel->ops->wait(session->channel, READABLE, RECEIVE_SOON_NS);
  return receive_after(session, gone == 0 ? -EAGAIN : gone);
}
