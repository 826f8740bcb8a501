/* What all waits have in common: whatever they sleep on, they look around from time to time. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

/* Longest time that any native wait sleeps before it looks at the stop flag and at its peer again. */
#define WAIT_SLICE_NS INT64_C(100000000)

/* In place of a slice: until something comes or a tick interrupts (tick.h). For the ticking thread only. */
#define WAIT_UNTIL_TICK INT64_MAX

/* What a side waits for, as a sleeper; the event loop waits for the same two things. */
enum readiness { READABLE = 0, WRITABLE = 1 };

/* Polled: whoever sleeps looks again after a slice, so setting it pairs with nothing and relaxed does. */
typedef _Atomic uint32_t stop_flag;
/* After a signal it has the process that got it, above so many bits with the signal's number. */
#define STOP_SIGNAL_BITS 7

static inline int is_stopping(const stop_flag *stop) { return atomic_load_explicit(stop, memory_order_relaxed) != 0; }
