/*
 * Follows the ids of one direction and tells lost, duplicated and reordered messages apart, exactly. Ids that come in
 * order cost one comparison; a gap is remembered as a range until it is filled.
 */
#pragma once

#include <stdint.h>

#define SEQUENCE_MAX_GAPS 1024
/* Nothing loses so many messages in a row: an id so far ahead is none. */
#define SEQUENCE_MAX_AHEAD (1u << 20)

struct id_range {
  uint64_t first;
  uint64_t end;
};

struct sequence {
  uint64_t next;
  uint64_t gap_count;
  struct id_range gaps[SEQUENCE_MAX_GAPS];
};

enum sequence_verdict { ID_IN_ORDER, ID_AFTER_GAP, ID_REORDERED, ID_DUPLICATED, ID_IMPOSSIBLE };

/* ID_AFTER_GAP: some before it are still missing. With more than SEQUENCE_MAX_GAPS open gaps the oldest is given up:
 * its late messages then count as duplicated; either way the run has failed. */
enum sequence_verdict sequence_see(struct sequence *sequence, uint64_t id);
