/* Ids of one direction, against a model that remembers every one of them. */
#include "message/sequence.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "random.h"

#define MAX_IDS 2000

/* ---- the model ---- */

struct model {
  uint8_t seen[MAX_IDS];
  uint64_t next; /* one beyond the highest seen */
};

static enum sequence_verdict model_see(struct model *model, uint64_t id) {
  enum sequence_verdict verdict = ID_REORDERED;
  if (model->seen[id]) verdict = ID_DUPLICATED;
  else if (id == model->next) verdict = ID_IN_ORDER;
  else if (id > model->next) verdict = ID_AFTER_GAP;
  model->seen[id] = 1;
  if (id >= model->next) model->next = id + 1;
  return verdict;
}

static uint64_t model_lost(const struct model *model) {
  uint64_t lost = 0;
  for (uint64_t id = 0; id < model->next; id++) lost += !model->seen[id];
  return lost;
}

static uint64_t open_gaps(const struct sequence *sequence) {
  uint64_t ids = 0;
  for (uint64_t i = 0; i < sequence->gap_count; i++) ids += sequence->gaps[i].end - sequence->gaps[i].first;
  return ids;
}

static struct sequence *fresh(void) { return calloc(1, sizeof(struct sequence)); }

/* ---- what happens to ids on their way ---- */

static uint64_t ids[3 * MAX_IDS];
static size_t id_count;

static void in_order(uint64_t count) {
  id_count = 0;
  while (id_count < count) {
    ids[id_count] = id_count;
    id_count++;
  }
}

static void shuffle(size_t reach) {
  for (size_t i = 0; i < id_count; i++) {
    size_t with = i + random_below(reach) % (id_count - i);
    uint64_t id = ids[i];
    ids[i] = ids[with];
    ids[with] = id;
  }
}

static void drop_some(uint64_t one_in) {
  size_t kept = 0;
  for (size_t i = 0; i < id_count; i++) {
    if (random_below(one_in) != 0) ids[kept++] = ids[i];
  }
  id_count = kept;
}

static void repeat_some(uint64_t one_in) {
  size_t before = id_count;
  for (size_t i = 0; i < before; i++) {
    if (random_below(one_in) != 0) continue;
    size_t at = random_below(id_count + 1);
    memmove(&ids[at + 1], &ids[at], (id_count - at) * sizeof ids[0]);
    ids[at] = ids[i];
    id_count++;
  }
}

/* 1 if every verdict is the model's, and what is still missing at the end is what was lost. */
static int agrees_with_model(void) {
  struct sequence *sequence = fresh();
  struct model *model = calloc(1, sizeof *model);
  int agrees = 1;
  for (size_t i = 0; i < id_count; i++) agrees &= sequence_see(sequence, ids[i]) == model_see(model, ids[i]);
  agrees &= open_gaps(sequence) == model_lost(model) && sequence->next == model->next;
  free(sequence);
  free(model);
  return agrees;
}

static void ids_in_order_leave_no_gap(void) {
  in_order(MAX_IDS);
  struct sequence *sequence = fresh();
  int all = 1;
  for (size_t i = 0; i < id_count; i++) all &= sequence_see(sequence, ids[i]) == ID_IN_ORDER;
  CHECK(all);
  CHECK_EQUAL(sequence->gap_count, 0);
  free(sequence);
}

static void random_histories_agree_with_the_model(void) {
  for (int round = 0; round < 1000; round++) {
    in_order(1 + random_below(MAX_IDS / 2));
    if (round % 2) shuffle(1 + random_below(round % 3 ? 8 : id_count));
    if (round % 3) drop_some(2 + random_below(20));
    if (round % 5) repeat_some(1 + random_below(30));
    CHECK(agrees_with_model());
  }
}

static void ids_backwards_agree_with_the_model(void) {
  in_order(MAX_IDS);
  for (size_t i = 0; i < id_count; i++) ids[i] = id_count - 1 - i;
  CHECK(agrees_with_model());
}

static void named_cases(void) {
  struct sequence *sequence = fresh();
  CHECK_EQUAL(sequence_see(sequence, 0), ID_IN_ORDER);
  CHECK_EQUAL(sequence_see(sequence, 0), ID_DUPLICATED);
  CHECK_EQUAL(sequence_see(sequence, 5), ID_AFTER_GAP);
  CHECK_EQUAL(sequence_see(sequence, 3), ID_REORDERED);
  CHECK_EQUAL(sequence_see(sequence, 3), ID_DUPLICATED);
  CHECK_EQUAL(sequence_see(sequence, 1), ID_REORDERED);
  CHECK_EQUAL(sequence_see(sequence, 6), ID_IN_ORDER);
  CHECK_EQUAL(open_gaps(sequence), 2);
  CHECK_EQUAL(sequence_see(sequence, 4), ID_REORDERED);
  CHECK_EQUAL(sequence_see(sequence, 2), ID_REORDERED);
  CHECK_EQUAL(sequence->gap_count, 0);
  free(sequence);
}

static void ids_too_far_ahead_are_none(void) {
  struct sequence *sequence = fresh();
  CHECK_EQUAL(sequence_see(sequence, UINT64_MAX - 1), ID_IMPOSSIBLE);
  CHECK_EQUAL(sequence_see(sequence, UINT64_C(1) << 53), ID_IMPOSSIBLE);
  CHECK_EQUAL(sequence_see(sequence, SEQUENCE_MAX_AHEAD + 1), ID_IMPOSSIBLE);
  CHECK_EQUAL(sequence->gap_count, 0);
  CHECK_EQUAL(sequence_see(sequence, SEQUENCE_MAX_AHEAD), ID_AFTER_GAP);
  CHECK_EQUAL(sequence_see(sequence, 2 * (uint64_t)SEQUENCE_MAX_AHEAD + 1), ID_AFTER_GAP);
  CHECK_EQUAL(sequence_see(sequence, 0), ID_REORDERED);
  free(sequence);
}

/* As after hours at full speed. */
static void ids_go_on_beyond_32_bits(void) {
  struct sequence *sequence = fresh();
  sequence->next = UINT64_C(0xfffffffe);
  for (uint64_t id = UINT64_C(0xfffffffe); id < UINT64_C(0x100000002); id++) CHECK_EQUAL(sequence_see(sequence, id), ID_IN_ORDER);
  CHECK_EQUAL(sequence_see(sequence, UINT64_C(0x100000003)), ID_AFTER_GAP);
  CHECK_EQUAL(sequence_see(sequence, UINT64_C(0x100000002)), ID_REORDERED);
  CHECK_EQUAL(sequence_see(sequence, 2), ID_DUPLICATED);
  free(sequence);
}

/* ---- more gaps than there is room for ---- */

static void with_too_many_gaps_the_oldest_is_given_up(void) {
  struct sequence *sequence = fresh();
  for (uint64_t i = 0; i <= SEQUENCE_MAX_GAPS; i++) CHECK_EQUAL(sequence_see(sequence, 2 * i + 1), ID_AFTER_GAP);
  CHECK_EQUAL(sequence->gap_count, SEQUENCE_MAX_GAPS);
  CHECK_EQUAL(sequence_see(sequence, 0), ID_DUPLICATED);
  for (uint64_t i = 1; i <= SEQUENCE_MAX_GAPS; i++) CHECK_EQUAL(sequence_see(sequence, 2 * i), ID_REORDERED);
  CHECK_EQUAL(sequence->gap_count, 0);
  free(sequence);
}

/* Late messages may count as duplicates then, but no message seen twice ever passes for one seen once. */
static void overflowing_histories_never_miss_a_duplicate(void) {
  for (int round = 0; round < 50; round++) {
    struct sequence *sequence = fresh();
    struct model *model = calloc(1, sizeof *model);
    int holds = 1;
    for (int i = 0; i < 4000; i++) {
      /* Odd ones first, which leaves a gap after each, and then any. */
      uint64_t id = i < MAX_IDS / 2 - 10 * round ? (uint64_t)i * 2 + 1 : random_below(MAX_IDS);
      enum sequence_verdict expected = model_see(model, id), verdict = sequence_see(sequence, id);
      holds &= expected == verdict || (expected == ID_REORDERED && verdict == ID_DUPLICATED);
      holds &= sequence->gap_count <= SEQUENCE_MAX_GAPS;
    }
    CHECK(holds);
    free(sequence);
    free(model);
  }
}

/* A gap in the middle of a full table that is split by a late message needs one more place than there is. */
static void splitting_a_gap_in_a_full_table_stays_inside_it(void) {
  struct sequence *sequence = fresh();
  for (uint64_t i = 0; i < SEQUENCE_MAX_GAPS; i++) sequence_see(sequence, 4 * i + 3);
  CHECK_EQUAL(sequence->gap_count, SEQUENCE_MAX_GAPS);
  CHECK_EQUAL(sequence_see(sequence, 4 * 500 + 1), ID_REORDERED);
  CHECK_EQUAL(sequence->gap_count, SEQUENCE_MAX_GAPS);
  CHECK_EQUAL(sequence_see(sequence, 4 * 500 + 1), ID_DUPLICATED);
  CHECK_EQUAL(sequence_see(sequence, 4 * 500), ID_REORDERED);
  CHECK_EQUAL(sequence_see(sequence, 4 * 500 + 2), ID_REORDERED);
  free(sequence);
}

int main(void) {
  ids_in_order_leave_no_gap();
  random_histories_agree_with_the_model();
  ids_backwards_agree_with_the_model();
  named_cases();
  ids_too_far_ahead_are_none();
  ids_go_on_beyond_32_bits();
  with_too_many_gaps_the_oldest_is_given_up();
  overflowing_histories_never_miss_a_duplicate();
  splitting_a_gap_in_a_full_table_stays_inside_it();
  return check_report();
}
