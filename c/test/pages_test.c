/*
 * No page is missing in the measured phase: a blocking side that has warmed up meets no fault with any mechanism or kind of
 * schedule. Counted for each thread by the kernel, so only as the shim is shipped: sanitizers have faults of their own.
 */
#include "exchange.h"

#if defined(__linux__)

#include <sys/prctl.h>
#include <unistd.h>
#include <sys/resource.h>

#include "plat/pages.h"
#include "plat/process.h"
#include "plat/shm.h"

/* More than a table of stamps has to a page. */
#define COUNT 3000
/* All of them fit. */
#define RING_RECORDS 4096
#define PAYLOAD_BYTES 5000
#define STACK_BYTES (128 * 1024)

enum pattern { CLOSED, PAUSED, SCHEDULED, PATTERN_COUNT };

struct run {
  struct exchange exchange;
  enum pattern pattern;
  int is_streamed;
  int64_t fault_counts[2];
};

static int64_t fault_count(void) {
  struct rusage usage;
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_minflt + usage.ru_majflt;
}

/* A role's main thread has used this much of its stack long since. */
static void use_stack(void) {
  volatile uint8_t used[STACK_BYTES];
  for (size_t at = 0; at < sizeof used; at += 1024) used[at] = 1;
}

/* ---- what the roles do ---- */

static void *serve(void *argument) {
  struct run *run = argument;
  struct session *session = run->exchange.sides[SERVER];
  use_stack();
  session_use_thread(session);
  for (int i = 0; i < WARMUP + 1; i++) {
    int32_t type = session_receive(session);
    if (type == FRAME_REQUEST) CHECK_EQUAL(session_reply(session, 1), 0);
  }
  int64_t before = fault_count();
  CHECK_EQUAL(session_answer_many(session, 1), FRAME_SHUTDOWN);
  run->fault_counts[SERVER] = fault_count() - before;
  session_close(session);
  return NULL;
}

static void send_unrecorded(struct run *run, double count) {
  CHECK_EQUAL(session_send_many(run->exchange.sides[CLIENT], -1, count, run->exchange.type, 0), 0);
}

/* As src/measure/open-loop.ts does it. */
static int send_on_schedule(struct session *session, int32_t type) {
  int is_request = type == FRAME_REQUEST, missing = 0;
  for (int id = 0; id < COUNT; id++) {
    int32_t rc;
    while ((rc = session_until_due(session, id, is_request)) == DUE_RECEIVED) missing--;
    if (rc != DUE_NOW) return rc;
    rc = is_request ? session_send_now(session, id, type) : session_send(session, id, type);
    while (rc == -EAGAIN) {
      if (session_receive_soon(session) == FRAME_RESPONSE) missing--;
      rc = session_flush_now(session);
    }
    if (rc != 0) return rc;
    missing += is_request;
  }
  for (; missing > 0; missing--) {
    if (session_receive(session) != FRAME_RESPONSE) return -EPROTO;
  }
  return 0;
}

static void measure(struct run *run) {
  struct session *session = run->exchange.sides[CLIENT];
  int32_t type = run->exchange.type;
  send_unrecorded(run, WARMUP);
  session_start(session, -1);
  send_unrecorded(run, 1);
  int64_t before = fault_count();
  if (run->pattern == SCHEDULED) {
    CHECK_EQUAL(send_on_schedule(session, type), 0);
  } else {
    CHECK_EQUAL(session_send_many(session, 0, COUNT, type, run->pattern == PAUSED ? 10000 : 0), 0);
  }
  run->fault_counts[CLIENT] = fault_count() - before;
  CHECK_EQUAL(session_send(session, -1, FRAME_SHUTDOWN), 0);
}

/* ---- the runs ---- */

static struct ledger_file *open_file(int is_streamed) {
  int32_t error;
  int fd = ledger_file_create(2, is_streamed ? RING_RECORDS : 0);
  struct ledger_file *file = ledger_file_map(fd, &error);
  CHECK(file != NULL);
  ledger_file_touch(file, 0, 2);
  shm_close(fd);
  return file;
}

static void set_up(struct run *run) {
  struct exchange *exchange = &run->exchange;
  struct channel_effective effective;
  exchange->file = open_file(run->is_streamed);
  exchange->sides[SERVER] = open_side(exchange, SERVER);
  CHECK_EQUAL(session_listen(exchange->sides[SERVER]), 0);
  session_effective(exchange->sides[SERVER], &effective);
  exchange->settings.channel.port = effective.port;
  exchange->settings.sends_requests = exchange->type == FRAME_REQUEST;
  exchange->sides[CLIENT] = open_side(exchange, CLIENT);
  CHECK_EQUAL(session_connect(exchange->sides[CLIENT]), 0);
  while (session_accept(exchange->sides[SERVER], 100) == -EAGAIN) {}
  session_unlink(exchange->sides[SERVER]);
}

static void no_page_is_missing(uint32_t mechanism, int32_t type, enum pattern pattern, int is_streamed) {
  struct run run = {.pattern = pattern, .is_streamed = is_streamed};
  run.exchange.settings = settings_of(mechanism, 1, PAYLOAD_BYTES);
  run.exchange.type = type;
  if (pattern == SCHEDULED) {
    run.exchange.settings.rate_microhertz = UINT64_C(30000) * 1000000;
    run.exchange.settings.arrival = ARRIVAL_POISSON;
  }
  set_up(&run);
  pthread_t server;
  pthread_create(&server, NULL, serve, &run);
  session_use_thread(run.exchange.sides[CLIENT]);
  measure(&run);
  pthread_join(server, NULL);
  CHECK_EQUAL(run.exchange.file->sheets[type == FRAME_REQUEST ? CLIENT : SERVER].service.count, COUNT);
  for (int side = 0; side < 2; side++) {
    if (!CHECK_EQUAL(run.fault_counts[side], 0)) {
      fprintf(stderr, "  mechanism %u, type %d, pattern %d, streamed %d, side %d\n", mechanism, type, pattern, is_streamed, side);
    }
  }
  session_close(run.exchange.sides[CLIENT]);
  munmap(run.exchange.file, run.exchange.file->bytes);
}

/* ---- the event loop's inbox ---- */

#define CHUNK_BYTES (512 * 1024)

static size_t fill_chunk(struct session *client, uint8_t *chunk, size_t room) {
  size_t bytes = 0;
  while (bytes + 1024 + FRAME_OVERHEAD <= room) {
    int32_t frame_bytes = session_begin_send(client, (double)client->ledgers.own->sent_count, FRAME_ONE_WAY);
    memcpy(chunk + bytes, session_out(client), (size_t)frame_bytes);
    CHECK_EQUAL(session_end_send(client), 0);
    bytes += (size_t)frame_bytes;
  }
  return bytes;
}

static void take_chunk(struct session *server, const uint8_t *chunk, size_t bytes) {
  CHECK_EQUAL(session_feed(server, chunk, (int32_t)bytes), 0);
  while (session_receive(server) == FRAME_ONE_WAY) {}
}

static void what_the_event_loop_reads_finds_its_pages(void) {
  struct exchange exchange = {.settings = settings_of(MECHANISM_FED, 0, 1024), .file = open_file(0)};
  uint8_t *chunk = pages_alloc(CHUNK_BYTES);
  for (uint32_t side = CLIENT; side <= SERVER; side++) {
    exchange.sides[side] = open_side(&exchange, side);
    CHECK_EQUAL(session_connect(exchange.sides[side]), 0);
  }
  /* The code itself comes into memory with a first few. */
  take_chunk(exchange.sides[SERVER], chunk, fill_chunk(exchange.sides[CLIENT], chunk, 8192));
  size_t bytes = fill_chunk(exchange.sides[CLIENT], chunk, CHUNK_BYTES);
  int64_t before = fault_count();
  take_chunk(exchange.sides[SERVER], chunk, bytes);
  CHECK_EQUAL(fault_count() - before, 0);
  free(chunk);
  close_exchange(&exchange);
}

/* ---- the helper ---- */

static void touched_memory_has_its_pages_and_what_was_in_it(void) {
  size_t bytes = 64 * 4096;
  uint8_t *zeros = pages_alloc(8 << 20);
  uint8_t *mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mapped[5000] = 7;
  /* From the middle of a page to its middle. */
  pages_touch(mapped + 100, bytes - 200);
  int64_t before = fault_count();
  for (size_t at = 0; at < bytes; at += 4096) mapped[at] = 1;
  for (size_t at = 0; at < 8 << 20; at += 4096) zeros[at] |= 0;
  CHECK_EQUAL(fault_count() - before, 0);
  CHECK_EQUAL(mapped[5000], 7);
  CHECK_EQUAL(mapped[5001] + zeros[4095], 0);
  munmap(mapped, bytes);
  free(zeros);
}

#define ATTEMPTS 3

int main(int count, char **arguments) {
  /* As a role, whose large blocks are mappings of their own, and without huge pages, which would hide most of what is missing. */
  static stop_flag stop;
  CHECK_EQUAL(process_follow(&stop, 0, 0), 0);
  prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  use_stack();
  fault_count();
  touched_memory_has_its_pages_and_what_was_in_it();
  what_the_event_loop_reads_finds_its_pages();
  for (size_t i = 0; i < sizeof mechanisms / sizeof mechanisms[0]; i++) {
    for (int32_t type = FRAME_ONE_WAY; type <= FRAME_REQUEST; type++) {
      for (int pattern = 0; pattern < PATTERN_COUNT; pattern++) no_page_is_missing(mechanisms[i], type, (enum pattern)pattern, 0);
      no_page_is_missing(mechanisms[i], type, CLOSED, 1);
    }
  }
  /* The kernel may take a page back while a machine is busy. What the code leaves out is missing in every process. */
  if (check_failed > 0 && count < ATTEMPTS) {
    fprintf(stderr, "once more\n");
    char *again[] = {arguments[0], "again", count > 1 ? "again" : NULL, NULL};
    execv("/proc/self/exe", again);
  }
  return check_report();
}

#else

int main(void) {
  CHECK(1);
  return check_report();
}

#endif
