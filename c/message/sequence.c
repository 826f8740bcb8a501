#include "message/sequence.h"

#include <string.h>

static void remove_gap(struct sequence *sequence, uint64_t at) {
  sequence->gap_count--;
  memmove(&sequence->gaps[at], &sequence->gaps[at + 1], (sequence->gap_count - at) * sizeof sequence->gaps[0]);
}

static void add_gap(struct sequence *sequence, uint64_t first, uint64_t end) {
  if (first >= end) return;
  if (sequence->gap_count == SEQUENCE_MAX_GAPS) remove_gap(sequence, 0);
  sequence->gaps[sequence->gap_count++] = (struct id_range){first, end};
}

static enum sequence_verdict fill_gap(struct sequence *sequence, uint64_t id) {
  for (uint64_t i = 0; i < sequence->gap_count; i++) {
    struct id_range gap = sequence->gaps[i];
    if (id < gap.first || id >= gap.end) continue;
    remove_gap(sequence, i);
    add_gap(sequence, gap.first, id);
    add_gap(sequence, id + 1, gap.end);
    return ID_REORDERED;
  }
  return ID_DUPLICATED;
}

enum sequence_verdict sequence_see(struct sequence *sequence, uint64_t id) {
  if (id == sequence->next) {
    sequence->next++;
    return ID_IN_ORDER;
  }
  if (id < sequence->next) return fill_gap(sequence, id);
  if (id - sequence->next > SEQUENCE_MAX_AHEAD) return ID_IMPOSSIBLE;
  add_gap(sequence, sequence->next, id);
  sequence->next = id + 1;
  return ID_AFTER_GAP;
}
