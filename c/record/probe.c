#include "record/probe.h"

#include "plat/clock.h"

double probe_clock_cost_ns(int32_t turns) {
  int64_t start_ns = clock_now_ns();
  int64_t last_ns = start_ns;
  for (int32_t i = 0; i < turns; i++) last_ns = clock_now_ns();
  return (double)(last_ns - start_ns) / turns;
}

double probe_clock_step_ns(int32_t turns) {
  int64_t smallest_ns = INT64_MAX;
  int64_t before_ns = clock_now_ns();
  for (int32_t i = 0; i < turns; i++) {
    int64_t now_ns = clock_now_ns();
    if (now_ns > before_ns && now_ns - before_ns < smallest_ns) smallest_ns = now_ns - before_ns;
    before_ns = now_ns;
  }
  return (double)smallest_ns;
}

int32_t probe_clock_backward_steps(int32_t turns) {
  int32_t backward = 0;
  int64_t before_ns = clock_now_ns();
  for (int32_t i = 0; i < turns; i++) {
    int64_t now_ns = clock_now_ns();
    backward += now_ns < before_ns;
    before_ns = now_ns;
  }
  return backward;
}

double probe_record_cost_ns(struct ledger_file *file, int32_t sheet, int32_t turns) {
  struct distribution *distribution = &file->sheets[sheet].service;
  uint64_t value_ns = 1;
  int64_t start_ns = clock_now_ns();
  for (int32_t i = 0; i < turns; i++) {
    distribution_record(distribution, value_ns);
    value_ns = value_ns * 3 % 1000003; /* a full cycle through the residues: no order that a cache could learn */
  }
  return (double)(clock_now_ns() - start_ns) / turns;
}
