/* Frames: the bytes of the format, which lengths and types are refused, and what damage the payload pattern shows. */
#include "message/frame.h"

#include <errno.h>
#include <stdlib.h>

#include "check.h"
#include "random.h"

#define WINDOW 1024 /* as c/message/frame.c checks byte for byte */

/* A body in a block of exactly its size, so that reading past it is seen. */
static uint8_t *make_body(size_t payload_bytes, uint64_t id, uint32_t type) {
  uint8_t *frame = malloc(FRAME_OVERHEAD + payload_bytes);
  frame_write(frame, id, payload_bytes, type);
  frame_stamp(frame, 42);
  payload_fill(frame + FRAME_LENGTH_BYTES + FRAME_HEADER_BYTES, payload_bytes);
  payload_mark(frame + FRAME_LENGTH_BYTES + FRAME_HEADER_BYTES, payload_bytes, id);
  uint8_t *body = malloc(FRAME_BODY_OVERHEAD + payload_bytes);
  memcpy(body, frame + FRAME_LENGTH_BYTES, FRAME_BODY_OVERHEAD + payload_bytes);
  free(frame);
  return body;
}

static uint8_t *make_payload(size_t payload_bytes, uint64_t id) {
  uint8_t *payload = malloc(payload_bytes);
  payload_fill(payload, payload_bytes);
  payload_mark(payload, payload_bytes, id);
  return payload;
}

static void frames_have_the_documented_bytes(void) {
  const uint8_t expected[] = {
      31,   0,    0,    0,                                     /* length of the body */
      0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01,          /* id */
      0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11,          /* timestamp */
      3,    0,    0,    0,    0,    0,    0,    0,    'a', 'b', 'c', /* payload */
      2,    0,    0,    0,                                     /* type */
  };
  uint8_t frame[FRAME_OVERHEAD + 3];
  memset(frame, 0xee, sizeof frame);
  frame_write(frame, UINT64_C(0x0102030405060708), 3, FRAME_RESPONSE);
  frame_stamp(frame, INT64_C(0x1112131415161718));
  memcpy(frame + FRAME_LENGTH_BYTES + FRAME_HEADER_BYTES, "abc", 3);
  CHECK_EQUAL(sizeof frame, sizeof expected);
  CHECK(memcmp(frame, expected, sizeof expected) == 0);
}

static void what_was_written_is_parsed(void) {
  const size_t sizes[] = {0, 1, 7, 8, 9, 100, 4096, 4097, 65536};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    for (uint32_t type = FRAME_ONE_WAY; type <= FRAME_SHUTDOWN; type++) {
      uint8_t *body = make_body(sizes[i], UINT64_MAX - i, type);
      struct message message;
      CHECK_EQUAL(frame_parse(body, sizes[i] + FRAME_BODY_OVERHEAD, &message), 0);
      CHECK(message.id == UINT64_MAX - i && message.sent_ns == 42 && message.type == type);
      CHECK(message.payload == body + FRAME_HEADER_BYTES && message.payload_bytes == sizes[i]);
      free(body);
    }
  }
}

static void bodies_cut_short_are_refused(void) {
  uint8_t *whole = make_body(100, 1, FRAME_ONE_WAY);
  for (size_t bytes = 0; bytes < 100 + FRAME_BODY_OVERHEAD; bytes++) {
    uint8_t *cut = malloc(bytes + !bytes);
    struct message message;
    memcpy(cut, whole, bytes);
    CHECK_EQUAL(frame_parse(cut, bytes, &message), -EPROTO);
    free(cut);
  }
  free(whole);
}

static void payload_lengths_that_do_not_fit_the_body_are_refused(void) {
  const uint64_t wrong[] = {0, 1, 99, 101, 128, 1u << 31, UINT64_MAX, UINT64_MAX - 27, UINT64_C(1) << 63, (UINT64_C(1) << 32) + 100};
  uint8_t *body = make_body(100, 1, FRAME_ONE_WAY);
  struct message message;
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    memcpy(body + 16, &wrong[i], sizeof wrong[i]);
    CHECK_EQUAL(frame_parse(body, 100 + FRAME_BODY_OVERHEAD, &message), -EPROTO);
  }
  free(body);
}

static void unknown_types_are_refused(void) {
  const uint32_t wrong[] = {6, 7, 0x100, 0x01000000, 0x80000000, UINT32_MAX};
  uint8_t *body = make_body(8, 1, FRAME_ONE_WAY);
  struct message message;
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    memcpy(body + FRAME_HEADER_BYTES + 8, &wrong[i], sizeof wrong[i]);
    CHECK_EQUAL(frame_parse(body, 8 + FRAME_BODY_OVERHEAD, &message), -EPROTO);
  }
  free(body);
}

static void only_possible_lengths_are_announced(void) {
  const struct { uint32_t length; int64_t result; } cases[] = {
      {0, -EPROTO}, {1, -EPROTO}, {27, -EPROTO}, {28, 28}, {29, 29}, {65536, 65536},
      {FRAME_BODY_LIMIT - 1, FRAME_BODY_LIMIT - 1}, {FRAME_BODY_LIMIT, FRAME_BODY_LIMIT},
      {FRAME_BODY_LIMIT + 1, -EPROTO}, {0x7fffffff, -EPROTO}, {0x80000000, -EPROTO}, {UINT32_MAX, -EPROTO},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint8_t prefix[FRAME_LENGTH_BYTES];
    memcpy(prefix, &cases[i].length, sizeof prefix);
    CHECK_EQUAL(frame_body_bytes(prefix), cases[i].result);
  }
}

static void a_body_beyond_the_limit_is_refused_unread(void) {
  uint8_t nothing[1] = {0};
  struct message message;
  CHECK_EQUAL(frame_parse(nothing, (size_t)FRAME_BODY_LIMIT + 1, &message), -EPROTO);
  CHECK_EQUAL(frame_parse(nothing, SIZE_MAX, &message), -EPROTO);
}

/* ---- the payload pattern ---- */

static void whole_payloads_match(void) {
  const size_t sizes[] = {0, 1, 7, 8, 9, 100, 1023, 1024, 1025, 4095, 4096, 4097, 5000, 8192, 65535};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    int holds = 1;
    for (uint64_t id = 0; id < 70; id++) {
      uint8_t *payload = make_payload(sizes[i], id);
      holds &= payload_matches(payload, sizes[i], id);
      free(payload);
    }
    CHECK(holds);
  }
}

/* Whether one of the ids of a full turn of the window sees one changed byte. */
static int is_seen(uint8_t *payload, size_t payload_bytes, size_t position, uint8_t flip) {
  uint64_t windows = (payload_bytes + WINDOW - 1) / WINDOW;
  int seen = 0;
  for (uint64_t id = 1000; id < 1000 + windows && !seen; id++) {
    payload_mark(payload, payload_bytes, id);
    payload[position] ^= flip;
    seen = !payload_matches(payload, payload_bytes, id);
    payload[position] ^= flip;
  }
  return seen;
}

static void any_changed_byte_is_seen_within_a_turn_of_the_window(void) {
  const size_t sizes[] = {1, 7, 8, 9, 100, 1024, 1025, 1032, 4096, 4097, 4104, 4105, 5000, 9000};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    uint8_t *payload = make_payload(sizes[i], 0);
    size_t unseen = 0;
    for (size_t position = 0; position < sizes[i]; position++) {
      unseen += !is_seen(payload, sizes[i], position, (uint8_t)(1u << random_below(8)));
    }
    CHECK_EQUAL(unseen, 0);
    free(payload);
  }
}

static void a_shifted_payload_is_seen_at_once(void) {
  const size_t bytes = 64 * 1024, shifts[] = {1, 4, 8, 251, 1024, 4096, 8192, 32768};
  for (size_t i = 0; i < sizeof shifts / sizeof shifts[0]; i++) {
    for (uint64_t id = 0; id < 16; id++) {
      uint8_t *payload = make_payload(bytes, id);
      memmove(payload, payload + shifts[i], bytes - shifts[i]);
      CHECK(!payload_matches(payload, bytes, id));
      free(payload);
    }
  }
}

static void another_message_payload_is_seen(void) {
  const size_t sizes[] = {8, 9, 100, 4096, 65536};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    for (uint64_t id = 0; id < 50; id++) {
      uint8_t *payload = make_payload(sizes[i], id);
      CHECK(!payload_matches(payload, sizes[i], id + 1) && !payload_matches(payload, sizes[i], id + (UINT64_C(1) << 32)));
      free(payload);
    }
  }
}

/* A block that came from another message (a torn copy) is seen, whichever it is. */
static void one_block_of_another_message_is_seen(void) {
  const size_t bytes = 8 * 4096;
  for (size_t block = 0; block < 8; block++) {
    uint8_t *payload = make_payload(bytes, 7), *other = make_payload(bytes, 8);
    memcpy(payload + block * 4096, other + block * 4096, 4096);
    CHECK(!payload_matches(payload, bytes, 7));
    free(payload);
    free(other);
  }
}

int main(void) {
  frames_have_the_documented_bytes();
  what_was_written_is_parsed();
  bodies_cut_short_are_refused();
  payload_lengths_that_do_not_fit_the_body_are_refused();
  unknown_types_are_refused();
  only_possible_lengths_are_announced();
  a_body_beyond_the_limit_is_refused_unread();
  whole_payloads_match();
  any_changed_byte_is_seen_within_a_turn_of_the_window();
  a_shifted_payload_is_seen_at_once();
  another_message_payload_is_seen();
  one_block_of_another_message_is_seen();
  return check_report();
}
