/* Ticks end a system call that would sleep for ever, in the thread that asked for them and in no other. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>

#include "check.h"
#include "plat/clock.h"
#include "plat/tick.h"

static int sleep_ms(int ms) { return poll(NULL, 0, ms) < 0 ? errno : 0; }

static void *sleep_elsewhere(void *result) {
  *(int *)result = sleep_ms(350);
  return NULL;
}

static void test_interrupts(void) {
  CHECK_EQUAL(tick_start(), 0);
  for (int i = 0; i < 3; i++) {
    int64_t start_ns = clock_now_ns();
    CHECK_EQUAL(sleep_ms(5000), EINTR);
    CHECK(clock_now_ns() - start_ns < 2000 * NS_PER_MS);
  }
  tick_stop();
  CHECK_EQUAL(sleep_ms(250), 0);
}

static void test_nests(void) {
  CHECK_EQUAL(tick_start(), 0);
  CHECK_EQUAL(tick_start(), 0);
  tick_stop();
  CHECK_EQUAL(sleep_ms(5000), EINTR);
  tick_stop();
  CHECK_EQUAL(sleep_ms(250), 0);
}

static void test_leaves_other_threads_alone(void) {
  int result = -1;
  pthread_t thread;
  CHECK_EQUAL(tick_start(), 0);
  CHECK_EQUAL(pthread_create(&thread, NULL, sleep_elsewhere, &result), 0);
  CHECK_EQUAL(sleep_ms(5000), EINTR);
  pthread_join(thread, NULL);
  tick_stop();
  CHECK_EQUAL(result, 0);
}

int main(void) {
#if defined(__linux__)
  test_interrupts();
  test_nests();
  test_leaves_other_threads_alone();
#else
  CHECK_EQUAL(tick_start(), -ENOTSUP);
#endif
  return check_report();
}
