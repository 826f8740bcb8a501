#include "session/schedule.h"

#include <math.h>

/* A uniform number in (0, 1] that depends on seed and id alone: splitmix64 (Steele, Lea, Flood 2014) as a counter-based
 * generator, its upper 53 bits. */
static double uniform(uint64_t seed, uint64_t id) {
  uint64_t x = seed + (id + 1) * UINT64_C(0x9E3779B97F4A7C15);
  x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
  x ^= x >> 31;
  return (double)((x >> 11) + 1) * 0x1p-53;
}

/* Gaps of a Poisson process are exponential: -ln(U) times their mean. */
static int64_t poisson_due_ns(struct schedule *schedule, uint64_t id) {
  if (id < schedule->sum_id) schedule->sum_id = 0, schedule->sum_ns = 0;
  while (schedule->sum_id < id) {
    schedule->sum_id++;
    schedule->sum_ns += (int64_t)(-log(uniform(schedule->seed, schedule->sum_id)) * schedule->gap_ns + 0.5);
  }
  return schedule->sum_ns;
}

int64_t schedule_due_ns(struct schedule *schedule, uint64_t id) {
  if (schedule->kind == ARRIVAL_POISSON) return poisson_due_ns(schedule, id);
  uint64_t slot = schedule->kind == ARRIVAL_BURST ? id - id % schedule->burst : id;
  return (int64_t)((double)slot * schedule->gap_ns);
}
