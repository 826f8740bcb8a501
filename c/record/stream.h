/*
 * Rows of text out of the rings of records, while a test runs: empties a ring into the caller's buffers, as CSV or as the
 * rows of a JSON array, for one or two files in one pass. What all rows of a cell share is given as text. Nothing in here
 * allocates or waits.
 */
#pragma once

#include "record/ledger.h"

/*
 * How one file writes a record, as NUL-terminated texts around the figures:
 *
 *   separator · before · send time , id · middle · latency · after · [, scheduled time] · end
 *
 * The send time and the scheduled time are nanoseconds of CLOCK_REALTIME, the latency is nanoseconds. Filled by TypeScript;
 * layout checked at start.
 */
struct row_format {
  uint64_t row_count;    /* rows so far, also of earlier cells: no separator goes before the first one */
  uint32_t has_schedule; /* whether rows end with the scheduled time */
  uint32_t used_bytes;   /* out: what the last stream_drain left in the buffer */
  char separator[8];
  char before[8];
  char middle[96];
  char after[64];
  char end[8];
};

/*
 * Formats the records that wait in the ring of `sheet`, as many as fit into both buffers of `capacity` bytes, and frees their
 * places once they are in both. The offset between the clocks is that of `clock_sheet`. `second` may be NULL.
 * Returns the number of records, or -EMSGSIZE if not even one row is sure to fit.
 */
int32_t stream_drain(struct ledger_file *file, int32_t sheet, int32_t clock_sheet, struct row_format *first,
                     uint8_t *first_buffer, struct row_format *second, uint8_t *second_buffer, int32_t capacity);
