/* The innermost loops of blocking sessions, over every mechanism, against a thread that answers. */
#include "exchange.h"

#include <math.h>

/* ---- a server that answers until something else comes ---- */

struct answering {
  struct exchange *exchange;
  int32_t ended_by;
  pthread_t thread;
};

static void *answer(void *argument) {
  struct answering *answering = argument;
  struct exchange *exchange = answering->exchange;
  session_use_thread(exchange->sides[SERVER]);
  answering->ended_by = session_answer_many(exchange->sides[SERVER], exchange->with_payload);
  return NULL;
}

/* So late that what is sent meanwhile fills everything. */
static void *answer_late(void *argument) {
  clock_sleep(50 * NS_PER_MS);
  return answer(argument);
}

static void start_answering(struct answering *answering, struct exchange *exchange) {
  answering->exchange = exchange;
  open_exchange(exchange);
  pthread_create(&answering->thread, NULL, answer, answering);
}

static int32_t end_answering(struct answering *answering) {
  pthread_join(answering->thread, NULL);
  return answering->ended_by;
}

static int32_t shut_down(struct answering *answering) {
  CHECK_EQUAL(session_send(answering->exchange->sides[CLIENT], -1, FRAME_SHUTDOWN), 0);
  return end_answering(answering);
}

/* ---- tests ---- */

static void a_stretch_arrives_whole(uint32_t mechanism, int32_t type, uint64_t payload_bytes, int32_t with_payload) {
  struct exchange exchange = {.settings = settings_of(mechanism, 1, payload_bytes), .with_payload = with_payload};
  if (!with_payload) exchange.settings.reply_payload_bytes = 0;
  struct answering server;
  start_answering(&server, &exchange);
  struct session *client = exchange.sides[CLIENT];
  session_use_thread(client);
  CHECK_EQUAL(session_send_many(client, -1, WARMUP, type, 0), 0);
  CHECK_EQUAL(session_send_many(client, 0, 2000, type, 0), 0);
  CHECK_EQUAL(session_send_many(client, 2000, 0, type, 0), 0);
  CHECK_EQUAL(session_send_many(client, 2000, 1, type, 0), 0);
  CHECK_EQUAL(shut_down(&server), FRAME_SHUTDOWN);
  const struct ledger *sender = &exchange.file->sheets[CLIENT], *receiver = &exchange.file->sheets[SERVER];
  CHECK_EQUAL(sender->sent_count, 2001);
  CHECK_EQUAL(receiver->received_count, 2001);
  CHECK_EQUAL((type == FRAME_REQUEST ? sender : receiver)->service.count, 2001);
  CHECK_EQUAL(receiver->warmup_count, type == FRAME_REQUEST ? 2 * WARMUP : WARMUP);
  check_nothing_wrong(sender, 0);
  check_nothing_wrong(receiver, 0);
  close_exchange(&exchange);
}

/* Also where the sender knows that there is none before it tries. */
static void waits_for_room_are_counted(uint32_t mechanism) {
  struct exchange exchange = {.settings = settings_of(mechanism, 1, 4000)};
  exchange.settings.channel.buffer_bytes = mechanism == MECHANISM_SHM_RING ? 8192 : 0;
  struct answering server = {.exchange = &exchange};
  open_exchange(&exchange);
  struct session *client = exchange.sides[CLIENT];
  session_use_thread(client);
  pthread_create(&server.thread, NULL, answer_late, &server);
  CHECK_EQUAL(session_send_many(client, 0, 3000, FRAME_ONE_WAY, 0), 0);
  CHECK_EQUAL(shut_down(&server), FRAME_SHUTDOWN);
  const struct ledger *sender = &exchange.file->sheets[CLIENT];
  CHECK(sender->room_wait_count > 0 && sender->room_wait_count < 3000);
  CHECK(sender->room_wait_ns > 10 * NS_PER_MS);
  CHECK_EQUAL(exchange.file->sheets[SERVER].received_count, 3000);
  close_exchange(&exchange);
}

static void pauses_lie_between_messages(uint32_t mechanism) {
  struct exchange exchange = {.settings = settings_of(mechanism, 1, 64)};
  struct answering server;
  start_answering(&server, &exchange);
  int64_t start_ns = clock_now_ns();
  /* None after the last, or only one. */
  CHECK_EQUAL(session_send_many(exchange.sides[CLIENT], 0, 1, FRAME_ONE_WAY, 5.0 * NS_PER_SECOND), 0);
  CHECK(clock_now_ns() - start_ns < 2 * NS_PER_SECOND);
  CHECK_EQUAL(session_send_many(exchange.sides[CLIENT], 1, 5, FRAME_ONE_WAY, 3e6), 0);
  CHECK_EQUAL(shut_down(&server), FRAME_SHUTDOWN);
  const struct ledger *client = &exchange.file->sheets[CLIENT];
  CHECK(client->last_send_ns - client->first_send_ns >= 12 * NS_PER_MS);
  close_exchange(&exchange);
}

static void the_window_ends_a_stretch_without_end(uint32_t mechanism, int32_t type, double pause_ns) {
  struct exchange exchange = {.settings = settings_of(mechanism, 1, 64), .with_payload = 1};
  exchange.settings.duration_ns = 20 * NS_PER_MS;
  struct answering server;
  start_answering(&server, &exchange);
  CHECK_EQUAL(session_send_many(exchange.sides[CLIENT], 0, INFINITY, type, pause_ns), WINDOW_OVER);
  CHECK_EQUAL(shut_down(&server), FRAME_SHUTDOWN);
  const struct ledger *client = &exchange.file->sheets[CLIENT], *sent_to = &exchange.file->sheets[SERVER];
  CHECK(client->sent_count > 0);
  CHECK_EQUAL(sent_to->received_count, client->sent_count);
  if (type == FRAME_REQUEST) CHECK_EQUAL(client->received_count, client->sent_count);
  check_nothing_wrong(sent_to, 0);
  close_exchange(&exchange);
}

/* Until all are taken, or, where nobody takes them, for a tenth of a second. */
static void a_rest_ends_when_all_is_taken(uint32_t mechanism) {
  struct exchange exchange = {.settings = settings_of(mechanism, 1, 64)};
  struct answering server = {.exchange = &exchange};
  open_exchange(&exchange);
  CHECK_EQUAL(session_send(exchange.sides[CLIENT], 0, FRAME_ONE_WAY), 0);
  int64_t start_ns = clock_now_ns();
  session_rest(exchange.sides[CLIENT]);
  CHECK(clock_now_ns() - start_ns >= 100 * NS_PER_MS && clock_now_ns() - start_ns < 2 * NS_PER_SECOND);
  pthread_create(&server.thread, NULL, answer_late, &server);
  session_rest(exchange.sides[CLIENT]);
  CHECK_EQUAL(exchange.file->sheets[SERVER].received_count, 1);
  CHECK_EQUAL(shut_down(&server), FRAME_SHUTDOWN);
  close_exchange(&exchange);
}

static void *answer_with_a_pong(void *argument) {
  struct session *server = ((struct exchange *)argument)->sides[SERVER];
  CHECK_EQUAL(session_receive(server), FRAME_REQUEST);
  CHECK_EQUAL(session_send_note(server, FRAME_PONG, (const uint8_t *)"?", 1), 0);
  return NULL;
}

static void another_frame_than_a_reply_is_told(uint32_t mechanism) {
  struct exchange exchange = {.settings = settings_of(mechanism, 1, 64)};
  pthread_t server;
  open_exchange(&exchange);
  pthread_create(&server, NULL, answer_with_a_pong, &exchange);
  CHECK_EQUAL(session_send_many(exchange.sides[CLIENT], 0, 10, FRAME_REQUEST, 0), NO_REPLY);
  CHECK_EQUAL(session_received_type(exchange.sides[CLIENT]), FRAME_PONG);
  pthread_join(server, NULL);
  CHECK_EQUAL(exchange.file->sheets[CLIENT].sent_count, 1);
  close_exchange(&exchange);
}

static void a_note_ends_answering(uint32_t mechanism) {
  struct exchange exchange = {.settings = settings_of(mechanism, 1, 64), .with_payload = 1};
  struct answering server;
  start_answering(&server, &exchange);
  CHECK_EQUAL(session_send_many(exchange.sides[CLIENT], 0, 3, FRAME_REQUEST, 0), 0);
  CHECK_EQUAL(session_send_note(exchange.sides[CLIENT], FRAME_PING, (const uint8_t *)"!", 1), 0);
  CHECK_EQUAL(end_answering(&server), FRAME_PING);
  CHECK_EQUAL(session_payload_bytes(exchange.sides[SERVER]), 1);
  close_exchange(&exchange);
}

/* The server sends back what it got, and its client counts it, once. */
static void a_request_changed_on_its_way_is_counted_once(uint32_t mechanism) {
  struct exchange exchange = {.settings = settings_of(mechanism, 1, 64), .with_payload = 1};
  struct answering server;
  start_answering(&server, &exchange);
  struct session *client = exchange.sides[CLIENT];
  uint8_t *byte = frame_payload(client->outgoing.buffer) + 20;
  for (int id = 0; id < 4; id++) {
    session_begin_send(client, id, FRAME_REQUEST);
    *byte ^= (uint8_t)(id & 1);
    CHECK_EQUAL(session_flush(client), 0);
    *byte ^= (uint8_t)(id & 1);
    CHECK_EQUAL(session_receive(client), FRAME_RESPONSE);
  }
  CHECK_EQUAL(shut_down(&server), FRAME_SHUTDOWN);
  CHECK_EQUAL(exchange.file->sheets[CLIENT].service.count, 2);
  check_nothing_wrong(&exchange.file->sheets[CLIENT], 2);
  check_nothing_wrong(&exchange.file->sheets[SERVER], 0);
  close_exchange(&exchange);
}

static void the_stop_flag_ends_both(uint32_t mechanism) {
  struct exchange exchange = {.settings = settings_of(mechanism, 1, 64)};
  struct answering server;
  start_answering(&server, &exchange);
  atomic_store(&exchange.file->stop, 1);
  CHECK_EQUAL(session_send_many(exchange.sides[CLIENT], 0, INFINITY, FRAME_ONE_WAY, 0), -ECANCELED);
  CHECK_EQUAL(end_answering(&server), -ECANCELED);
  close_exchange(&exchange);
}

int main(void) {
  for (size_t i = 0; i < sizeof mechanisms / sizeof mechanisms[0]; i++) {
    uint32_t mechanism = mechanisms[i];
    a_stretch_arrives_whole(mechanism, FRAME_ONE_WAY, 1, 1);
    a_stretch_arrives_whole(mechanism, FRAME_ONE_WAY, 5000, 1);
    a_stretch_arrives_whole(mechanism, FRAME_REQUEST, 64, 1);
    a_stretch_arrives_whole(mechanism, FRAME_REQUEST, 1000, 0);
    waits_for_room_are_counted(mechanism);
    pauses_lie_between_messages(mechanism);
    the_window_ends_a_stretch_without_end(mechanism, FRAME_ONE_WAY, 0);
    the_window_ends_a_stretch_without_end(mechanism, FRAME_REQUEST, 0);
    the_window_ends_a_stretch_without_end(mechanism, FRAME_REQUEST, 1e6);
    a_rest_ends_when_all_is_taken(mechanism);
    another_frame_than_a_reply_is_told(mechanism);
    a_note_ends_answering(mechanism);
    a_request_changed_on_its_way_is_counted_once(mechanism);
    the_stop_flag_ends_both(mechanism);
  }
  return check_report();
}
