/* The park on its own: locks whose holders die or stop, sleeps that end in time, and no wake-up lost. */
#include "plat/park.h"

#include "pair.h"
#include "random.h"
#include "shm_hooks.h"

struct shared {
  struct park park;
  _Atomic uint64_t turns[2]; /* how often each side has published */
};

static struct shared *shared;

static void fresh(void) {
  if (shared == NULL) shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  memset((void *)shared, 0, sizeof *shared);
  CHECK_EQUAL(park_init(&shared->park), 0);
}

static int never(const void *context) {
  (void)context;
  return 0;
}
static int at_once(const void *context) {
  (void)context;
  return 1;
}
static int broken(const void *context) {
  (void)context;
  return -EPROTO;
}

/* ---- sleeping ---- */

static void sleeps_end_in_time(void) {
  fresh();
  struct park_wish wish = {.ready = never};
  int64_t start_ns = clock_now_ns();
  CHECK_EQUAL(park_sleep(&shared->park, READABLE, &wish, 20 * NS_PER_MS), -EAGAIN);
  CHECK(clock_now_ns() - start_ns >= 20 * NS_PER_MS);
  wish.ready = at_once;
  CHECK_EQUAL(park_sleep(&shared->park, READABLE, &wish, LONG_SLICE_NS), 0);
  wish.ready = broken;
  CHECK_EQUAL(park_sleep(&shared->park, READABLE, &wish, LONG_SLICE_NS), -EPROTO);
  CHECK_EQUAL(shared->park.places[READABLE].waiting, 0);
}

static int cancel_soon(struct channel *none, const void *cancelled) {
  (void)none;
  pause_ms(30);
  park_cancel(&shared->park, WRITABLE, (_Atomic uint32_t *)(uintptr_t)cancelled);
  return 0;
}

static void cancelling_ends_one_sleep(void) {
  fresh();
  _Atomic uint32_t cancelled = 0;
  struct park_wish wish = {.ready = never, .cancelled = &cancelled};
  int64_t start_ns = clock_now_ns();
  park_cancel(&shared->park, WRITABLE, &cancelled);
  CHECK_EQUAL(park_sleep(&shared->park, WRITABLE, &wish, LONG_SLICE_NS), -EAGAIN);
  struct errand errand = {.run = cancel_soon, .context = (const void *)&cancelled};
  start_errand(&errand);
  CHECK_EQUAL(park_sleep(&shared->park, WRITABLE, &wish, LONG_SLICE_NS), -EAGAIN);
  CHECK(clock_now_ns() - start_ns < SOON_NS);
  finish_errand(&errand);
  start_ns = clock_now_ns();
  CHECK_EQUAL(park_sleep(&shared->park, WRITABLE, &wish, 20 * NS_PER_MS), -EAGAIN);
  CHECK(clock_now_ns() - start_ns >= 20 * NS_PER_MS);
}

/* ---- no wake-up is lost ---- */

static int peer_has_moved(const void *context) {
  int side = *(const int *)context;
  uint64_t ours = atomic_load(&shared->turns[side]), theirs = atomic_load(&shared->turns[1 - side]);
  return side == 0 ? theirs == ours : theirs > ours;
}

static int take_turns(struct channel *none, const void *context) {
  (void)none;
  unsigned side = (unsigned)*(const int *)context;
  struct park_wish wish = {.ready = peer_has_moved, .context = context};
  for (uint64_t turn = 1; turn <= rounds; turn++) {
    if (side == 0) {
      atomic_store(&shared->turns[0], turn);
      park_wake(&shared->park, 1);
    }
    while (!peer_has_moved(context)) park_sleep(&shared->park, side, &wish, LONG_SLICE_NS);
    if (side == 1) {
      atomic_store(&shared->turns[1], turn);
      park_wake(&shared->park, 0);
    }
  }
  return 0;
}

static void no_wake_up_is_lost(void) {
  static const int sides[2] = {0, 1};
  fresh();
  atomic_store(&timed_out_count, 0);
  atomic_store(&delays_on, 1);
  struct errand other = {.run = take_turns, .context = &sides[1]};
  start_errand(&other);
  take_turns(NULL, &sides[0]);
  finish_errand(&other);
  atomic_store(&delays_on, 0);
  CHECK_EQUAL(shared->turns[1], rounds);
  CHECK_EQUAL(timed_out_count, 0);
}

/* ---- holders that stop or die ---- */

static pid_t child_holding_the_lock(void) {
  pid_t child = fork();
  if (child == 0) {
    park_lock(&shared->park, LONG_SLICE_NS);
    atomic_store(&shared->turns[1], 1);
    for (;;) pause();
  }
  while (atomic_load(&shared->turns[1]) == 0) sched_yield();
  return child;
}

static void a_stopped_holder_costs_a_slice(void) {
  fresh();
  pid_t child = child_holding_the_lock();
  kill(child, SIGSTOP);
  struct park_wish wish = {.ready = never};
  int64_t start_ns = clock_now_ns();
  CHECK_EQUAL(park_lock(&shared->park, 0), -EAGAIN);
  CHECK_EQUAL(park_lock(&shared->park, 20 * NS_PER_MS), -EAGAIN);
  CHECK_EQUAL(park_sleep(&shared->park, READABLE, &wish, 20 * NS_PER_MS), -EAGAIN);
  atomic_store(&shared->park.places[READABLE].waiting, 1);
  park_wake(&shared->park, READABLE);
  CHECK(clock_now_ns() - start_ns < SOON_NS);
  kill_peer(child);
}

#if PARK_FUTEX

/* Whether it died is for the caller to find out. */
static void a_dead_holder_costs_a_slice(void) {
  fresh();
  pid_t child = child_holding_the_lock();
  kill_peer(child);
  int64_t start_ns = clock_now_ns();
  CHECK_EQUAL(park_lock(&shared->park, 0), -EAGAIN);
  CHECK_EQUAL(park_lock(&shared->park, 20 * NS_PER_MS), -EAGAIN);
  CHECK(clock_now_ns() - start_ns < SOON_NS);
}

/* Whatever is written into a park, calls end in time, and what is not "free" can't be had. */
static int64_t time_calls_on(const uint8_t *scribble, int round) {
  fresh();
  memcpy((void *)&shared->park, scribble, sizeof shared->park);
  struct park_wish wish = {.ready = round % 2 ? never : at_once};
  int64_t start_ns = clock_now_ns();
  CHECK_EQUAL(park_lock(&shared->park, NS_PER_MS), -EAGAIN);
  CHECK_EQUAL(park_sleep(&shared->park, READABLE, &wish, NS_PER_MS), -EAGAIN);
  park_wake(&shared->park, WRITABLE);
  park_unlock(&shared->park);
  CHECK_EQUAL(park_sleep(&shared->park, READABLE, &wish, NS_PER_MS), round % 2 ? -EAGAIN : 0);
  return clock_now_ns() - start_ns;
}

static void scribbles_over_a_park_cost_slices_only(void) {
  for (int round = 0; round < 200; round++) {
    uint8_t scribble[sizeof shared->park];
    for (size_t i = 0; i < sizeof scribble; i++) scribble[i] = (uint8_t)random_u64();
    /* A machine may take the CPU away for that long, but not each time; a fault would be there each time. */
    int64_t took_ns = time_calls_on(scribble, round);
    for (int again = 0; again < 3 && took_ns >= SOON_NS; again++) took_ns = time_calls_on(scribble, round);
    CHECK(took_ns < SOON_NS);
  }
}

static void sleep_for_ever(void) {
  struct park_wish wish = {.ready = never};
  for (;;) park_sleep(&shared->park, READABLE, &wish, LONG_SLICE_NS);
}

static void a_dead_sleeper_does_not_hold_up_its_waker(void) {
  for (int round = 0; round < 100; round++) {
    fresh();
    pid_t child = fork();
    if (child == 0) sleep_for_ever();
    int64_t until_ns = clock_now_ns() + (round % 10) * NS_PER_MS / 10 + NS_PER_MS;
    while (clock_now_ns() < until_ns) park_wake(&shared->park, READABLE);
    kill_peer(child);
    /* It may have died with the lock, which costs a slice: once, as it announces itself no more. */
    int64_t start_ns = clock_now_ns();
    atomic_store(&shared->park.places[READABLE].waiting, 1);
    park_wake(&shared->park, READABLE);
    CHECK(clock_now_ns() - start_ns < WAIT_SLICE_NS + SOON_NS);
    CHECK_EQUAL(shared->park.places[READABLE].waiting, 0);
  }
}

/* With a pthread_cond_t of glibc one in a thousand of these leaves the sleeper hanging. */
static void a_dead_waker_does_not_hold_up_its_sleeper(void) {
  struct park_wish wish = {.ready = never};
  int64_t longest_ns = 0;
  for (int round = 0; round < 1000; round++) {
    fresh();
    pid_t child = fork();
    if (child == 0) {
      for (;;) park_wake(&shared->park, READABLE);
    }
    int64_t kill_ns = clock_now_ns() + 400000 + round * 997 % 600000;
    while (clock_now_ns() < kill_ns) park_sleep(&shared->park, READABLE, &wish, NS_PER_MS);
    kill_peer(child);
    int64_t start_ns = clock_now_ns();
    park_sleep(&shared->park, READABLE, &wish, NS_PER_MS);
    int64_t took_ns = clock_now_ns() - start_ns;
    if (took_ns > longest_ns) longest_ns = took_ns;
  }
  CHECK(longest_ns < SOON_NS);
}

#endif

int main(int count, char **arguments) {
  read_rounds(count, arguments);
  sleeps_end_in_time();
  cancelling_ends_one_sleep();
  a_stopped_holder_costs_a_slice();
#if PARK_FUTEX
  a_dead_holder_costs_a_slice();
  scribbles_over_a_park_cost_slices_only();
  a_dead_sleeper_does_not_hold_up_its_waker();
  a_dead_waker_does_not_hold_up_its_sleeper();
#endif
  no_wake_up_is_lost();
  return check_report();
}
