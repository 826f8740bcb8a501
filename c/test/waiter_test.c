/* Waiters: each task is answered once, closing at any moment ends the wait and lets no callback begin afterwards. */
#include "session/state.h"
#include "session/waiter.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "record/ledger_file.h"
#include "check.h"
#include "random.h"

#if defined(__SANITIZE_THREAD__)
#define CYCLES 400
#else
#define CYCLES 1500
#endif

#define CLIENT 0
#define SERVER 1

struct pair {
  struct ledger_file *file;
  struct session *sides[2];
};

static const uint32_t mechanisms[] = {
    MECHANISM_SHM_RING, MECHANISM_SHM_DIRECT,
#if defined(__linux__)
    MECHANISM_PMQ,
#endif
};

static _Atomic int calls, last_status, is_closed;

static void called(int32_t status) {
  CHECK(!atomic_load(&is_closed));
  atomic_store(&last_status, status);
  atomic_fetch_add(&calls, 1);
}

static struct session *open_side(uint32_t mechanism, struct ledger_file *file, uint32_t sheet) {
  struct session_settings settings = {.payload_bytes = 100, .sheet = sheet, .peer_sheet = 1 - sheet};
  settings.channel.mechanism = mechanism;
  settings.channel.silence_ns = 10 * NS_PER_SECOND;
  snprintf(settings.channel.endpoint, ENDPOINT_BYTES, "ipc-test-%d", (int)getpid());
  return session_open(&settings, file);
}

static struct pair open_pair(uint32_t mechanism) {
  struct pair pair = {.file = ledger_file_private(2)};
  for (uint32_t i = 0; i < 2; i++) pair.sides[i] = open_side(mechanism, pair.file, i);
  CHECK_EQUAL(session_listen(pair.sides[SERVER]), 0);
  CHECK_EQUAL(session_connect(pair.sides[CLIENT]), 0);
  CHECK_EQUAL(session_accept(pair.sides[SERVER], 1000), 0);
  session_unlink(pair.sides[SERVER]);
  return pair;
}

static void close_pair(struct pair pair) {
  session_close(pair.sides[CLIENT]);
  session_close(pair.sides[SERVER]);
  munmap(pair.file, pair.file->bytes);
}

static struct waiter *open_waiter(struct session *session) {
  atomic_store(&calls, 0);
  atomic_store(&is_closed, 0);
  struct waiter *waiter = waiter_open(session, called);
  CHECK(waiter != NULL);
  return waiter;
}

static void close_waiter(struct waiter *waiter) {
  waiter_close(waiter);
  atomic_store(&is_closed, 1);
}

static void sleep_us(uint64_t us) {
  struct timespec length = timespec_of_ns((int64_t)us * 1000);
  nanosleep(&length, NULL);
}

static int is_called(int times, int64_t within_ns) {
  int64_t until_ns = clock_now_ns() + within_ns;
  while (atomic_load(&calls) < times && clock_now_ns() < until_ns) sleep_us(20);
  return atomic_load(&calls) == times;
}

/* A waiter that looks holds a slot's lock for a moment: not now, call again. */
static int32_t send_id(struct session *session, double id) {
  int32_t rc = session_send(session, id, FRAME_ONE_WAY);
  for (; rc == -EAGAIN; rc = session_flush(session)) sleep_us(10);
  return rc;
}

static int32_t receive(struct session *session) {
  int32_t rc;
  while ((rc = session_receive(session)) == -EAGAIN) sleep_us(10);
  return rc;
}

/* ---- one task ---- */

static void a_message_ends_a_wait(uint32_t mechanism) {
  struct pair pair = open_pair(mechanism);
  struct waiter *waiter = open_waiter(pair.sides[SERVER]);
  for (int turn = 1; turn <= 200; turn++) {
    waiter_arm(waiter, WAITER_READABLE);
    if (turn % 2) sleep_us(random_below(100));
    CHECK_EQUAL(send_id(pair.sides[CLIENT], turn), 0);
    CHECK(is_called(turn, 5 * NS_PER_SECOND));
    CHECK_EQUAL(atomic_load(&last_status), 0);
    CHECK_EQUAL(receive(pair.sides[SERVER]), FRAME_ONE_WAY);
  }
  close_waiter(waiter);
  close_pair(pair);
}

static void room_ends_a_wait(uint32_t mechanism) {
  struct pair pair = open_pair(mechanism);
  struct waiter *waiter = open_waiter(pair.sides[CLIENT]);
  double id = 0;
  while (session_send(pair.sides[CLIENT], id, FRAME_ONE_WAY) == 0 && id < 1e6) id++;
  waiter_arm(waiter, WAITER_WRITABLE);
  CHECK(!is_called(1, 5 * NS_PER_MS));
  /* The frame that found no room may need that of more than one message. */
  int turns = 0;
  do {
    CHECK_EQUAL(receive(pair.sides[SERVER]), FRAME_ONE_WAY);
  } while (!is_called(1, 200 * NS_PER_MS) && ++turns < 100);
  CHECK(is_called(1, 0));
  CHECK_EQUAL(session_flush(pair.sides[CLIENT]), 0);
  CHECK_EQUAL(atomic_load(&last_status), 0);
  close_waiter(waiter);
  close_pair(pair);
}

static void a_pause_lasts(uint32_t mechanism) {
  struct pair pair = open_pair(mechanism);
  struct waiter *waiter = open_waiter(pair.sides[CLIENT]);
  for (int turn = 1; turn <= 5; turn++) {
    int64_t start_ns = clock_now_ns();
    CHECK_EQUAL(session_pause(pair.sides[CLIENT], 3e6), -EAGAIN);
    waiter_arm(waiter, WAITER_PAUSE);
    CHECK(is_called(turn, 5 * NS_PER_SECOND));
    CHECK_EQUAL(session_end_pause(pair.sides[CLIENT]), 0);
    CHECK(clock_now_ns() - start_ns >= 3 * NS_PER_MS);
  }
  close_waiter(waiter);
  close_pair(pair);
}

static void silence_and_stop_end_a_wait(uint32_t mechanism) {
  struct pair pair = open_pair(mechanism);
  pair.sides[SERVER]->channel->silence_ns = 150 * NS_PER_MS;
  struct waiter *waiter = open_waiter(pair.sides[SERVER]);
  waiter_arm(waiter, WAITER_READABLE);
  CHECK(is_called(1, 5 * NS_PER_SECOND));
  CHECK_EQUAL(atomic_load(&last_status), -ETIMEDOUT);
  pair.sides[SERVER]->channel->silence_ns = 100 * NS_PER_SECOND;
  waiter_arm(waiter, WAITER_READABLE);
  sleep_us(1000);
  atomic_store(&pair.file->stop, 1);
  CHECK(is_called(2, 5 * NS_PER_SECOND));
  CHECK_EQUAL(atomic_load(&last_status), -ECANCELED);
  close_waiter(waiter);
  close_pair(pair);
}

/* ---- storms ---- */

static int thread_count(void) {
  int count = 0;
#if defined(__linux__)
  DIR *tasks = opendir("/proc/self/task");
  while (readdir(tasks) != NULL) count++;
  closedir(tasks);
#endif
  return count;
}

/* Closed at any moment: before the thread runs, asleep, being woken, called back, pausing. */
static void waiters_close_at_any_moment(uint32_t mechanism) {
  struct pair pair = open_pair(mechanism);
  pair.sides[SERVER]->channel->silence_ns = 100 * NS_PER_SECOND;
  int before = thread_count();
  int64_t longest_ns = 0;
  for (int cycle = 0; cycle < CYCLES; cycle++) {
    struct waiter *waiter = open_waiter(pair.sides[SERVER]);
    /* A pause under way is slept to the end of its slice. */
    uint64_t kind = cycle % 50 == 0 ? 1 : 2 * random_below(3);
    if (kind == 1) session_pause(pair.sides[SERVER], 2e9);
    if (kind > 0) waiter_arm(waiter, kind == 1 ? WAITER_PAUSE : WAITER_READABLE);
    if (random_below(2)) sleep_us(random_below(120));
    int sent = kind == 4 && send_id(pair.sides[CLIENT], cycle) == 0;
    if (random_below(2)) sleep_us(random_below(60));
    int64_t start_ns = clock_now_ns();
    close_waiter(waiter);
    int64_t took_ns = clock_now_ns() - start_ns;
    if (took_ns > longest_ns) longest_ns = took_ns;
    if (sent) CHECK_EQUAL(receive(pair.sides[SERVER]), FRAME_ONE_WAY);
  }
  CHECK_EQUAL(thread_count(), before);
  /* Far below the silence limit: the wait was ended, not waited for. */
  CHECK(longest_ns < 5 * NS_PER_SECOND);
  /* A close that fell into no wait may end the next one early, but only that. */
  struct waiter *waiter = open_waiter(pair.sides[SERVER]);
  waiter_arm(waiter, WAITER_READABLE);
  CHECK_EQUAL(send_id(pair.sides[CLIENT], CYCLES), 0);
  CHECK(is_called(1, 5 * NS_PER_SECOND));
  close_waiter(waiter);
  close_pair(pair);
}

int main(void) {
  for (size_t i = 0; i < sizeof mechanisms / sizeof mechanisms[0]; i++) {
    a_message_ends_a_wait(mechanisms[i]);
    room_ends_a_wait(mechanisms[i]);
    a_pause_lasts(mechanisms[i]);
    silence_and_stop_end_a_wait(mechanisms[i]);
    waiters_close_at_any_moment(mechanisms[i]);
  }
  return check_report();
}
