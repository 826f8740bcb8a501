#include "plat/clock.h"

#include <errno.h>

int64_t clock_monotonic_ns(void) { return clock_now_ns(); }

int64_t clock_realtime_offset_ns(void) {
  int64_t best_gap_ns = INT64_MAX;
  int64_t offset_ns = 0;
  for (int i = 0; i < 8; i++) {
    int64_t before_ns = clock_now_ns();
    int64_t wall_ns = clock_read_ns(CLOCK_REALTIME);
    int64_t after_ns = clock_now_ns();
    if (after_ns - before_ns < best_gap_ns) {
      best_gap_ns = after_ns - before_ns;
      offset_ns = wall_ns - (before_ns + best_gap_ns / 2);
    }
  }
  return offset_ns;
}

void clock_sleep(int64_t length_ns) {
  struct timespec length = timespec_of_ns(length_ns);
#if defined(__APPLE__)
  nanosleep(&length, NULL);
#else
  clock_nanosleep(CLOCK_MONOTONIC, 0, &length, NULL);
#endif
}

int clock_pause_until(int64_t until_ns, const stop_flag *stop) {
  for (;;) {
    if (is_stopping(stop)) return -ECANCELED;
    int64_t left_ns = until_ns - clock_now_ns();
    if (left_ns <= 0) return 0;
    if (left_ns > CLOCK_SPIN_TAIL_NS) {
      int64_t nap_ns = left_ns - CLOCK_SPIN_TAIL_NS;
      clock_sleep(nap_ns < WAIT_SLICE_NS ? nap_ns : WAIT_SLICE_NS);
    } else {
      cpu_relax();
    }
  }
}
