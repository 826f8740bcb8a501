#include "plat/park.h"

#include <errno.h>
#include <sched.h>
#include <time.h>

#include "plat/clock.h"
#include "plat/tick.h"

#if PARK_FUTEX
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

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

/* Ends the announcement; whether it was still there, so that nobody has signalled or will. */
static int withdraw(struct park_place *place) {
  return atomic_exchange_explicit(&place->waiting, 0, memory_order_relaxed) != 0;
}

/* Whether the wait was cancelled; then the next one is not. */
static int take_cancelled(const struct park_wish *wish) {
  if (wish->cancelled == NULL || atomic_load_explicit(wish->cancelled, memory_order_seq_cst) == 0) return 0;
  return atomic_exchange_explicit(wish->cancelled, 0, memory_order_seq_cst) != 0;
}

/* The second look: more than 0 go, 0 sleep, less an error. */
static int look_again(const struct park_wish *wish) {
  if (take_cancelled(wish)) return -EAGAIN;
  return wish->ready(wish->context);
}

#if PARK_FUTEX

enum { LOCK_FREE, LOCK_HELD, LOCK_AWAITED };

int park_init(struct park *park) {
  atomic_store_explicit(&park->lock, LOCK_FREE, memory_order_relaxed);
  return 0;
}

static int futex(_Atomic uint32_t *word, int operation, uint32_t value, const struct timespec *limit) {
  return (int)syscall(SYS_futex, word, operation, value, limit, NULL, 0);
}

/* Acquire: pairs with the release of park_unlock. Who has waited leaves the word saying so, as others may wait too. */
static int lock_timed(_Atomic uint32_t *lock, int64_t slice_ns) {
  /* No tick interrupts this. */
  int64_t until_ns = clock_now_ns() + (slice_ns == WAIT_UNTIL_TICK ? WAIT_SLICE_NS : slice_ns);
  while (atomic_exchange_explicit(lock, LOCK_AWAITED, memory_order_acquire) != LOCK_FREE) {
    int64_t left_ns = until_ns - clock_now_ns();
    if (left_ns <= 0) return -EAGAIN;
    struct timespec left = timespec_of_ns(left_ns);
    futex(lock, FUTEX_WAIT, LOCK_AWAITED, &left);
  }
  return 0;
}

int park_lock(struct park *park, int64_t slice_ns) {
  uint32_t free = LOCK_FREE;
  if (atomic_compare_exchange_strong_explicit(&park->lock, &free, LOCK_HELD, memory_order_acquire, memory_order_relaxed)) return 0;
  return slice_ns > 0 ? lock_timed(&park->lock, slice_ns) : -EAGAIN;
}

void park_unlock(struct park *park) {
  uint32_t was = atomic_exchange_explicit(&park->lock, LOCK_FREE, memory_order_release);
  if (was != LOCK_HELD) futex(&park->lock, FUTEX_WAKE, 1, NULL);
}

/* Whether the slice ran out, or a tick ended it. */
static int futex_sleep(_Atomic uint32_t *word, uint32_t while_equal, int64_t slice_ns) {
  struct timespec slice = timespec_of_ns(slice_ns);
  const struct timespec *limit = slice_ns == WAIT_UNTIL_TICK ? NULL : &slice;
  return futex(word, FUTEX_WAIT, while_equal, limit) != 0 && (errno == ETIMEDOUT || errno == EINTR);
}

int park_sleep(struct park *park, unsigned index, const struct park_wish *wish, int64_t slice_ns) {
  struct park_place *place = &park->places[index];
  int rc = park_lock(park, slice_ns);
  if (rc != 0) return rc;
  PARK_DELAY_POINT();
  /* Read before the announcement: whoever sees that adds to it, and then the futex doesn't sleep. */
  uint32_t signals = atomic_load_explicit(&place->signals, memory_order_seq_cst);
  PARK_DELAY_POINT();
  atomic_store_explicit(&place->waiting, 1, memory_order_seq_cst);
  PARK_DELAY_POINT();
  rc = look_again(wish);
  if (rc != 0) withdraw(place);
  park_unlock(park);
  if (rc != 0) return rc > 0 ? 0 : rc;
  PARK_DELAY_POINT();
  int timed_out = futex_sleep(&place->signals, signals, slice_ns);
  int unsignalled = withdraw(place);
  if (take_cancelled(wish)) return -EAGAIN;
  if (timed_out && unsignalled) PARK_TIMED_OUT();
  return timed_out && unsignalled ? -EAGAIN : 0;
}

void park_signal(struct park *park, unsigned index) {
  _Atomic uint32_t *signals = &park->places[index].signals;
  atomic_fetch_add_explicit(signals, 1, memory_order_seq_cst);
  futex(signals, FUTEX_WAKE, 1, NULL);
}

#else

static int init_mutex(pthread_mutex_t *mutex) {
  pthread_mutexattr_t attributes;
  int rc = pthread_mutexattr_init(&attributes);
  if (rc != 0) return -rc;
  rc = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  if (rc == 0) rc = pthread_mutex_init(mutex, &attributes);
  pthread_mutexattr_destroy(&attributes);
  return -rc;
}

static int init_condition(pthread_cond_t *condition) {
  pthread_condattr_t attributes;
  int rc = pthread_condattr_init(&attributes);
  if (rc != 0) return -rc;
  rc = pthread_condattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
#if !defined(__APPLE__)
  if (rc == 0) rc = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
#endif
  if (rc == 0) rc = pthread_cond_init(condition, &attributes);
  pthread_condattr_destroy(&attributes);
  return -rc;
}

int park_init(struct park *park) {
  int rc = init_mutex(&park->mutex);
  for (int i = 0; rc == 0 && i < PARK_PLACES; i++) rc = init_condition(&park->places[i].condition);
  return rc;
}

/* macOS has no timed lock: try, first giving the processor away, then in naps that don't cost much. */
int park_lock(struct park *park, int64_t slice_ns) {
  int64_t until_ns = 0;
  for (int turn = 0;; turn++) {
    int rc = pthread_mutex_trylock(&park->mutex);
    if (rc != EBUSY) return -rc;
    int64_t now_ns = clock_now_ns();
    if (until_ns == 0) until_ns = now_ns + slice_ns;
    if (now_ns >= until_ns) return -EAGAIN;
    struct timespec nap = {.tv_nsec = 50000};
    if (turn < 100) {
      sched_yield();
    } else {
      nanosleep(&nap, NULL);
    }
  }
}

static int condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t until_ns) {
#if defined(__APPLE__)
  int64_t left_ns = until_ns - clock_now_ns();
  struct timespec left = timespec_of_ns(left_ns > 0 ? left_ns : 0);
  return pthread_cond_timedwait_relative_np(condition, mutex, &left);
#else
  struct timespec until = timespec_of_ns(until_ns);
  return pthread_cond_timedwait(condition, mutex, &until);
#endif
}

int park_sleep(struct park *park, unsigned index, const struct park_wish *wish, int64_t slice_ns) {
  struct park_place *place = &park->places[index];
  int64_t until_ns = clock_now_ns() + slice_ns;
  int rc = park_lock(park, slice_ns);
  if (rc != 0) return rc;
  PARK_DELAY_POINT();
  atomic_store_explicit(&place->waiting, 1, memory_order_seq_cst);
  PARK_DELAY_POINT();
  rc = look_again(wish);
  while (rc == 0 && atomic_load_explicit(&place->waiting, memory_order_relaxed) != 0) {
    if (condition_wait(&place->condition, &park->mutex, until_ns) != 0) rc = -ETIMEDOUT;
  }
  int unsignalled = withdraw(place);
  park_unlock(park);
  if (rc == 0 || rc == -ETIMEDOUT) {
    if (take_cancelled(wish)) return -EAGAIN;
    if (unsignalled) PARK_TIMED_OUT();
    return unsignalled ? -EAGAIN : 0;
  }
  return rc > 0 ? 0 : rc;
}

void park_signal(struct park *park, unsigned index) { pthread_cond_signal(&park->places[index].condition); }

void park_unlock(struct park *park) { pthread_mutex_unlock(&park->mutex); }

#endif

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
  atomic_store_explicit(cancelled, 1, memory_order_seq_cst);
  int locked = park_lock(park, WAIT_SLICE_NS) == 0;
  int waiting = withdraw(&park->places[index]);
  if (locked) park_unlock(park);
  /* Whoever else took the announcement may have died or been stopped before signalling; a futex may be signalled twice. */
  if (waiting || PARK_FUTEX) park_signal(park, index);
}
