/* The receive stamp: the moment at which a message is handed to the receiving loop, for every mechanism and in both modes. */
#include "exchange.h"

#define MESSAGES 4
#define HANDLING_NS (5 * NS_PER_MS)

static void handle(void) {
  int64_t until_ns = clock_now_ns() + HANDLING_NS;
  while (clock_now_ns() < until_ns) {}
}

static int32_t receive(struct session *session) {
  int32_t rc;
  while ((rc = session_receive(session)) == -EAGAIN) {}
  return rc;
}

/* Every message came with the first one, and waited while those before it were handled. */
static void check_waits(struct session *receiver, const struct ledger *ledger) {
  for (int i = 0; i < MESSAGES; i++) {
    CHECK_EQUAL(receive(receiver), FRAME_ONE_WAY);
    /* In the order in which they were sent: each newest one has waited longest. */
    CHECK(ledger->service.max_ns >= (uint64_t)(i * HANDLING_NS));
    CHECK_EQUAL(ledger->service.count, i + 1);
    handle();
  }
  CHECK(ledger->service.sum_ns >= (uint64_t)(MESSAGES * (MESSAGES - 1) / 2 * HANDLING_NS));
}

static void a_message_that_waits_behind_another_has_that_wait_in_its_latency(uint32_t mechanism, uint32_t blocking) {
  struct exchange exchange = {.settings = settings_of(mechanism, blocking, 64)};
  open_exchange(&exchange);
  for (int id = 0; id < MESSAGES; id++) CHECK_EQUAL(session_send(exchange.sides[CLIENT], id, FRAME_ONE_WAY), 0);
  check_waits(exchange.sides[SERVER], &exchange.file->sheets[SERVER]);
  close_exchange(&exchange);
}

static void so_has_one_that_the_event_loop_has_read_with_others(void) {
  struct exchange exchange = {.settings = settings_of(MECHANISM_FED, 0, 64), .file = ledger_file_private(2)};
  uint8_t chunk[MESSAGES * (64 + FRAME_OVERHEAD)], *end = chunk;
  for (uint32_t side = CLIENT; side <= SERVER; side++) {
    exchange.sides[side] = open_side(&exchange, side);
    CHECK_EQUAL(session_connect(exchange.sides[side]), 0);
  }
  for (int id = 0; id < MESSAGES; id++) {
    int32_t bytes = session_begin_send(exchange.sides[CLIENT], id, FRAME_ONE_WAY);
    memcpy(end, session_out(exchange.sides[CLIENT]), (size_t)bytes);
    end += bytes;
  }
  CHECK_EQUAL(session_feed(exchange.sides[SERVER], chunk, (int32_t)(end - chunk)), 0);
  check_waits(exchange.sides[SERVER], &exchange.file->sheets[SERVER]);
  close_exchange(&exchange);
}

int main(void) {
  for (size_t i = 0; i < sizeof mechanisms / sizeof mechanisms[0]; i++) {
    /* A slot holds one message. */
    if (mechanisms[i] == MECHANISM_SHM_DIRECT) continue;
    for (uint32_t blocking = 0; blocking < 2; blocking++) {
      a_message_that_waits_behind_another_has_that_wait_in_its_latency(mechanisms[i], blocking);
    }
  }
  so_has_one_that_the_event_loop_has_read_with_others();
  return check_report();
}
