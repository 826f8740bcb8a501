/* The steps of a park that do not depend on what it sleeps on. For the one file that a platform builds of park.c. */
#pragma once

#include <errno.h>

#include "plat/clock.h"
#include "plat/park.h"

/* Tests spin for a random while between the steps of the protocol, and count the sleeps that nobody ended. */
#if defined(PARK_TEST_HOOKS)
void park_test_delay(void);
void park_test_timed_out(void);
#define PARK_DELAY_POINT() park_test_delay()
#define PARK_TIMED_OUT() park_test_timed_out()
#else
#define PARK_DELAY_POINT() ((void)0)
#define PARK_TIMED_OUT() ((void)0)
#endif

/* Ends the announcement; whether it was still there, so that nobody has signalled or will. Relaxed: it only decides who signals,
 * and of several who withdraw the same announcement one gets it. */
static int withdraw(struct park_place *place) {
  return atomic_exchange_explicit(&place->waiting, 0, memory_order_relaxed) != 0;
}

/* Whether the wait was cancelled; then the next one is not. A second look: pairs with the store in park_cancel. */
static int take_cancelled(const struct park_wish *wish) {
  if (wish->cancelled == NULL || atomic_load_explicit(wish->cancelled, memory_order_seq_cst) == 0) return 0;
  return atomic_exchange_explicit(wish->cancelled, 0, memory_order_seq_cst) != 0;
}

/* The second look: more than 0 go, 0 sleep, less an error. */
static int look_again(const struct park_wish *wish) {
  if (take_cancelled(wish)) return -EAGAIN;
  return wish->ready(wish->context);
}

void park_wake_sleeper(struct park *park, unsigned index) {
  PARK_DELAY_POINT();
  /* A peer stopped under the lock must not stop us: then we signal without it, and where that is a pthread_cond_t the
   * sleeper may sleep to the end of its slice. */
  int locked = park_lock(park, WAIT_SLICE_NS) == 0;
  int waiting = withdraw(&park->places[index]);
  PARK_DELAY_POINT();
  if (locked) park_unlock(park);
  PARK_DELAY_POINT();
  if (waiting) park_signal(park, index);
}

void park_cancel(struct park *park, unsigned index, _Atomic uint32_t *cancelled) {
  /* Published to take_cancelled. What the caller stored before (waiter.c: `closing`) is seen by whoever sees this. */
  atomic_store_explicit(cancelled, 1, memory_order_seq_cst);
  int locked = park_lock(park, WAIT_SLICE_NS) == 0;
  int waiting = withdraw(&park->places[index]);
  if (locked) park_unlock(park);
  /* Whoever else took the announcement may have died or been stopped before signalling; a futex may be signalled twice. */
  if (waiting || PARK_FUTEX) park_signal(park, index);
}
