/* Where there is no futex: a mutex and condition variables. */
#include <sched.h>

#include "plat/park_steps.h"

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
