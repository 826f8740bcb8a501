/*
 * The ledger: shared memory in which each side of a connection keeps its counters and its latency distribution.
 * The orchestrator creates it, reads it while the test runs and after a side died, and sets the stop flag; a side
 * writes only its own sheet. Everything is plain 64-bit words, so the TypeScript view needs no parsing.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "plat/clock.h"
#include "plat/line.h"
#include "plat/thread.h"

#define LEDGER_MAGIC UINT64_C(0x3172656764656c49) /* "Iledger1" */

/* HdrHistogram's layout for 1 ns to 60 s with 3 significant digits: 2,048 linear sub-buckets, the upper 1,024 of
 * them repeated for each doubling. https://github.com/HdrHistogram/HdrHistogram, AbstractHistogram.countsArrayIndex */
#define HISTOGRAM_SUB_BUCKETS 2048
#define HISTOGRAM_HALF (HISTOGRAM_SUB_BUCKETS / 2)
#define HISTOGRAM_HALF_MAGNITUDE 10
#define HISTOGRAM_LIMIT_NS UINT64_C(60000000000)
#define HISTOGRAM_COUNTS ((26 + 1) * HISTOGRAM_HALF)

/* A distribution of nanosecond values: exact figures beside the histogram. */
struct distribution {
  uint64_t count;
  uint64_t min_ns; /* meaningless while count is 0 */
  uint64_t max_ns;
  uint64_t sum_ns;
  uint64_t sum_of_squares_low; /* ns squared, 128 bits */
  uint64_t sum_of_squares_high;
  uint64_t overflow_count; /* beyond HISTOGRAM_LIMIT_NS: in everything above, in no bucket */
  uint64_t last_index; /* bucket of the last value; HISTOGRAM_COUNTS: beyond all of them */
  uint64_t buckets[HISTOGRAM_COUNTS];
  /* A value in a higher bucket than the one before adds 1 where that lies and takes 1 where it lies itself. The sum of all up to
   * a bucket is how often values rose above it: the excursions above it, as the first value rises from 0. */
  int64_t rises[HISTOGRAM_COUNTS + 1];
};

/* One side of one connection, which alone writes it: sheets begin on lines of their own. So do, in them, the words that others look at
 * while messages flow, each apart from what is written with every message and not looked at. */
struct ledger {
  /* Read by the peer for every message, written only when it changes. */
  _Alignas(SHARED_LINE_BYTES) _Atomic uint32_t cpu_now; /* its number plus one; 0: nowhere yet */

  /* Written with every message received, and looked at by a peer that wants to know what room there is (session/send.c). */
  _Alignas(SHARED_LINE_BYTES) _Atomic uint64_t received_count; /* its one writer stores */

  /* Written with every message received. */
  _Alignas(SHARED_LINE_BYTES) int64_t last_receive_ns;
  uint64_t same_cpu_count; /* messages handled here while the peer was last seen on this CPU */
  uint64_t duplicated_count;
  uint64_t reordered_count;
  uint64_t corrupt_count;
  uint64_t warmup_count; /* messages that were handled but not recorded: warm-up and canary */
  /* Written with every message sent. */
  uint64_t sent_count;
  int64_t last_send_ns;
  int64_t schedule_start_ns; /* with a schedule: the due moment of the first message */
  int64_t scheduled_span_ns; /* with a schedule: from the due moment of the first message to that of the last one sent */
  uint64_t room_wait_count; /* sends that found too little room at the first attempt */
  uint64_t room_wait_ns; /* from then on until all was handed over */
  /* Written seldom. */
  int64_t first_send_ns; /* CLOCK_MONOTONIC; 0: none yet */
  int64_t realtime_offset_ns; /* to be added to CLOCK_MONOTONIC, taken as the measured phase starts; 0: not reached */
  uint64_t migration_count;
  uint64_t cpus_used[CPU_WORDS]; /* bit per CPU */
  uint64_t stall_count; /* times the ring of records was full and this side waited for its reader, between messages */
  uint64_t stall_ns;
  uint64_t slept_count; /* messages before which their sender slept, as it had to wait for their moment or for a pause to end */
  struct distribution service;  /* from the actual send */
  struct distribution response; /* with a schedule: from the moment at which the message should have gone */
  struct distribution lateness; /* with a schedule, on the sending side: from that moment to the actual send */
};

/* One recorded message, for whoever streams them. */
struct record {
  uint64_t id;
  int64_t sent_ns; /* CLOCK_MONOTONIC */
  int64_t service_ns;
  int64_t due_ns; /* with a schedule: when it should have gone, CLOCK_MONOTONIC; else 0 */
};

/* Single producer (the side that records), single consumer (the orchestrator), both sequence numbers ever growing. The
 * producer publishes with a release store of `head` that the consumer's acquire load pairs with; `tail` goes back alike. */
struct record_ring {
  _Alignas(SHARED_LINE_BYTES) _Atomic uint64_t head;
  _Alignas(SHARED_LINE_BYTES) _Atomic uint64_t tail;
  _Alignas(SHARED_LINE_BYTES) struct record records[];
};

/* The whole mapping. Sheet 2n is client n's, sheet 2n + 1 that of its server side. The orchestrator writes the head, before anything
 * is measured, and the flag and moment behind it, on lines that everybody reads. */
struct ledger_file {
  uint64_t magic;
  uint64_t bytes;
  uint64_t sheet_count;
  uint64_t ring_capacity; /* records a sheet; a power of two, or 0: nobody streams */
  _Alignas(SHARED_LINE_BYTES) stop_flag stop;
  _Atomic int64_t start_ns; /* when several clients begin at once, CLOCK_MONOTONIC; 0: not said yet */
  struct ledger sheets[];
};

static inline uint32_t histogram_index(uint64_t value_ns) {
  /* floor(log2) of the value, at least that of the last linear sub-bucket */
  int magnitude = 63 - __builtin_clzll(value_ns | (HISTOGRAM_SUB_BUCKETS - 1));
  int shift = magnitude - HISTOGRAM_HALF_MAGNITUDE;
  uint32_t sub_bucket = (uint32_t)(value_ns >> shift);
  return ((uint32_t)(shift + 1) << HISTOGRAM_HALF_MAGNITUDE) + sub_bucket - HISTOGRAM_HALF;
}

void distribution_record(struct distribution *distribution, uint64_t value_ns);

/* Notes which CPU this thread is on. */
void ledger_note_cpu(struct ledger *ledger);

/* Whether both sides were last seen on one CPU. */
static inline int ledger_shares_cpu(const struct ledger *one, const struct ledger *other) {
  uint32_t cpu = atomic_load_explicit(&one->cpu_now, memory_order_relaxed);
  return cpu != 0 && cpu == atomic_load_explicit(&other->cpu_now, memory_order_relaxed);
}

uint64_t ledger_file_bytes(uint32_t sheet_count, uint64_t ring_capacity);
void ledger_file_init(struct ledger_file *file, uint32_t sheet_count, uint64_t ring_capacity);

/* Every client is to begin that long from now. */
void ledger_set_start(struct ledger_file *file, double lead_ns);
/* Waits for that moment and `shift_ns` more: 0, or -ECANCELED once the stop flag is set. */
int32_t ledger_await_start(struct ledger_file *file, double shift_ns);

/* A sheet as new, for another connection; nobody may be using it. */
void ledger_clear(struct ledger_file *file, int32_t sheet);

/* The ring of a sheet, behind all sheets; NULL if there are none. */
struct record_ring *ledger_ring(struct ledger_file *file, uint32_t sheet);

/* Never drops a record: with a full ring it waits for the reader, and counts that as a stall. Only where nobody has read
 * for a while after the stop flag was set the record goes nowhere; a reader that does nothing at all gets it set. */
void ledger_push_record(struct ledger_file *file, uint32_t sheet, struct record record);
