/* What a scheduled sender of round trips asks the system for, and what it records of its waiting. */
#include <poll.h>
#include <sys/socket.h>

static _Thread_local unsigned calls;

#define recv(...) (calls++, recv(__VA_ARGS__))
#define ppoll(...) (calls++, ppoll(__VA_ARGS__))
#include "posix/socket.c"
#undef recv
#undef ppoll

#include <stdlib.h>

#include "exchange.h"

#define MESSAGES 51

static void *answer(void *argument) {
  struct session *server = ((struct exchange *)argument)->sides[SERVER];
  CHECK_EQUAL(session_answer_many(server, 1), FRAME_SHUTDOWN);
  return NULL;
}

static int by_size(const void *one, const void *other) {
  unsigned a = *(const unsigned *)one, b = *(const unsigned *)other;
  return (a > b) - (a < b);
}

/* As the open loop of TypeScript. Counts the calls from one message to the next. */
static void send_on_schedule(struct session *session, unsigned *per_message) {
  int missing = 0;
  for (int id = 0; id < MESSAGES; id++) {
    calls = 0;
    int32_t due;
    while ((due = session_until_due(session, id, 1)) == DUE_RECEIVED) missing--;
    CHECK_EQUAL(due, DUE_NOW);
    CHECK_EQUAL(session_send_now(session, id, FRAME_REQUEST), 0);
    missing++;
    per_message[id] = calls;
  }
  for (; missing > 0; missing--) CHECK_EQUAL(session_receive(session), FRAME_RESPONSE);
}

static struct ledger run_at(uint64_t per_second, uint32_t wait, unsigned *per_message) {
  struct exchange exchange = {.settings = settings_of(MECHANISM_UDS, 1, 64)};
  exchange.settings.rate_microhertz = per_second * 1000000;
  exchange.settings.sends_requests = 1;
  exchange.settings.channel.wait = wait;
  pthread_t server;
  open_exchange(&exchange);
  pthread_create(&server, NULL, answer, &exchange);
  struct session *client = exchange.sides[CLIENT];
  CHECK_EQUAL(session_send_many(client, -1, 1, FRAME_REQUEST, 0), 0);
  send_on_schedule(client, per_message);
  CHECK_EQUAL(session_send(client, -1, FRAME_SHUTDOWN), 0);
  pthread_join(server, NULL);
  struct ledger ledger = exchange.file->sheets[CLIENT];
  CHECK_EQUAL(ledger.service.count, MESSAGES);
  close_exchange(&exchange);
  qsort(per_message, MESSAGES, sizeof *per_message, by_size);
  return ledger;
}

/* One wait for the reply and one receive; none while nothing is under way. The median, as a busy machine has late replies. */
static void a_round_trip_costs_two_calls(void) {
  unsigned per_message[MESSAGES];
  struct ledger ledger = run_at(100, WAIT_BLOCK, per_message);
  CHECK_EQUAL(per_message[MESSAGES / 2], 2);
  CHECK(ledger.slept_count > MESSAGES / 2);
}

static void a_sender_behind_its_schedule_never_sleeps(void) {
  unsigned per_message[MESSAGES];
  struct ledger ledger = run_at(1000000000, WAIT_BLOCK, per_message);
  /* Before the first one only. */
  CHECK(ledger.slept_count <= 1);
}

/* It asks for the reply until that is there, and then no more. */
static void a_spinning_sender_never_sleeps(void) {
  unsigned per_message[MESSAGES];
  struct ledger ledger = run_at(100, WAIT_SPIN, per_message);
  CHECK_EQUAL(ledger.slept_count, 0);
}

int main(void) {
  a_round_trip_costs_two_calls();
  a_sender_behind_its_schedule_never_sleeps();
  a_spinning_sender_never_sleeps();
  return check_report();
}
