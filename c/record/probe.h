/* What the measuring path itself costs, for the self-test. */
#pragma once

#include "record/ledger.h"

/* Nanoseconds for one reading of the clock, the mean of `turns`. */
double probe_clock_cost_ns(int32_t turns);
/* The smallest step seen between two readings that differ. */
double probe_clock_step_ns(int32_t turns);
/* Readings that were earlier than the one before: 0 on a sound clock. */
int32_t probe_clock_backward_steps(int32_t turns);
/* Nanoseconds to record one value in the sheet's distribution, the mean of `turns` values spread over six decades. */
double probe_record_cost_ns(struct ledger_file *file, int32_t sheet, int32_t turns);
