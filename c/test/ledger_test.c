/* Counters and distributions: every bucket's bounds, sums of any size, counts that start near a limit, broken files. */
#include "record/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "record/ledger_file.h"
#include "check.h"
#include "random.h"

/* ---- the histogram ---- */

/* Lowest value of each bucket, counted up bucket by bucket: 2,048 of width 1, then 1,024 of each doubled width. */
static uint64_t lowest[HISTOGRAM_COUNTS + 1];

static void build_reference(void) {
  uint64_t value = 0, width = 1;
  for (size_t i = 0; i <= HISTOGRAM_COUNTS; i++) {
    if (i >= HISTOGRAM_SUB_BUCKETS && i % HISTOGRAM_HALF == 0) width *= 2;
    lowest[i] = value;
    value += width;
  }
}

static uint32_t slow_index(uint64_t value) {
  uint32_t index = 0;
  while (lowest[index + 1] <= value) index++;
  return index;
}

static void every_bucket_has_its_bounds(void) {
  size_t wrong = 0;
  for (size_t i = 0; i < HISTOGRAM_COUNTS; i++) {
    wrong += histogram_index(lowest[i]) != i;
    wrong += histogram_index(lowest[i + 1] - 1) != i;
    wrong += histogram_index(lowest[i] + (lowest[i + 1] - lowest[i]) / 2) != i;
  }
  CHECK_EQUAL(wrong, 0);
}

static void random_values_agree_with_the_slow_search(void) {
  size_t wrong = 0;
  for (int i = 0; i < 2000; i++) {
    uint64_t value = random_u64() >> (29 + random_below(35));
    wrong += value <= HISTOGRAM_LIMIT_NS && histogram_index(value) != slow_index(value);
  }
  CHECK_EQUAL(wrong, 0);
}

static void the_limit_lies_in_the_table_and_what_is_beyond_in_no_bucket(void) {
  struct distribution *distribution = calloc(1, sizeof *distribution);
  CHECK_EQUAL(histogram_index(HISTOGRAM_LIMIT_NS), slow_index(HISTOGRAM_LIMIT_NS));
  CHECK(histogram_index(HISTOGRAM_LIMIT_NS) < HISTOGRAM_COUNTS);
  distribution_record(distribution, HISTOGRAM_LIMIT_NS);
  CHECK_EQUAL(distribution->overflow_count, 0);
  CHECK_EQUAL(distribution->buckets[slow_index(HISTOGRAM_LIMIT_NS)], 1);
  distribution_record(distribution, HISTOGRAM_LIMIT_NS + 1);
  distribution_record(distribution, UINT64_MAX);
  CHECK_EQUAL(distribution->overflow_count, 2);
  CHECK_EQUAL(distribution->count, 3);
  CHECK(distribution->max_ns == UINT64_MAX && distribution->min_ns == HISTOGRAM_LIMIT_NS);
  uint64_t counted = 0;
  for (size_t i = 0; i < HISTOGRAM_COUNTS; i++) counted += distribution->buckets[i];
  CHECK_EQUAL(counted, 1);
  free(distribution);
}

/* ---- exact figures ---- */

static void sums_agree_with_128_bit_arithmetic(void) {
  for (int round = 0; round < 200; round++) {
    struct distribution *distribution = calloc(1, sizeof *distribution);
    /* Starts right below the carries. */
    distribution->sum_of_squares_low = UINT64_MAX - random_below(1000);
    distribution->sum_of_squares_high = random_below(1u << 20);
    unsigned __int128 squares = (unsigned __int128)distribution->sum_of_squares_high << 64 | distribution->sum_of_squares_low;
    uint64_t sum = 0, least = UINT64_MAX, most = 0;
    for (int i = 0; i < 50; i++) {
      uint64_t value = random_u64() >> (4 + random_below(60));
      distribution_record(distribution, value);
      squares += (unsigned __int128)value * value;
      sum += value;
      if (value < least) least = value;
      if (value > most) most = value;
    }
    CHECK(distribution->sum_of_squares_low == (uint64_t)squares && distribution->sum_of_squares_high == (uint64_t)(squares >> 64));
    CHECK(distribution->sum_ns == sum && distribution->min_ns == least && distribution->max_ns == most);
    free(distribution);
  }
}

static void a_sum_passes_two_to_the_63(void) {
  struct distribution *distribution = calloc(1, sizeof *distribution);
  distribution->sum_ns = (UINT64_C(1) << 63) - 10;
  distribution_record(distribution, 20);
  CHECK(distribution->sum_ns == (UINT64_C(1) << 63) + 10);
  free(distribution);
}

static void zero_is_a_value(void) {
  struct distribution *distribution = calloc(1, sizeof *distribution);
  distribution_record(distribution, 5);
  distribution_record(distribution, 0);
  CHECK(distribution->min_ns == 0 && distribution->max_ns == 5 && distribution->buckets[0] == 1);
  free(distribution);
}

/* A soak of hours counts past these; no counter may be narrower than 64 bits on the way. */
static void counts_go_on_beyond(uint64_t limit) {
  struct distribution *distribution = calloc(1, sizeof *distribution);
  distribution->count = distribution->overflow_count = distribution->buckets[7] = limit - 2;
  distribution->min_ns = 7;
  for (int i = 0; i < 5; i++) {
    distribution_record(distribution, 7);
    distribution_record(distribution, HISTOGRAM_LIMIT_NS + 1);
  }
  CHECK(distribution->count == limit + 8);
  CHECK(distribution->buckets[7] == limit + 3);
  CHECK(distribution->overflow_count == limit + 3);
  free(distribution);
}

/* ---- where a side runs ---- */

static void a_side_knows_its_cpu(void) {
  struct ledger *one = aligned_alloc(SHARED_LINE_BYTES, sizeof *one), *other = aligned_alloc(SHARED_LINE_BYTES, sizeof *other);
  memset(one, 0, sizeof *one);
  memset(other, 0, sizeof *other);
  CHECK(!ledger_shares_cpu(one, other));
  atomic_store(&one->cpu_now, 1);
  CHECK(!ledger_shares_cpu(one, other));
  atomic_store(&other->cpu_now, 2);
  CHECK(!ledger_shares_cpu(one, other));
  atomic_store(&other->cpu_now, 1);
  CHECK(ledger_shares_cpu(one, other));
#if defined(__linux__)
  memset(one, 0, sizeof *one);
  ledger_note_cpu(one);
  uint32_t cpu = atomic_load(&one->cpu_now) - 1;
  CHECK(cpu < CPU_WORDS * 64 && (one->cpus_used[cpu / 64] >> cpu % 64 & 1));
  atomic_store(&one->cpu_now, 1000);
  ledger_note_cpu(one);
  CHECK_EQUAL(one->migration_count, 1);
#endif
  free(one);
  free(other);
}

/* ---- who writes where ---- */

/* Whether two words are so far apart that no pair of lines, of 64 bytes each, holds both. */
static int are_apart(const volatile void *one, const volatile void *other) { return (uintptr_t)one / 128 != (uintptr_t)other / 128; }

static void no_two_writers_share_a_pair_of_lines(void) {
  int32_t error;
  int fd = ledger_file_create(2, 4);
  struct ledger_file *file = ledger_file_map(fd, &error);
  close(fd);
  struct ledger *client = &file->sheets[0], *server = &file->sheets[1];
  struct record_ring *rings[] = {ledger_ring(file, 0), ledger_ring(file, 1)};
  /* The orchestrator, either side, and each reader of a ring. */
  CHECK(are_apart(&file->start_ns, client));
  CHECK(are_apart((uint8_t *)server - 1, server));
  CHECK(are_apart((uint8_t *)rings[0] - 1, rings[0]));
  CHECK(are_apart(&rings[0]->head, &rings[0]->tail));
  CHECK(are_apart(&rings[0]->tail, rings[0]->records));
  CHECK(are_apart(&rings[0]->records[3], rings[1]));
  /* The words that peers look at, each apart from what nobody looks at. */
  CHECK(are_apart(&client->cpu_now, &client->received_count));
  CHECK(are_apart(&client->received_count, &client->last_receive_ns));
  CHECK(are_apart(&client->received_count, &client->sent_count));
  CHECK(are_apart(&file->ring_capacity, &file->stop));
  munmap(file, file->bytes);
}

/* ---- the file ---- */

static int map_error(int fd) {
  int32_t error = 0;
  struct ledger_file *file = ledger_file_map(fd, &error);
  if (file != NULL) munmap(file, file->bytes);
  return file != NULL ? 0 : error;
}

static void a_ledger_file_is_what_it_says_or_refused(void) {
  int fd = ledger_file_create(3, 0);
  CHECK(fd >= 0);
  int32_t error = 0;
  struct ledger_file *file = ledger_file_map(fd, &error);
  CHECK(file != NULL && error == 0);
  CHECK(file->magic == LEDGER_MAGIC && file->sheet_count == 3 && file->bytes == ledger_file_bytes(3, 0));
  CHECK(atomic_load(&file->stop) == 0 && file->sheets[2].sent_count == 0);
  file->magic++;
  CHECK_EQUAL(map_error(fd), -EPROTO);
  file->magic--;
  file->bytes++;
  CHECK_EQUAL(map_error(fd), -EPROTO);
  file->bytes--;
  CHECK_EQUAL(map_error(fd), 0);
  munmap(file, file->bytes);
  CHECK_EQUAL(ftruncate(fd, sizeof(struct ledger_file) - 1), 0);
  CHECK_EQUAL(map_error(fd), -EPROTO);
  CHECK_EQUAL(ftruncate(fd, 0), 0);
  CHECK_EQUAL(map_error(fd), -EPROTO);
  close(fd);
  CHECK_EQUAL(map_error(fd), -EBADF);
}

int main(void) {
  build_reference();
  every_bucket_has_its_bounds();
  random_values_agree_with_the_slow_search();
  the_limit_lies_in_the_table_and_what_is_beyond_in_no_bucket();
  sums_agree_with_128_bit_arithmetic();
  a_sum_passes_two_to_the_63();
  zero_is_a_value();
  counts_go_on_beyond(UINT64_C(1) << 32);
  counts_go_on_beyond(UINT64_C(1) << 53);
  a_side_knows_its_cpu();
  no_two_writers_share_a_pair_of_lines();
  a_ledger_file_is_what_it_says_or_refused();
  return check_report();
}
