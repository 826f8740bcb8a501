/* Sessions: whole exchanges between two threads over every mechanism, and what the ledgers say of them. */
#include "exchange.h"
#include "random.h"

/* ---- calls that never ask to be called again ---- */

static void nap(void) {
  struct timespec moment = {.tv_nsec = 20000};
  nanosleep(&moment, NULL);
}

static int32_t flushed(struct session *session, int32_t rc) {
  for (; rc == -EAGAIN; rc = session_flush(session)) nap();
  return rc;
}

static int32_t send_id(struct session *session, double id, int32_t type) { return flushed(session, session_send(session, id, type)); }

static int32_t receive(struct session *session) {
  int32_t rc;
  while ((rc = session_receive(session)) == -EAGAIN) nap();
  return rc;
}

static int32_t send_note(struct session *session, int32_t type, const char *note, size_t bytes) {
  return flushed(session, session_send_note(session, type, (const uint8_t *)note, (int32_t)bytes));
}

/* ---- the loops of client and server ---- */

static void *serve(void *argument) {
  struct exchange *exchange = argument;
  struct session *session = exchange->sides[SERVER];
  int32_t type;
  while ((type = receive(session)) >= 0 && type != FRAME_SHUTDOWN) {
    if (type == FRAME_REQUEST && flushed(session, session_reply(session, exchange->with_payload)) < 0) break;
  }
  CHECK_EQUAL(type, FRAME_SHUTDOWN);
  return NULL;
}

static void ask(struct exchange *exchange, double id) {
  struct session *session = exchange->sides[CLIENT];
  int32_t rc = send_id(session, id, exchange->type);
  if (rc != 0) CHECK_EQUAL(rc, 0);
  if (exchange->type == FRAME_REQUEST) CHECK_EQUAL(receive(session), FRAME_RESPONSE);
}

static void run_exchange(struct exchange *exchange) {
  pthread_t server;
  open_exchange(exchange);
  pthread_create(&server, NULL, serve, exchange);
  for (int i = 0; i < WARMUP; i++) ask(exchange, -1);
  session_start(exchange->sides[CLIENT], -1);
  for (uint64_t id = 0; id < exchange->count; id++) ask(exchange, (double)id);
  CHECK_EQUAL(send_id(exchange->sides[CLIENT], -1, FRAME_SHUTDOWN), 0);
  pthread_join(server, NULL);
}

static void one_way_is_counted_on_both_sides(uint32_t mechanism, uint32_t blocking, uint64_t payload_bytes) {
  struct exchange exchange = {.settings = settings_of(mechanism, blocking, payload_bytes), .count = 300, .type = FRAME_ONE_WAY};
  run_exchange(&exchange);
  const struct ledger *client = &exchange.file->sheets[CLIENT], *server = &exchange.file->sheets[SERVER];
  CHECK_EQUAL(client->sent_count, 300);
  CHECK_EQUAL(server->received_count, 300);
  CHECK_EQUAL(server->service.count, 300);
  CHECK_EQUAL(client->warmup_count, WARMUP);
  CHECK_EQUAL(server->warmup_count, WARMUP);
  CHECK(client->first_send_ns > 0 && server->last_receive_ns > client->first_send_ns);
  CHECK(client->realtime_offset_ns != 0);
  CHECK(server->service.max_ns <= (uint64_t)(server->last_receive_ns - client->first_send_ns));
  check_nothing_wrong(server, 0);
  close_exchange(&exchange);
}

static void round_trips_are_counted_by_the_client(uint32_t mechanism, uint32_t blocking, int32_t with_payload) {
  struct exchange exchange = {
      .settings = settings_of(mechanism, blocking, 1000), .count = 100, .type = FRAME_REQUEST, .with_payload = with_payload};
  if (!with_payload) exchange.settings.reply_payload_bytes = 0;
  run_exchange(&exchange);
  const struct ledger *client = &exchange.file->sheets[CLIENT], *server = &exchange.file->sheets[SERVER];
  CHECK_EQUAL(client->sent_count, 100);
  CHECK_EQUAL(client->received_count, 100);
  CHECK_EQUAL(client->service.count, 100);
  CHECK_EQUAL(server->received_count, 100);
  CHECK_EQUAL(server->sent_count, 100);
  CHECK_EQUAL(server->service.count, 0);
  check_nothing_wrong(client, 0);
  check_nothing_wrong(server, 0);
  close_exchange(&exchange);
}

static void a_reply_of_the_wrong_size_is_corrupt(uint32_t mechanism) {
  struct exchange exchange = {.settings = settings_of(mechanism, 1, 100), .count = 5, .type = FRAME_REQUEST};
  run_exchange(&exchange);
  check_nothing_wrong(&exchange.file->sheets[CLIENT], 5);
  CHECK_EQUAL(exchange.file->sheets[CLIENT].service.count, 0);
  close_exchange(&exchange);
}

/* ---- one thread, both sides: what fits into any mechanism's room ---- */

static void faults_are_counted_exactly(uint32_t mechanism) {
  /* Seen as: in order, after a gap, filling it, twice again, after a gap, filling, filling. */
  const double ids[] = {0, 2, 1, 1, 2, 6, 4, 3};
  struct exchange exchange = {.settings = settings_of(mechanism, 0, 64)};
  open_exchange(&exchange);
  for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
    CHECK_EQUAL(send_id(exchange.sides[CLIENT], ids[i], FRAME_ONE_WAY), 0);
    CHECK_EQUAL(receive(exchange.sides[SERVER]), FRAME_ONE_WAY);
  }
  const struct ledger *server = &exchange.file->sheets[SERVER];
  CHECK_EQUAL(server->received_count, 8);
  CHECK_EQUAL(server->duplicated_count, 2);
  CHECK_EQUAL(server->reordered_count, 3);
  CHECK_EQUAL(server->corrupt_count, 0);
  CHECK_EQUAL(server->service.count, 6);
  close_exchange(&exchange);
}

static void a_changed_payload_is_corrupt_and_not_measured(uint32_t mechanism) {
  struct exchange exchange = {.settings = settings_of(mechanism, 0, 64)};
  open_exchange(&exchange);
  struct session *client = exchange.sides[CLIENT];
  for (int id = 0; id < 4; id++) {
    session_begin_send(client, id, FRAME_ONE_WAY);
    frame_payload(client->outgoing.buffer)[20] ^= (uint8_t)(id & 1);
    CHECK_EQUAL(flushed(client, session_flush(client)), 0);
    CHECK_EQUAL(receive(exchange.sides[SERVER]), FRAME_ONE_WAY);
    frame_payload(client->outgoing.buffer)[20] ^= (uint8_t)(id & 1);
  }
  check_nothing_wrong(&exchange.file->sheets[SERVER], 2);
  CHECK_EQUAL(exchange.file->sheets[SERVER].service.count, 2);
  close_exchange(&exchange);
}

/* Stamps of another clock: long before there was a session, or ahead of their arrival. */
static void a_stamp_that_cannot_be_is_not_measured(uint32_t mechanism) {
  struct exchange exchange = {.settings = settings_of(mechanism, 0, 64)};
  open_exchange(&exchange);
  struct session *client = exchange.sides[CLIENT];
  const int64_t offsets_ns[] = {0, -1000 * NS_PER_SECOND, 1000 * NS_PER_SECOND, -NS_PER_MS};
  for (int id = 0; id < 4; id++) {
    session_begin_send(client, id, FRAME_ONE_WAY);
    frame_stamp(client->outgoing.buffer, client->outgoing.stamp_ns + offsets_ns[id]);
    CHECK_EQUAL(flushed(client, session_flush(client)), 0);
    CHECK_EQUAL(receive(exchange.sides[SERVER]), FRAME_ONE_WAY);
  }
  CHECK_EQUAL(exchange.file->sheets[SERVER].received_count, 4);
  CHECK_EQUAL(exchange.file->sheets[SERVER].service.count, 2);
  CHECK(exchange.file->sheets[SERVER].service.max_ns < 100 * NS_PER_SECOND);
  check_nothing_wrong(&exchange.file->sheets[SERVER], 0);
  close_exchange(&exchange);
}

static void notes_have_room_beside_the_smallest_messages(uint32_t mechanism) {
  char note[NOTE_BYTES + 1], copy[NOTE_BYTES + 1];
  struct exchange exchange = {.settings = settings_of(mechanism, 0, 1)};
  open_exchange(&exchange);
  struct session *client = exchange.sides[CLIENT], *server = exchange.sides[SERVER];
  for (size_t bytes = 0; bytes <= NOTE_BYTES; bytes += 64) {
    memset(note, 'a' + (int)(bytes / 64), sizeof note);
    CHECK_EQUAL(send_note(client, FRAME_PING, note, bytes), 0);
    CHECK_EQUAL(receive(server), FRAME_PING);
    CHECK_EQUAL(session_read_note(server, (uint8_t *)copy, NOTE_BYTES), bytes);
    CHECK(memcmp(note, copy, bytes) == 0);
    CHECK_EQUAL(send_note(server, FRAME_PONG, note, bytes), 0);
    CHECK_EQUAL(receive(client), FRAME_PONG);
    CHECK_EQUAL(session_read_note(client, (uint8_t *)copy, NOTE_BYTES), bytes);
  }
  CHECK_EQUAL(session_read_note(client, (uint8_t *)copy, 10), -EMSGSIZE);
  CHECK_EQUAL(send_note(client, FRAME_PING, note, NOTE_BYTES + 1), -EMSGSIZE);
  CHECK_EQUAL(session_send_note(client, FRAME_PING, (const uint8_t *)note, -1), -EMSGSIZE);
  CHECK_EQUAL(exchange.file->sheets[SERVER].warmup_count, 0);
  close_exchange(&exchange);
}

static void messages_after_a_note_are_intact(uint32_t mechanism) {
  char note[NOTE_BYTES];
  struct exchange exchange = {.settings = settings_of(mechanism, 0, 1000)};
  memset(note, 'x', sizeof note);
  open_exchange(&exchange);
  for (int id = 0; id < 4; id++) {
    CHECK_EQUAL(send_note(exchange.sides[CLIENT], FRAME_PING, note, random_below(NOTE_BYTES)), 0);
    CHECK_EQUAL(receive(exchange.sides[SERVER]), FRAME_PING);
    CHECK_EQUAL(send_id(exchange.sides[CLIENT], id, FRAME_ONE_WAY), 0);
    CHECK_EQUAL(receive(exchange.sides[SERVER]), FRAME_ONE_WAY);
  }
  check_nothing_wrong(&exchange.file->sheets[SERVER], 0);
  close_exchange(&exchange);
}

static void a_full_channel_is_a_room_wait(uint32_t mechanism) {
  struct exchange exchange = {.settings = settings_of(mechanism, 0, 4000)};
  open_exchange(&exchange);
  struct session *client = exchange.sides[CLIENT];
  double id = 0;
  int32_t rc;
  while ((rc = session_send(client, id, FRAME_ONE_WAY)) == 0 && id < 1e6) id++;
  CHECK_EQUAL(rc, -EAGAIN);
  CHECK_EQUAL(exchange.file->sheets[CLIENT].room_wait_count, 0);
  nap();
  for (rc = -EAGAIN; rc == -EAGAIN; rc = session_flush(client)) CHECK_EQUAL(receive(exchange.sides[SERVER]), FRAME_ONE_WAY);
  CHECK_EQUAL(rc, 0);
  CHECK_EQUAL(exchange.file->sheets[CLIENT].room_wait_count, 1);
  CHECK(exchange.file->sheets[CLIENT].room_wait_ns >= 20000);
  CHECK_EQUAL(exchange.file->sheets[CLIENT].sent_count, id + 1);
  check_nothing_wrong(&exchange.file->sheets[SERVER], 0);
  close_exchange(&exchange);
}

/* ---- windows and pauses ---- */

static void the_window_ends_sending(uint32_t mechanism) {
  struct exchange exchange = {.settings = settings_of(mechanism, 0, 8)};
  exchange.settings.duration_ns = 20 * NS_PER_MS;
  open_exchange(&exchange);
  int32_t rc = 0;
  for (double id = 0; rc == 0; id++) {
    rc = send_id(exchange.sides[CLIENT], id, FRAME_ONE_WAY);
    CHECK_EQUAL(receive(exchange.sides[SERVER]), FRAME_ONE_WAY);
  }
  CHECK_EQUAL(rc, WINDOW_OVER);
  CHECK(exchange.sides[CLIENT]->outgoing.stamp_ns - exchange.file->sheets[CLIENT].first_send_ns >= 20 * NS_PER_MS);
  CHECK_EQUAL(exchange.file->sheets[CLIENT].sent_count, exchange.file->sheets[SERVER].received_count);
  close_exchange(&exchange);
}

static void pauses_are_never_short(uint32_t blocking) {
  struct exchange exchange = {.settings = settings_of(MECHANISM_UDS, blocking, 8)};
  open_exchange(&exchange);
  struct session *client = exchange.sides[CLIENT];
  const int64_t lengths_ns[] = {0, 1000, 40000, 60000, 200000, 3000000};
  for (size_t i = 0; i < sizeof lengths_ns / sizeof lengths_ns[0]; i++) {
    int64_t start_ns = clock_now_ns();
    int32_t rc = session_pause(client, (double)lengths_ns[i]);
    CHECK_EQUAL(rc, blocking ? 0 : -EAGAIN);
    if (rc == -EAGAIN) CHECK_EQUAL(session_end_pause(client), 0);
    CHECK(clock_now_ns() - start_ns >= lengths_ns[i]);
  }
  atomic_store(&exchange.file->stop, 1);
  session_pause(client, 1e10);
  CHECK_EQUAL(session_end_pause(client), -ECANCELED);
  close_exchange(&exchange);
}

static void a_pause_ends_with_the_window(void) {
  struct exchange exchange = {.settings = settings_of(MECHANISM_UDS, 1, 8)};
  exchange.settings.duration_ns = 5 * NS_PER_MS;
  open_exchange(&exchange);
  CHECK_EQUAL(send_id(exchange.sides[CLIENT], 0, FRAME_ONE_WAY), 0);
  int64_t start_ns = clock_now_ns();
  CHECK_EQUAL(session_pause(exchange.sides[CLIENT], 1e10), WINDOW_OVER);
  CHECK(clock_now_ns() - start_ns < 5 * NS_PER_SECOND);
  close_exchange(&exchange);
}

/* ---- stopping and refusing ---- */

static void the_stop_flag_ends_calls(uint32_t mechanism, uint32_t blocking) {
  struct exchange exchange = {.settings = settings_of(mechanism, blocking, 8)};
  open_exchange(&exchange);
  atomic_store(&exchange.file->stop, 1);
  CHECK_EQUAL(session_receive(exchange.sides[SERVER]), -ECANCELED);
  CHECK_EQUAL(session_send(exchange.sides[CLIENT], 0, FRAME_ONE_WAY), -ECANCELED);
  close_exchange(&exchange);
}

static void check_refused(struct session_settings settings, int32_t error) {
  struct ledger_file *file = ledger_file_private(1);
  CHECK(session_open(&settings, file) == NULL);
  CHECK_EQUAL(settings.error, error);
  munmap(file, file->bytes);
}

static void impossible_settings_are_refused(void) {
  check_refused(settings_of(MECHANISM_UDS, 1, FRAME_PAYLOAD_LIMIT + 1), -EMSGSIZE);
  check_refused(settings_of(MECHANISM_UDS, 1, UINT64_MAX - 10), -EMSGSIZE);
  check_refused(settings_of(MECHANISM_COUNT, 1, 8), -ENOTSUP);
  struct session_settings settings = settings_of(MECHANISM_UDS, 1, 8);
  settings.sheet = 1;
  check_refused(settings, -EINVAL);
}

/* ---- sessions fed by hand, as the event loop does it ---- */

static void carry(struct session *from, struct session *to, int32_t frame_bytes) {
  const uint8_t *out = session_out(from);
  for (int32_t at = 0; at < frame_bytes;) {
    int32_t piece = 1 + (int32_t)random_below((uint64_t)(frame_bytes - at));
    CHECK_EQUAL(session_receive(to), -EAGAIN);
    CHECK_EQUAL(session_feed(to, out + at, piece), 0);
    at += piece;
  }
  CHECK_EQUAL(session_end_send(from), 0);
}

static void fed_sessions_exchange_split_frames(uint64_t payload_bytes) {
  struct exchange exchange = {.settings = settings_of(MECHANISM_FED, 0, payload_bytes)};
  exchange.file = ledger_file_private(2);
  for (uint32_t i = 0; i < 2; i++) exchange.sides[i] = open_side(&exchange, i), CHECK_EQUAL(session_connect(exchange.sides[i]), 0);
  struct session *client = exchange.sides[CLIENT], *server = exchange.sides[SERVER];
  for (int id = 0; id < 50; id++) {
    carry(client, server, session_begin_send(client, id, FRAME_REQUEST));
    CHECK_EQUAL(session_receive(server), FRAME_REQUEST);
    carry(server, client, session_begin_reply(server, 1));
    CHECK_EQUAL(session_receive(client), FRAME_RESPONSE);
  }
  CHECK_EQUAL(exchange.file->sheets[CLIENT].service.count, 50);
  check_nothing_wrong(&exchange.file->sheets[CLIENT], 0);
  check_nothing_wrong(&exchange.file->sheets[SERVER], 0);
  close_exchange(&exchange);
}

static void a_wait_for_room_begins_when_the_socket_takes_too_little(void) {
  struct exchange exchange = {.settings = settings_of(MECHANISM_FED, 0, 8)};
  exchange.file = ledger_file_private(2);
  for (uint32_t i = 0; i < 2; i++) exchange.sides[i] = open_side(&exchange, i), CHECK_EQUAL(session_connect(exchange.sides[i]), 0);
  struct session *client = exchange.sides[CLIENT];
  const struct ledger *ledger = &exchange.file->sheets[CLIENT];
  session_begin_send(client, 0, FRAME_ONE_WAY);
  /* The socket's own work. */
  nap();
  int64_t before_ns = clock_now_ns();
  session_await_room(client);
  int64_t since_ns = clock_now_ns();
  nap();
  session_await_room(client);
  int64_t until_ns = clock_now_ns();
  CHECK_EQUAL(session_end_send(client), 0);
  CHECK_EQUAL(ledger->room_wait_count, 1);
  CHECK((int64_t)ledger->room_wait_ns >= until_ns - since_ns && (int64_t)ledger->room_wait_ns <= clock_now_ns() - before_ns);
  session_begin_send(client, 1, FRAME_ONE_WAY);
  CHECK_EQUAL(session_end_send(client), 0);
  CHECK_EQUAL(ledger->room_wait_count, 1);
  close_exchange(&exchange);
}

int main(void) {
  for (size_t i = 0; i < sizeof mechanisms / sizeof mechanisms[0]; i++) {
    for (uint32_t blocking = 0; blocking < 2; blocking++) {
      one_way_is_counted_on_both_sides(mechanisms[i], blocking, 1);
      one_way_is_counted_on_both_sides(mechanisms[i], blocking, 5000);
      round_trips_are_counted_by_the_client(mechanisms[i], blocking, 1);
      round_trips_are_counted_by_the_client(mechanisms[i], blocking, 0);
      the_stop_flag_ends_calls(mechanisms[i], blocking);
    }
    a_reply_of_the_wrong_size_is_corrupt(mechanisms[i]);
    faults_are_counted_exactly(mechanisms[i]);
    a_changed_payload_is_corrupt_and_not_measured(mechanisms[i]);
    a_stamp_that_cannot_be_is_not_measured(mechanisms[i]);
    notes_have_room_beside_the_smallest_messages(mechanisms[i]);
    messages_after_a_note_are_intact(mechanisms[i]);
    a_full_channel_is_a_room_wait(mechanisms[i]);
    the_window_ends_sending(mechanisms[i]);
  }
  pauses_are_never_short(0);
  pauses_are_never_short(1);
  a_pause_ends_with_the_window();
  impossible_settings_are_refused();
  fed_sessions_exchange_split_frames(1);
  fed_sessions_exchange_split_frames(3000);
  a_wait_for_room_begins_when_the_socket_takes_too_little();
  return check_report();
}
