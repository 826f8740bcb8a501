/* Sessions fed with streams that were mutated at random: notes, requests, replies and measured messages that lie about
 * their ids, sizes, times and types. Each is refused or counted, and nothing else comes of it. Takes the number of inputs
 * and a seed. */
#include "session/state.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "record/ledger_file.h"
#include "check.h"
#include "mutate.h"

#if defined(__SANITIZE_THREAD__)
#define INPUTS 3000
#else
#define INPUTS 20000
#endif

#define RING_CAPACITY 64
#define SHEETS 2

static struct ledger_file *file;

static void make_ledger(void) {
  int32_t error = 0;
  int fd = ledger_file_create(SHEETS, RING_CAPACITY);
  file = ledger_file_map(fd, &error);
  CHECK(fd >= 0 && error == 0);
}

/* Mostly that of the first message, or none would be the right one. */
static uint64_t expected_bytes(void) {
  int64_t body_bytes = input_bytes < FRAME_LENGTH_BYTES ? -1 : frame_body_bytes(input);
  return body_bytes < 0 || body_bytes > 2000 || random_below(8) == 0 ? random_below(64) : (uint64_t)body_bytes - FRAME_BODY_OVERHEAD;
}

static struct session *open_fed(int is_client) {
  struct session_settings settings = {
      .payload_bytes = expected_bytes(),
      .reply_payload_bytes = expected_bytes(),
      .duration_ns = random_below(2) ? NS_PER_SECOND : 0,
      .rate_microhertz = random_below(64) == 0 ? UINT64_C(1000000000) : 0,
      .sends_requests = random_below(2), /* with a rate it has a table of 8 MiB */
      .arrival = (uint32_t)random_below(3),
      .burst = (uint32_t)random_below(3),
      .sheet = is_client ? 0 : 1,
      .peer_sheet = random_below(2) ? NO_SHEET : is_client ? 1 : 0,
  };
  settings.channel.mechanism = MECHANISM_FED;
  settings.channel.silence_ns = NS_PER_SECOND;
  struct session *session = session_open(&settings, file);
  CHECK(session != NULL && session_connect(session) == 0);
  return session;
}

/* What the loops of both roles do with what comes in. */
static int use_message(struct session *session, int32_t type) {
  uint8_t note[NOTE_BYTES];
  if (type == FRAME_PING || type == FRAME_PONG) {
    int32_t bytes = session_read_note(session, note, sizeof note);
    if (bytes > NOTE_BYTES || (bytes < 0 && bytes != -EMSGSIZE)) return 0;
    if (type == FRAME_PING && session_begin_note(session, FRAME_PONG, note, bytes < 0 ? 0 : bytes) > 0) session_end_send(session);
  }
  if (type == FRAME_REQUEST) {
    int32_t frame_bytes = session_begin_reply(session, (int32_t)random_below(2));
    if (frame_bytes > 0 && random_below(2)) session_await_room(session);
    if (frame_bytes > 0) session_end_send(session);
    return frame_bytes > 0 || frame_bytes == -EMSGSIZE;
  }
  return type >= 0 && type <= FRAME_SHUTDOWN;
}

/* Somebody reads the records, or they would make us wait. */
static int drain_records(const struct session *session) {
  struct record_ring *ring = ledger_ring(file, session->settings.sheet);
  uint64_t head = atomic_load(&ring->head), tail = atomic_load(&ring->tail);
  int holds = head - tail <= RING_CAPACITY;
  for (; tail < head; tail++) holds &= ring->records[tail & (RING_CAPACITY - 1)].service_ns >= 0;
  atomic_store(&ring->tail, head);
  return holds;
}

static int feed_input(void) {
  int is_client = (int)random_below(2), holds = 1;
  struct session *session = open_fed(is_client);
  const struct ledger *ledger = session->ledgers.own;
  uint64_t received_before = ledger->received_count, recorded_before = ledger->service.count;
  if (is_client && session_begin_send(session, (double)random_below(100), random_below(2) ? FRAME_REQUEST : FRAME_ONE_WAY) > 0) {
    session_end_send(session);
  }
  int32_t rc = 0;
  for (size_t at = 0; at < input_bytes && holds && rc != -EPROTO;) {
    size_t piece = 1 + random_below(input_bytes - at);
    rc = session_feed(session, input + at, (int32_t)piece);
    at += piece;
    while (rc == 0 && holds && (rc = session_receive(session)) >= 0) {
      holds = use_message(session, rc) && drain_records(session);
      rc = 0;
    }
    if (rc == -EAGAIN) rc = 0;
  }
  holds &= rc == 0 || rc == -EPROTO;
  holds &= ledger->service.count - recorded_before <= ledger->received_count - received_before;
  session_close(session);
  return holds;
}

int main(int count, char **arguments) {
  uint64_t inputs = count > 1 ? strtoull(arguments[1], NULL, 10) : INPUTS;
  uint64_t seed = count > 2 ? strtoull(arguments[2], NULL, 10) : UINT64_C(0x5eed);
  make_ledger();
  for (uint64_t i = 0; i < inputs; i++) {
    start_input(seed, i);
    make_input();
    if (CHECK(feed_input())) continue;
    fprintf(stderr, "input %llu of seed %llu\n", (unsigned long long)i, (unsigned long long)seed);
    break;
  }
  return check_report();
}
