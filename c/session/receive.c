/* Receiving: what came is parsed, checked and recorded. */
#include "session/state.h"

#include <errno.h>

/* A payload that goes back as it came is checked, once for both ways, by the peer that gets it back. */
static int payload_is_right(const struct session *session, const struct message *message) {
  if (session->settings.trusts_peer) return 1;
  uint64_t expected = message->type == FRAME_RESPONSE ? session->settings.reply_payload_bytes : session->settings.payload_bytes;
  if (message->payload_bytes != expected) return 0;
  if (message->type == FRAME_REQUEST && session->arrived.is_echoed) return 1;
  return payload_matches(message->payload, message->payload_bytes, message->id);
}

/* When the message that this one completes was sent, as its sender says; 0 if it completes none, as requests do. */
static int64_t sent_ns(const struct session *session, const struct message *message) {
  if (message->type == FRAME_ONE_WAY) return session->settings.clocks_differ ? 0 : message->sent_ns;
  if (message->type != FRAME_RESPONSE) return 0;
  if (session->pace.sent_at_ns != NULL) return session->pace.sent_at_ns[message->id % MAX_IN_FLIGHT];
  return message->id == session->outgoing.id ? session->outgoing.stamp_ns : 0;
}

static void record_latency(struct session *session, const struct message *message, int64_t received_ns) {
  struct ledger *ledger = session->ledgers.own;
  int64_t from_ns = sent_ns(session, message);
  if (from_ns < session->arrived.earliest_ns || received_ns < from_ns) return;
  distribution_record(&ledger->service, (uint64_t)(received_ns - from_ns));
  int64_t due_ns = 0;
  if (is_scheduled(session)) {
    due_ns = session->pace.start_ns + schedule_due_ns(&session->pace.arriving, message->id);
    distribution_record(&ledger->response, (uint64_t)(received_ns > due_ns ? received_ns - due_ns : 0));
  }
  if (session->ledgers.file->ring_capacity > 0) {
    const struct record record = {message->id, from_ns, received_ns - from_ns, due_ns};
    ledger_push_record(session->ledgers.file, session->settings.sheet, record);
  }
}

static void record(struct session *session, const struct message *message, int64_t received_ns) {
  struct ledger *ledger = session->ledgers.own;
  uint64_t received_count = atomic_load_explicit(&ledger->received_count, memory_order_relaxed);
  atomic_store_explicit(&ledger->received_count, received_count + 1, memory_order_relaxed);
  if (received_ns != 0) ledger->last_receive_ns = received_ns;
  if (session->pace.in_flight > 0) session->pace.in_flight--;
  /* Of a round trip its client says that. */
  if (message->type != FRAME_REQUEST && session->ledgers.peer != NULL) ledger->same_cpu_count += ledger_shares_cpu(ledger, session->ledgers.peer);
  /* Other tools number each kind of message anew. */
  switch (session->settings.trusts_peer ? ID_IN_ORDER : sequence_see(&session->arrived.sequence, message->id)) {
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
  const struct message *message = &session->arrived.message;
  ledger_note_cpu(session->ledgers.own);
  if (is_recorded(message->id, message->type)) {
    record(session, message, received_ns);
  } else if (message->type <= FRAME_RESPONSE) {
    session->ledgers.own->warmup_count++;
    /* What a one-way receiver knows of the schedule; the sender of requests has its own stamp. */
    int64_t sent_ns = message->type == FRAME_ONE_WAY ? message->sent_ns : 0;
    if (sent_ns > 0 && sent_ns <= received_ns) session->pace.start_ns = sent_ns + SCHEDULE_LEAD_NS;
  }
}

/* A request is answered first and accounted for afterwards, so that checking it is no part of the round trip. */
void session_settle(struct session *session) {
  if (!session->arrived.is_unsettled) return;
  session->arrived.is_unsettled = 0;
  /* When a request came matters only where the client's ledger, which says when its reply did, is not at hand. */
  int tells_time = session->arrived.received_ns == 0 && session->ledgers.peer == NULL;
  account(session, tells_time ? clock_now_ns() : session->arrived.received_ns);
}

/*
 * Takes in one message that the mechanism has handed over; its type. This is the one place of the receive stamp: each message has
 * a reading of the clock of its own, however many came with it. A request has none: it would be part of the round trip.
 */
static int32_t take(struct session *session, const struct arrival *arrival) {
  int rc = frame_parse(arrival->body, arrival->body_bytes, &session->arrived.message);
  if (rc != 0) return rc;
  int is_request = session->arrived.message.type == FRAME_REQUEST;
  session->arrived.received_ns = is_request ? 0 : clock_now_ns();
  /* Another tool does not say beforehand what it sends: its first message tells, and where it is to be counted. */
  session->arrived.is_unsettled = is_request || (session->arrived.message.type == FRAME_ONE_WAY && session->settings.trusts_peer);
  if (!session->arrived.is_unsettled) account(session, session->arrived.received_ns);
  return (int32_t)session->arrived.message.type;
}

int32_t session_receive_now(struct session *session) {
  session_settle(session);
  struct arrival arrival;
  int rc = session->channel->ops->try_receive(session->channel, &arrival);
  return rc == 0 ? take(session, &arrival) : rc;
}

int32_t session_receive_by(struct session *session, int64_t until_ns) {
  session_settle(session);
  struct arrival arrival;
  int rc = channel_receive_by(session->channel, &arrival, until_ns);
  return rc == 0 ? take(session, &arrival) : rc;
}

int32_t session_receive(struct session *session) {
  if (is_stopping(&session->ledgers.file->stop)) return -ECANCELED;
  if (!session->settings.blocking) return session_receive_now(session);
  session_settle(session);
  struct arrival arrival;
  int rc = channel_receive(session->channel, &arrival);
  return rc == 0 ? take(session, &arrival) : rc;
}

int32_t session_received_type(const struct session *session) { return (int32_t)session->arrived.message.type; }

int32_t session_feed(struct session *session, const uint8_t *bytes, int32_t count) { return fed_feed(session->channel, bytes, (size_t)count); }
