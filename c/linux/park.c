/* A park's lock and its sleepers' word are futexes. */
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "plat/park_steps.h"

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
