/* How long a channel spins before it sleeps, told by a mechanism whose tries cost as much as a test likes. */
#include "mechanism/channel.h"

#include <errno.h>

#include "check.h"

static struct {
  int64_t try_ns;
  int64_t first_try_ns; /* when */
  int64_t slept_ns;     /* when it first went to sleep */
  int tries_before_sleep;
} seen;

static void spend(int64_t length_ns) {
  int64_t until_ns = clock_now_ns() + length_ns;
  while (clock_now_ns() < until_ns) {}
}

static int try_receive(struct channel *channel, struct arrival *arrival) {
  (void)channel;
  (void)arrival;
  if (seen.first_try_ns == 0) seen.first_try_ns = clock_now_ns();
  spend(seen.try_ns);
  if (seen.slept_ns != 0) return 0;
  seen.tries_before_sleep++;
  return -EAGAIN;
}

static int go_to_sleep(struct channel *channel, enum readiness readiness, int64_t slice_ns) {
  (void)channel;
  (void)readiness;
  (void)slice_ns;
  seen.slept_ns = clock_now_ns();
  return 0;
}

static const struct channel_ops counting_ops = {.try_receive = try_receive, .wait = go_to_sleep};
static const stop_flag never_stop;

/* How long it spun in the best of some tries: a busy machine may make one longer, and nothing makes it shorter. */
static int64_t spun_ns(int64_t spin_ns, int64_t try_ns) {
  int64_t shortest_ns = INT64_MAX;
  struct channel channel = {.ops = &counting_ops, .stop = &never_stop, .wait_kind = WAIT_HYBRID, .spin_ns = spin_ns};
  channel.silence_ns = NS_PER_SECOND;
  for (int i = 0; i < 20; i++) {
    struct arrival arrival;
    seen.try_ns = try_ns;
    seen.first_try_ns = seen.slept_ns = seen.tries_before_sleep = 0;
    CHECK_EQUAL(channel_receive(&channel, &arrival), 0);
    int64_t length_ns = seen.slept_ns - seen.first_try_ns;
    CHECK(length_ns >= spin_ns);
    if (length_ns < shortest_ns) shortest_ns = length_ns;
  }
  return shortest_ns;
}

/* One try is under way as the budget ends, and the way to sleep begins with another. */
static void a_hybrid_wait_spins_for_its_budget_and_two_tries_more_at_most(int64_t spin_ns, int64_t try_ns) {
  int64_t slack_ns = 20000; /* of a clock under a sanitizer */
  CHECK(spun_ns(spin_ns, try_ns) <= spin_ns + 3 * try_ns + slack_ns);
  CHECK(seen.tries_before_sleep >= 1);
}

int main(void) {
  a_hybrid_wait_spins_for_its_budget_and_two_tries_more_at_most(1000, 20000);
  a_hybrid_wait_spins_for_its_budget_and_two_tries_more_at_most(1000, 300);
  a_hybrid_wait_spins_for_its_budget_and_two_tries_more_at_most(50000, 300);
  a_hybrid_wait_spins_for_its_budget_and_two_tries_more_at_most(NS_PER_MS, 100000);
  a_hybrid_wait_spins_for_its_budget_and_two_tries_more_at_most(NS_PER_MS, 0);
  return check_report();
}
