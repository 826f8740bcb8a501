/* The inbox: frames put together again from any split, growth for long ones, and refusals before memory is spent. */
#include "mechanism/parts/inbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "message/frame.h"
#include "check.h"
#include "random.h"

#define READ_AHEAD_BYTES (64 * 1024)

#if defined(__SANITIZE_THREAD__)
#define ROUNDS 100
#else
#define ROUNDS 600
#endif

/* ---- a stream of frames ---- */

static uint8_t *stream;
static size_t stream_bytes;
static size_t payload_sizes[64];
static uint64_t frame_count;

static size_t random_size(void) {
  switch (random_below(8)) {
    case 0: return 0;
    case 1: return random_below(40000);
    case 2: return random_below(40) == 0 ? random_below(300000) : 4096;
    default: return random_below(200);
  }
}

static void build_stream(void) {
  frame_count = 1 + random_below(64);
  stream_bytes = 0;
  for (uint64_t id = 0; id < frame_count; id++) {
    payload_sizes[id] = random_size();
    stream_bytes += payload_sizes[id] + FRAME_OVERHEAD;
  }
  stream = malloc(stream_bytes);
  uint8_t *at = stream;
  for (uint64_t id = 0; id < frame_count; id++) {
    uint8_t *payload = at + FRAME_LENGTH_BYTES + FRAME_HEADER_BYTES;
    frame_write(at, id, payload_sizes[id], FRAME_ONE_WAY);
    frame_stamp(at, 0);
    payload_fill(payload, payload_sizes[id]);
    payload_mark(payload, payload_sizes[id], id);
    at += payload_sizes[id] + FRAME_OVERHEAD;
  }
}

/* Takes out what is whole; the number of frames in order and intact so far, or -1. */
static int64_t take_frames(struct inbox *inbox, uint64_t taken) {
  struct arrival arrival;
  int rc;
  while ((rc = inbox_next(inbox, &arrival)) == 0) {
    struct message message;
    if (frame_parse(arrival.body, arrival.body_bytes, &message) != 0) return -1;
    if (message.id != taken || message.payload_bytes != payload_sizes[taken]) return -1;
    if (!payload_matches(message.payload, message.payload_bytes, message.id)) return -1;
    /* Whoever replies writes the length in front of the body. */
    memset(arrival.body - FRAME_LENGTH_BYTES, 0xaa, FRAME_LENGTH_BYTES);
    taken++;
  }
  return rc == -EAGAIN ? (int64_t)taken : -1;
}

typedef int (*put)(struct inbox *, const uint8_t *, size_t);

/* As the event loop does it: whatever its socket delivered. From a block of that size, so that reading past it is seen. */
static int put_fed(struct inbox *inbox, const uint8_t *from, size_t bytes) {
  uint8_t *chunk = malloc(bytes + !bytes);
  memcpy(chunk, from, bytes);
  int rc = inbox_feed(inbox, chunk, bytes);
  free(chunk);
  return rc < 0 ? rc : (int)bytes;
}

/* As a socket's recv does it: at most as much as there is space. */
static int put_in_space(struct inbox *inbox, const uint8_t *from, size_t bytes) {
  uint8_t *at;
  int64_t space = inbox_space(inbox, &at);
  if (space <= 0) return -1;
  if ((size_t)space < bytes) bytes = (size_t)space;
  memcpy(at, from, bytes);
  inbox_filled(inbox, bytes);
  return (int)bytes;
}

static int arrives_whole(put put, size_t planned_bytes, size_t largest_piece) {
  struct inbox inbox;
  if (inbox_open(&inbox, planned_bytes, random_below(2) ? READ_AHEAD_BYTES : 100) != 0) return 0;
  int64_t taken = 0;
  size_t at = 0;
  while (at < stream_bytes && taken >= 0) {
    size_t piece = 1 + random_below(largest_piece);
    int count = put(&inbox, stream + at, piece < stream_bytes - at ? piece : stream_bytes - at);
    if (count <= 0) break;
    at += (size_t)count;
    /* A busy loop lets pieces pile up. */
    if (random_below(4) != 0 || at == stream_bytes) taken = take_frames(&inbox, (uint64_t)taken);
  }
  int whole = at == stream_bytes && taken == (int64_t)frame_count && inbox_pending(&inbox) == 0;
  inbox_close(&inbox);
  return whole;
}

static void streams_arrive_whole_however_split(put put) {
  const size_t pieces[] = {1, 3, 50, 5000, 100000, 1000000};
  for (int round = 0; round < ROUNDS; round++) {
    build_stream();
    /* Single bytes of a long stream take their time. */
    size_t piece = pieces[random_below(6)];
    if (stream_bytes > 20000 && piece < 50) piece = 50;
    CHECK(arrives_whole(put, FRAME_OVERHEAD + random_below(2) * 4096, piece));
    free(stream);
  }
}

static void every_single_cut_is_survived(put put) {
  build_stream();
  while (frame_count < 3 || stream_bytes > 3000) {
    free(stream);
    build_stream();
  }
  size_t broken = 0;
  for (size_t cut = 1; cut < stream_bytes; cut++) {
    struct inbox inbox;
    inbox_open(&inbox, FRAME_OVERHEAD, READ_AHEAD_BYTES);
    put(&inbox, stream, cut);
    int64_t taken = take_frames(&inbox, 0);
    put(&inbox, stream + cut, stream_bytes - cut);
    broken += taken < 0 || take_frames(&inbox, (uint64_t)taken) != (int64_t)frame_count;
    inbox_close(&inbox);
  }
  CHECK_EQUAL(broken, 0);
  free(stream);
}

/* ---- lengths ---- */

static void impossible_lengths_are_refused_before_memory_is_spent(void) {
  const uint32_t lengths[] = {0, 27, FRAME_BODY_LIMIT + 1, 0x7fffffff, UINT32_MAX};
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    struct inbox inbox;
    struct arrival arrival;
    uint8_t prefix[FRAME_LENGTH_BYTES], *at;
    inbox_open(&inbox, 64, READ_AHEAD_BYTES);
    size_t capacity = inbox.capacity;
    memcpy(prefix, &lengths[i], sizeof prefix);
    CHECK_EQUAL(inbox_feed(&inbox, prefix, sizeof prefix), 0);
    CHECK_EQUAL(inbox_next(&inbox, &arrival), -EPROTO);
    CHECK_EQUAL(inbox_space(&inbox, &at), -EPROTO);
    CHECK_EQUAL(inbox_feed(&inbox, prefix, sizeof prefix), -EPROTO);
    CHECK_EQUAL(inbox_next(&inbox, &arrival), -EPROTO);
    CHECK_EQUAL(inbox.capacity, capacity);
    inbox_close(&inbox);
  }
}

static void the_largest_frame_fits_and_leaves_room_for_the_next(void) {
  const size_t payload_bytes = FRAME_PAYLOAD_LIMIT;
  uint8_t *frame = calloc(1, payload_bytes + FRAME_OVERHEAD);
  struct inbox inbox;
  struct arrival arrival;
  inbox_open(&inbox, 64, READ_AHEAD_BYTES);
  frame_write(frame, 1, payload_bytes, FRAME_ONE_WAY);
  for (int turn = 0; turn < 2; turn++) {
    size_t at = 0;
    while (at < payload_bytes + FRAME_OVERHEAD) at += (size_t)put_in_space(&inbox, frame + at, payload_bytes + FRAME_OVERHEAD - at);
    CHECK_EQUAL(inbox_next(&inbox, &arrival), 0);
    CHECK_EQUAL(arrival.body_bytes, FRAME_BODY_LIMIT);
  }
  CHECK_EQUAL(inbox_next(&inbox, &arrival), -EAGAIN);
  inbox_close(&inbox);
  free(frame);
}

static void an_empty_inbox_says_not_yet(void) {
  struct inbox inbox;
  struct arrival arrival;
  uint8_t *at;
  inbox_open(&inbox, 100, READ_AHEAD_BYTES);
  CHECK_EQUAL(inbox_next(&inbox, &arrival), -EAGAIN);
  CHECK(inbox_space(&inbox, &at) >= 100);
  inbox_close(&inbox);
  inbox_close(&inbox);
}

int main(void) {
  streams_arrive_whole_however_split(put_fed);
  streams_arrive_whole_however_split(put_in_space);
  every_single_cut_is_survived(put_fed);
  every_single_cut_is_survived(put_in_space);
  impossible_lengths_are_refused_before_memory_is_spent();
  the_largest_frame_fits_and_leaves_room_for_the_next();
  an_empty_inbox_says_not_yet();
  return check_report();
}
