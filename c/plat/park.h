/*
 * Where a side of a shared-memory channel sleeps, and how the other side wakes it. A park lies in memory that both
 * processes map: a lock, and a condition variable for each of two places (readers and writers).
 *
 * Protocol; it loses no wake-up, as either the publisher sees the announcement or the sleeper sees what was published:
 *
 *   sleeper:   lock · announce (`waiting` = 1) · look again · unlock and sleep, timed
 *   publisher: publish · look at `waiting`; if it is set: lock · `waiting` = 0 · unlock · signal
 *
 * All four looks and stores are seq_cst, so they have one total order, and of two sides that each store first and look
 * afterwards one sees the other's store (Dekker). Acquire and release do not do: on arm64 an acquire load may be LDAPR, which
 * passes an earlier store, on x86 a release store is a plain one, which later loads pass. There are no fences: ThreadSanitizer
 * can't follow them. Signalling comes after unlocking, or the woken sleeper would run into the lock. Only one thread may sleep at
 * a place at a time.
 *
 *   published           by                               looked at again by
 *   tail, head          publish_tail, publish_head       reader_ready, writer_ready         (ring.c)
 *   closed              shm_object_leave                 shm_object_look_again_left         (in each `ready` of ring.c, direct.c)
 *   attached            shm_object_attach                has_client                         (shm_object.c)
 *   cancelled           park_cancel                      take_cancelled                     (park_steps.h)
 *   full                hand_over, under the lock        is_full, under the same lock: it orders them   (direct.c)
 *   signals             park_signal, which counts        futex_sleep, for which the kernel looks again  (linux/park.c)
 *
 * test/model/park.pml is this protocol with store buffers, step by step. test/unit/native/ordering.test.ts looks for the
 * instructions. All other words that threads share are polled (stop flag, start, counts) or pass data one way (magic, record
 * rings): nobody sleeps for them without a time limit, so they need no such pair.
 *
 * On Linux both are words with a futex, not pthread_mutex_t and pthread_cond_t, since
 *   - glibc and musl keep the addresses of a robust mutex's neighbours in the mutex itself and write through them: a peer
 *     that scribbles over it makes us write anywhere. A word can't be worth more than "held", and waits for it are timed;
 *   - glibc's condition variable locks itself internally: a process killed or stopped in pthread_cond_signal leaves its peer
 *     hanging, however its wait was timed; and it takes the mutex back without a limit of time.
 * A holder that dies leaves the lock held. That it died is told by the lock that the kernel holds for it (life.h).
 *
 * Elsewhere they are those of pthreads (on Linux with IPC_NO_FUTEX and posix/park.c, to test that). There a peer killed
 * within the few instructions under the lock can leave us hanging.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "plat/line.h"

/* PARK_LIBRARY differs where the members of a park may have the same sizes but another meaning. */
#if defined(__linux__) && !defined(IPC_NO_FUTEX)
#define PARK_FUTEX 1
#define PARK_LIBRARY 0
#elif defined(__GLIBC__)
#define PARK_FUTEX 0
#define PARK_LIBRARY 1
#else
#define PARK_FUTEX 0
#define PARK_LIBRARY 2
#endif

#define PARK_PLACES 2 /* indexed by enum readiness */

struct park_place {
  _Atomic uint32_t waiting; /* set by the sleeper, cleared by whoever will signal, or by the sleeper itself */
#if PARK_FUTEX
  _Atomic uint32_t signals; /* counts them; the futex slept on */
#else
  pthread_cond_t condition;
#endif
};

struct park {
#if PARK_FUTEX
  _Atomic uint32_t lock; /* 0 free, 1 held, anything else held and waited for */
#else
  pthread_mutex_t mutex;
#endif
  struct park_place places[PARK_PLACES];
};

/* What a sleeper waits for. */
struct park_wish {
  /* More than 0: it has come. Less: an error ends the wait. Reads what publishers write with seq_cst. */
  int (*ready)(const void *context);
  const void *context;
  /* In private memory; park_cancel sets it to end this wait, or the next one if none is under way. May be NULL. */
  _Atomic uint32_t *cancelled;
};

/* In memory just mapped, zeroed, that nobody else looks at yet. There is no counterpart: dying peers leave no park in order. */
int park_init(struct park *park);

/* 0, or -EAGAIN if it is held for the whole slice (0: only try), also by the dead; only after 0 it is ours. */
int park_lock(struct park *park, int64_t slice_ns);
void park_unlock(struct park *park);

/* 0: look again. -EAGAIN: nothing came within the slice (or until the tick), or cancelled. Else the error of `ready` or park_lock. */
int park_sleep(struct park *park, unsigned place, const struct park_wish *wish, int64_t slice_ns);

/* Ends a park_sleep in another thread of this process. */
void park_cancel(struct park *park, unsigned place, _Atomic uint32_t *cancelled);

/* Lets the sleeper announced run, if there still is one. */
void park_wake_sleeper(struct park *park, unsigned place);

/* After publishing by a seq_cst store. Without a sleeper it costs one load of a line that is seldom written. */
static inline void park_wake(struct park *park, unsigned place) {
  if (atomic_load_explicit(&park->places[place].waiting, memory_order_seq_cst) != 0) park_wake_sleeper(park, place);
}

/* The same for a publisher that holds the lock anyway: take the announcement under it, unlock, then signal if it was set. */
static inline int park_take_sleeper(struct park *park, unsigned place) {
  return atomic_exchange_explicit(&park->places[place].waiting, 0, memory_order_relaxed) != 0;
}
void park_signal(struct park *park, unsigned place);
