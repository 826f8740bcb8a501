#include "record/ledger.h"

#include <stddef.h>

#include "plat/shm.h"

/* For the last record's place after the stop flag: less than a role is given to end. */
#define LAST_WAIT_NS (100 * NS_PER_MS)
/* A reader that is slow moves on; one that does not for so long is stopped, and so is the run. */
#define READER_SILENCE_NS (10 * NS_PER_SECOND)

void distribution_record(struct distribution *distribution, uint64_t value_ns) {
  if (distribution->count == 0 || value_ns < distribution->min_ns) distribution->min_ns = value_ns;
  if (value_ns > distribution->max_ns) distribution->max_ns = value_ns;
  distribution->sum_ns += value_ns;
  unsigned __int128 square = (unsigned __int128)value_ns * value_ns;
  uint64_t low = distribution->sum_of_squares_low + (uint64_t)square;
  distribution->sum_of_squares_high += (uint64_t)(square >> 64) + (low < (uint64_t)square);
  distribution->sum_of_squares_low = low;
  uint64_t index = HISTOGRAM_COUNTS;
  if (value_ns > HISTOGRAM_LIMIT_NS) {
    distribution->overflow_count++;
  } else {
    index = histogram_index(value_ns);
    distribution->buckets[index]++;
  }
  /* Every other value rises: nothing that a processor could foresee. */
  int64_t has_risen = index > distribution->last_index;
  distribution->rises[distribution->last_index] += has_risen;
  distribution->rises[index] -= has_risen;
  distribution->last_index = index;
  distribution->count++;
}

void ledger_note_cpu(struct ledger *ledger) {
  int32_t here = thread_current_cpu();
  uint32_t cpu = (uint32_t)here;
  uint32_t before = atomic_load_explicit(&ledger->cpu_now, memory_order_relaxed);
  if (here < 0 || before == cpu + 1) return;
  if (before != 0) ledger->migration_count++;
  atomic_store_explicit(&ledger->cpu_now, cpu + 1, memory_order_relaxed);
  if (cpu < CPU_WORDS * 64) ledger->cpus_used[cpu / 64] |= UINT64_C(1) << (cpu % 64);
}

static uint64_t ring_bytes(uint64_t ring_capacity) {
  if (ring_capacity == 0) return 0;
  uint64_t bytes = sizeof(struct record_ring) + ring_capacity * sizeof(struct record);
  return (bytes + SHARED_LINE_BYTES - 1) / SHARED_LINE_BYTES * SHARED_LINE_BYTES;
}

uint64_t ledger_file_bytes(uint32_t sheet_count, uint64_t ring_capacity) {
  return sizeof(struct ledger_file) + sheet_count * (sizeof(struct ledger) + ring_bytes(ring_capacity));
}

void ledger_file_init(struct ledger_file *file, uint32_t sheet_count, uint64_t ring_capacity) {
  file->bytes = ledger_file_bytes(sheet_count, ring_capacity);
  file->sheet_count = sheet_count;
  file->ring_capacity = ring_capacity;
  file->magic = LEDGER_MAGIC;
}

void ledger_set_start(struct ledger_file *file, double lead_ns) {
  atomic_store_explicit(&file->start_ns, clock_now_ns() + (int64_t)lead_ns, memory_order_relaxed);
}

int32_t ledger_await_start(struct ledger_file *file, double shift_ns) {
  int64_t start_ns = atomic_load_explicit(&file->start_ns, memory_order_relaxed);
  return clock_pause_until(start_ns + (int64_t)shift_ns, &file->stop);
}

struct record_ring *ledger_ring(struct ledger_file *file, uint32_t sheet) {
  if (file->ring_capacity == 0) return NULL;
  uint8_t *rings = (uint8_t *)&file->sheets[file->sheet_count];
  return (struct record_ring *)(rings + sheet * ring_bytes(file->ring_capacity));
}

void ledger_clear(struct ledger_file *file, int32_t sheet) {
  shm_discard(&file->sheets[sheet], sizeof file->sheets[sheet]);
  /* Its reader is done with it: both sequence numbers begin anew. */
  struct record_ring *ring = ledger_ring(file, (uint32_t)sheet);
  if (ring != NULL) shm_discard(ring, ring_bytes(file->ring_capacity));
}

/* Pairs with the release of the reader, which is done with the places below tail. */
static int has_room(const struct ledger_file *file, const struct record_ring *ring, uint64_t head) {
  return head - atomic_load_explicit(&ring->tail, memory_order_acquire) < file->ring_capacity;
}

/* The reader empties the ring every few milliseconds; there is no hurry once it is full. One place is enough to go on. */
static void wait_for_reader(struct ledger_file *file, struct ledger *ledger, const struct record_ring *ring, uint64_t head) {
  int64_t since_ns = clock_now_ns();
  int64_t give_up_ns = INT64_MAX;
  while (!has_room(file, ring, head) && clock_now_ns() < give_up_ns) {
    if (clock_now_ns() - since_ns > READER_SILENCE_NS) atomic_store_explicit(&file->stop, 1, memory_order_relaxed);
    if (give_up_ns == INT64_MAX && is_stopping(&file->stop)) give_up_ns = clock_now_ns() + LAST_WAIT_NS;
    clock_sleep(200 * 1000);
  }
  ledger->stall_count++;
  ledger->stall_ns += (uint64_t)(clock_now_ns() - since_ns);
}

void ledger_push_record(struct ledger_file *file, uint32_t sheet, struct record record) {
  struct record_ring *ring = ledger_ring(file, sheet);
  uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
  if (!has_room(file, ring, head)) {
    wait_for_reader(file, &file->sheets[sheet], ring, head);
    if (!has_room(file, ring, head)) return;
  }
  ring->records[head & (file->ring_capacity - 1)] = record;
  atomic_store_explicit(&ring->head, head + 1, memory_order_release);
}
