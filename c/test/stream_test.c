/* Rows out of the ring: every kind of number, rings that wrap, buffers that are small, and a producer at full speed. */
#include "record/stream.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "random.h"

#define SHEET 1
#define CLOCK_SHEET 0
#define CAPACITY 64
#define BUFFER_BYTES 65536

static struct ledger_file *new_file(uint64_t ring_capacity) {
  uint64_t bytes = ledger_file_bytes(2, ring_capacity);
  struct ledger_file *file = aligned_alloc(SHARED_LINE_BYTES, (bytes + SHARED_LINE_BYTES - 1) / SHARED_LINE_BYTES * SHARED_LINE_BYTES);
  memset(file, 0, bytes);
  ledger_file_init(file, 2, ring_capacity);
  return file;
}

static struct row_format json_format(void) {
  return (struct row_format){
      .separator = ",\n", .before = "    [", .middle = ",\"TcpSocket\",64,", .after = ",null,\"one-way\",0", .end = "]"};
}

static struct row_format csv_format(void) {
  return (struct row_format){.middle = ",TcpSocket,64,", .after = ",,one-way,0", .end = "\n"};
}

/* Empties the ring in one file's format; the text is the caller's to free. */
static char *drain_one(struct ledger_file *file, struct row_format *format, int32_t expected_count) {
  char *buffer = malloc(BUFFER_BYTES);
  CHECK_EQUAL(stream_drain(file, SHEET, CLOCK_SHEET, format, (uint8_t *)buffer, NULL, NULL, BUFFER_BYTES - 1), expected_count);
  buffer[format->used_bytes] = '\0';
  return buffer;
}

static void check_text(char *actual, const char *expected) {
  if (!CHECK(strcmp(actual, expected) == 0)) fprintf(stderr, "  got:    %s\n  wanted: %s\n", actual, expected);
  free(actual);
}

/* ---- what rows look like ---- */

static void rows_of_both_formats_hold_the_same(void) {
  struct ledger_file *file = new_file(CAPACITY);
  file->sheets[CLOCK_SHEET].realtime_offset_ns = INT64_C(1700000000000000000);
  ledger_push_record(file, SHEET, (struct record){.id = 0, .sent_ns = 7, .service_ns = 1234});
  ledger_push_record(file, SHEET, (struct record){.id = 1, .sent_ns = 1008, .service_ns = 99});
  struct row_format json = json_format(), csv = csv_format();
  uint8_t json_text[512] = {0}, csv_text[512] = {0};
  CHECK_EQUAL(stream_drain(file, SHEET, CLOCK_SHEET, &json, json_text, &csv, csv_text, 511), 2);
  check_text(strdup((char *)json_text), "    [1700000000000000007,0,\"TcpSocket\",64,1234,null,\"one-way\",0],\n"
                                        "    [1700000000000001008,1,\"TcpSocket\",64,99,null,\"one-way\",0]");
  check_text(strdup((char *)csv_text), "1700000000000000007,0,TcpSocket,64,1234,,one-way,0\n"
                                       "1700000000000001008,1,TcpSocket,64,99,,one-way,0\n");
  CHECK(json.used_bytes == strlen((char *)json_text) && csv.used_bytes == strlen((char *)csv_text));
  CHECK(json.row_count == 2 && csv.row_count == 2);
  free(file);
}

static void the_separator_stands_between_drains_too(void) {
  struct ledger_file *file = new_file(CAPACITY);
  struct row_format json = json_format();
  ledger_push_record(file, SHEET, (struct record){.id = 5});
  check_text(drain_one(file, &json, 1), "    [0,5,\"TcpSocket\",64,0,null,\"one-way\",0]");
  check_text(drain_one(file, &json, 0), "");
  ledger_push_record(file, SHEET, (struct record){.id = 6});
  check_text(drain_one(file, &json, 1), ",\n    [0,6,\"TcpSocket\",64,0,null,\"one-way\",0]");
  free(file);
}

static void the_scheduled_time_comes_last(void) {
  struct ledger_file *file = new_file(CAPACITY);
  file->sheets[CLOCK_SHEET].realtime_offset_ns = 1000;
  struct row_format csv = csv_format();
  csv.has_schedule = 1;
  ledger_push_record(file, SHEET, (struct record){.id = 0, .sent_ns = 50, .service_ns = 8, .due_ns = 40});
  check_text(drain_one(file, &csv, 1), "1050,0,TcpSocket,64,8,,one-way,0,1040\n");
  free(file);
}

/* ---- numbers ---- */

static void check_numbers(int64_t sent_ns, uint64_t id, int64_t service_ns, int64_t offset_ns) {
  static struct ledger_file *file;
  if (file == NULL) file = new_file(CAPACITY);
  file->sheets[CLOCK_SHEET].realtime_offset_ns = offset_ns;
  struct row_format format = {.middle = "|", .end = "\n", .has_schedule = 1};
  ledger_push_record(file, SHEET, (struct record){id, sent_ns, service_ns, sent_ns});
  char expected[128];
  int64_t time_ns = (int64_t)((uint64_t)sent_ns + (uint64_t)offset_ns);
  snprintf(expected, sizeof expected, "%" PRId64 ",%" PRIu64 "|%" PRId64 ",%" PRId64 "\n", time_ns, id, service_ns, time_ns);
  check_text(drain_one(file, &format, 1), expected);
}

static void every_number_is_exact(void) {
  check_numbers(0, 0, 0, 0);
  check_numbers(-1, UINT64_C(1) << 63, -1, 0);
  check_numbers(INT64_MAX, UINT64_MAX, INT64_MIN, 0);
  check_numbers(INT64_MIN, (UINT64_C(1) << 63) - 1, INT64_MAX, 0);
  check_numbers(9007199254740993, 9007199254740993, 9007199254740993, 0);
  check_numbers(-2000, 1, 5, 1700000000000000001);
  for (uint64_t power = 1; power <= UINT64_C(1000000000000000000); power *= 10) {
    for (int around = -1; around <= 1; around++) {
      uint64_t value = power + (uint64_t)around;
      check_numbers((int64_t)value, value, -(int64_t)value, 0);
    }
  }
  for (int i = 0; i < 2000; i++) {
    uint64_t value = random_u64() >> random_below(64);
    check_numbers((int64_t)value, value, (int64_t)random_u64(), (int64_t)(random_u64() >> random_below(64)));
  }
}

/* ---- rings and buffers ---- */

static void a_ring_that_wraps_gives_every_record_once_in_order(void) {
  struct ledger_file *file = new_file(8);
  struct row_format format = {.middle = "|", .end = "\n"};
  uint64_t pushed = 0, seen = 0, wrong = 0;
  for (int round = 0; round < 500; round++) {
    for (uint64_t count = random_below(9); count > 0 && pushed - seen < 8; count--, pushed++) {
      ledger_push_record(file, SHEET, (struct record){.id = pushed, .service_ns = (int64_t)pushed * 3});
    }
    char *text = drain_one(file, &format, (int32_t)(pushed - seen)), *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest), seen++) {
      uint64_t id = UINT64_MAX, latency = UINT64_MAX;
      sscanf(line, "0,%" SCNu64 "|%" SCNu64, &id, &latency);
      wrong += id != seen || latency != seen * 3;
    }
    free(text);
  }
  CHECK_EQUAL(wrong, 0);
  CHECK(seen == pushed && pushed > 1000);
  CHECK_EQUAL(file->sheets[SHEET].stall_count, 0);
  free(file);
}

static void a_buffer_without_room_for_a_row_is_refused_and_nothing_is_lost(void) {
  struct ledger_file *file = new_file(CAPACITY);
  struct row_format csv = csv_format();
  uint8_t buffer[BUFFER_BYTES];
  ledger_push_record(file, SHEET, (struct record){.id = 3, .service_ns = 4});
  CHECK_EQUAL(stream_drain(file, SHEET, CLOCK_SHEET, &csv, buffer, NULL, NULL, 20), -EMSGSIZE);
  CHECK_EQUAL(stream_drain(file, SHEET, CLOCK_SHEET, &csv, buffer, NULL, NULL, 0), -EMSGSIZE);
  CHECK_EQUAL(stream_drain(file, SHEET, CLOCK_SHEET, &csv, buffer, NULL, NULL, -1), -EMSGSIZE);
  CHECK_EQUAL(csv.used_bytes, 0);
  check_text(drain_one(file, &csv, 1), "0,3,TcpSocket,64,4,,one-way,0\n");
  free(file);
}

/* The longest row that can be, in a buffer of every size: never a byte beyond, and what does not fit stays in the ring. */
static void no_row_is_written_beyond_the_buffer(void) {
  struct row_format json = json_format();
  memset(json.middle, 'm', sizeof json.middle);
  memset(json.after, 'a', sizeof json.after);
  json.has_schedule = 1;
  for (int32_t capacity = 1; capacity < 900; capacity += 7) {
    struct ledger_file *file = new_file(CAPACITY);
    for (int i = 0; i < 5; i++) ledger_push_record(file, SHEET, (struct record){UINT64_MAX, INT64_MIN, INT64_MIN, INT64_MIN});
    uint8_t *buffer = malloc((size_t)capacity), *other = malloc((size_t)capacity);
    struct row_format first = json, second = csv_format();
    int32_t drained = stream_drain(file, SHEET, CLOCK_SHEET, &first, buffer, &second, other, capacity);
    CHECK(drained == -EMSGSIZE || (drained > 0 && first.used_bytes <= (uint32_t)capacity && second.used_bytes <= (uint32_t)capacity));
    uint64_t left = atomic_load(&ledger_ring(file, SHEET)->head) - atomic_load(&ledger_ring(file, SHEET)->tail);
    CHECK_EQUAL(left, 5 - (drained < 0 ? 0 : drained));
    free(buffer);
    free(other);
    free(file);
  }
}

static void without_rings_there_is_nothing(void) {
  struct ledger_file *file = new_file(0);
  struct row_format csv = csv_format();
  check_text(drain_one(file, &csv, 0), "");
  free(file);
}

/* ---- both ends at once ---- */

#define MANY 50000
#define SMALL_CAPACITY 512

static void *push_many(void *argument) {
  struct ledger_file *file = argument;
  file->sheets[CLOCK_SHEET].realtime_offset_ns = 1;
  for (uint64_t id = 0; id < MANY; id++) ledger_push_record(file, SHEET, (struct record){id, (int64_t)id, (int64_t)id, 0});
  return NULL;
}

static void a_slow_reader_makes_the_writer_wait_and_nothing_is_dropped(void) {
  struct ledger_file *file = new_file(SMALL_CAPACITY);
  struct row_format format = {.middle = "|", .end = "\n"};
  pthread_t thread;
  pthread_create(&thread, NULL, push_many, file);
  uint64_t seen = 0, wrong = 0;
  while (seen < MANY) {
    char buffer[4096];
    int32_t drained = stream_drain(file, SHEET, CLOCK_SHEET, &format, (uint8_t *)buffer, NULL, NULL, sizeof buffer - 1);
    buffer[format.used_bytes] = '\0';
    char *at = buffer;
    for (int32_t i = 0; i < drained; i++, seen++) {
      uint64_t sent = strtoull(at, &at, 10), id = strtoull(at + 1, &at, 10), latency = strtoull(at + 1, &at, 10);
      wrong += sent != seen + 1 || id != seen || latency != seen || *at++ != '\n';
    }
  }
  pthread_join(thread, NULL);
  CHECK_EQUAL(wrong, 0);
  CHECK(file->sheets[SHEET].stall_count > 0 && file->sheets[SHEET].stall_ns > 0);
  free(file);
}

static void a_stopped_writer_waits_a_moment_only(void) {
  struct ledger_file *file = new_file(2);
  atomic_store(&file->stop, 1);
  int64_t start_ns = clock_now_ns();
  for (uint64_t id = 0; id < 3; id++) ledger_push_record(file, SHEET, (struct record){.id = id});
  CHECK(clock_now_ns() - start_ns < 10000 * NS_PER_MS);
  CHECK_EQUAL(file->sheets[SHEET].stall_count, 1);
  CHECK_EQUAL(atomic_load(&ledger_ring(file, SHEET)->head), 2);
  /* With room the stop flag drops nothing. */
  struct row_format format = {.end = "\n"};
  free(drain_one(file, &format, 2));
  ledger_push_record(file, SHEET, (struct record){.id = 3});
  CHECK_EQUAL(atomic_load(&ledger_ring(file, SHEET)->head), 3);
  free(file);
}

/* ---- speed ---- */

#define ROWS (1 << 14)

static int64_t cpu_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * 1000 * NS_PER_MS + time.tv_nsec;
}

static void fill(struct ledger_file *file) {
  for (uint64_t id = 0; id < ROWS; id++) {
    ledger_push_record(file, SHEET, (struct record){id, (int64_t)(id * 1000), (int64_t)(5000 + id), 0});
  }
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SLOWED_DOWN 1
#else
#define IS_SLOWED_DOWN 0
#endif

/* By ratio, as machines differ: both files together against one of them through snprintf. */
static void both_files_are_made_faster_than_one_by_snprintf(void) {
  struct ledger_file *file = new_file(ROWS);
  struct row_format json = json_format(), csv = csv_format();
  char *one = malloc(ROWS * 256), *two = malloc(ROWS * 256);
  file->sheets[CLOCK_SHEET].realtime_offset_ns = INT64_C(1700000000000000000);
  int64_t best_ns = INT64_MAX, slow_ns = INT64_MAX;
  for (int round = 0; round < 7; round++) {
    fill(file);
    int64_t start_ns = cpu_ns();
    CHECK_EQUAL(stream_drain(file, SHEET, CLOCK_SHEET, &json, (uint8_t *)one, &csv, (uint8_t *)two, ROWS * 256), ROWS);
    int64_t took_ns = cpu_ns() - start_ns;
    if (took_ns < best_ns) best_ns = took_ns;

    start_ns = cpu_ns();
    char *at = one;
    for (uint64_t id = 0; id < ROWS; id++) {
      at += sprintf(at, ",\n    [%" PRId64 ",%" PRIu64 "%s%" PRId64 "%s]", (int64_t)(id * 1000) + INT64_C(1700000000000000000), id,
                    json.middle, (int64_t)(5000 + id), json.after);
    }
    took_ns = cpu_ns() - start_ns;
    if (took_ns < slow_ns) slow_ns = took_ns;
  }
  printf("%.0f ns a record for both files, %.0f ns for one by snprintf\n", (double)best_ns / ROWS, (double)slow_ns / ROWS);
  CHECK(best_ns < slow_ns || IS_SLOWED_DOWN);
  free(one);
  free(two);
  free(file);
}

int main(void) {
  rows_of_both_formats_hold_the_same();
  the_separator_stands_between_drains_too();
  the_scheduled_time_comes_last();
  every_number_is_exact();
  a_ring_that_wraps_gives_every_record_once_in_order();
  a_buffer_without_room_for_a_row_is_refused_and_nothing_is_lost();
  no_row_is_written_beyond_the_buffer();
  without_rings_there_is_nothing();
  a_slow_reader_makes_the_writer_wait_and_nothing_is_dropped();
  a_stopped_writer_waits_a_moment_only();
  both_files_are_made_faster_than_one_by_snprintf();
  return check_report();
}
