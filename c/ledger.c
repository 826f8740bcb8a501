#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "ledger.h"

#include <sched.h>
#include <stddef.h>

#define CPU_UNKNOWN UINT32_MAX

void distribution_record(struct distribution *distribution, uint64_t value_ns) {
  if (distribution->count == 0 || value_ns < distribution->min_ns) distribution->min_ns = value_ns;
  if (value_ns > distribution->max_ns) distribution->max_ns = value_ns;
  distribution->sum_ns += value_ns;
  unsigned __int128 square = (unsigned __int128)value_ns * value_ns;
  uint64_t low = distribution->sum_of_squares_low + (uint64_t)square;
  distribution->sum_of_squares_high += (uint64_t)(square >> 64) + (low < (uint64_t)square);
  distribution->sum_of_squares_low = low;
  if (value_ns > HISTOGRAM_LIMIT_NS) {
    distribution->overflow_count++;
  } else {
    distribution->buckets[histogram_index(value_ns)]++;
  }
  distribution->count++;
}

static uint32_t current_cpu(void) {
#if defined(__linux__)
  int cpu = sched_getcpu();
  return cpu < 0 ? CPU_UNKNOWN : (uint32_t)cpu;
#else
  return CPU_UNKNOWN;
#endif
}

void ledger_note_cpu(struct ledger *ledger) {
  uint32_t cpu = current_cpu();
  uint32_t before = atomic_load_explicit(&ledger->cpu_now, memory_order_relaxed);
  if (cpu == CPU_UNKNOWN || before == cpu + 1) return;
  if (before != 0) ledger->migration_count++;
  atomic_store_explicit(&ledger->cpu_now, cpu + 1, memory_order_relaxed);
  if (cpu < LEDGER_CPU_WORDS * 64) ledger->cpus_used[cpu / 64] |= UINT64_C(1) << (cpu % 64);
}

uint64_t ledger_file_bytes(uint32_t sheet_count) {
  return sizeof(struct ledger_file) + (uint64_t)sheet_count * sizeof(struct ledger);
}

void ledger_file_init(struct ledger_file *file, uint32_t sheet_count) {
  file->bytes = ledger_file_bytes(sheet_count);
  file->sheet_count = sheet_count;
  file->magic = LEDGER_MAGIC;
}
