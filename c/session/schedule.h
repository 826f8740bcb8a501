/*
 * The open-loop schedule: when each message should go, as a pure function of rate, arrival process, seed and id. Both sides
 * compute it, so no message carries it; its start travels once, as the stamp of the canary (send.c).
 */
#pragma once

#include <stdint.h>

enum arrival_kind { ARRIVAL_CONSTANT = 0, ARRIVAL_POISSON, ARRIVAL_BURST };

struct schedule {
  uint32_t kind;
  uint32_t burst; /* messages at once; ARRIVAL_BURST */
  uint64_t seed;
  double gap_ns; /* mean distance between messages; 0: no schedule */
  /* The Poisson process is a running sum, of the gaps before `sum_id`. An id behind it starts the sum anew, so whoever asks in
   * another order needs a schedule of his own. */
  uint64_t sum_id;
  int64_t sum_ns;
};

/* Nanoseconds from the start of the schedule to the moment for message `id`. Cheap for ids that come in order. */
int64_t schedule_due_ns(struct schedule *schedule, uint64_t id);
