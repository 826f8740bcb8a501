/* The one clock of every measured interval: CLOCK_MONOTONIC, signed 64-bit nanoseconds. */
#pragma once

#include <stdint.h>
#include <time.h>

#include "plat/wait.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

static inline int64_t clock_read_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static inline int64_t clock_now_ns(void) { return clock_read_ns(CLOCK_MONOTONIC); }

static inline struct timespec timespec_of_ns(int64_t ns) {
  return (struct timespec){.tv_sec = ns / NS_PER_SECOND, .tv_nsec = ns % NS_PER_SECOND};
}

static inline void cpu_relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* clock_now_ns for TypeScript, which it costs a BigInt. */
int64_t clock_monotonic_ns(void);

/* Nanoseconds to add to CLOCK_MONOTONIC to get CLOCK_REALTIME, taken as the tightest of a few pairs of readings. */
int64_t clock_realtime_offset_ns(void);

/* A sleep overshoots by some 40 us even with a timer slack of 1 ns, so the last stretch of a wait is spun. */
#define CLOCK_SPIN_TAIL_NS INT64_C(50000)

/* Sleeps about that long; a signal ends it early. */
void clock_sleep(int64_t length_ns);

/* Sleeps to 50 us before `until_ns`, then spins. Returns 0, or -ECANCELED once *stop is set. */
int clock_pause_until(int64_t until_ns, const stop_flag *stop);
