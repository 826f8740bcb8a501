#include "message/frame.h"

#include <errno.h>

#define BLOCK_BYTES 4096
#define WORD_BYTES 8
#define WINDOW_BYTES 1024

/* The static pattern repeats after a prime number of bytes, so a shift by a page or a power of two shows. */
#define PATTERN_PERIOD 251
static uint8_t pattern[PATTERN_PERIOD + WINDOW_BYTES];

__attribute__((constructor)) static void build_pattern(void) {
  for (size_t i = 0; i < sizeof pattern; i++) pattern[i] = (uint8_t)((i % PATTERN_PERIOD) * 167 + 13);
}

static void put_u32(uint8_t *at, uint32_t value) { memcpy(at, &value, sizeof value); }
static void put_u64(uint8_t *at, uint64_t value) { memcpy(at, &value, sizeof value); }

static uint64_t get_u64(const uint8_t *at) {
  uint64_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

void frame_write(uint8_t *frame, uint64_t id, size_t payload_bytes, uint32_t type) {
  uint8_t *body = frame + FRAME_LENGTH_BYTES;
  put_u32(frame, (uint32_t)(payload_bytes + FRAME_BODY_OVERHEAD));
  put_u64(body, id);
  put_u64(body + 16, payload_bytes);
  put_u32(body + FRAME_HEADER_BYTES + payload_bytes, type);
}

int64_t frame_body_bytes(const uint8_t *prefix) {
  uint32_t length;
  memcpy(&length, prefix, sizeof length);
  if (length < FRAME_BODY_OVERHEAD || length > FRAME_BODY_LIMIT) return -EPROTO;
  return length;
}

int frame_parse(uint8_t *body, size_t body_bytes, struct message *out) {
  if (body_bytes < FRAME_BODY_OVERHEAD || body_bytes > FRAME_BODY_LIMIT) return -EPROTO;
  out->id = get_u64(body);
  out->sent_ns = (int64_t)get_u64(body + 8);
  out->payload_bytes = get_u64(body + 16);
  if (out->payload_bytes != body_bytes - FRAME_BODY_OVERHEAD) return -EPROTO;
  out->payload = body + FRAME_HEADER_BYTES;
  memcpy(&out->type, out->payload + out->payload_bytes, sizeof out->type);
  return out->type > FRAME_SHUTDOWN ? -EPROTO : 0;
}

/* splitmix64's finaliser (Steele, Lea, Flood 2014): every bit of id and position reaches every bit of the word. */
static uint64_t mark_word(uint64_t id, uint64_t offset) {
  uint64_t x = id * UINT64_C(0x9E3779B97F4A7C15) + offset;
  x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
  return x ^ (x >> 31);
}

void payload_fill(uint8_t *payload, size_t payload_bytes) {
  for (size_t i = 0; i < payload_bytes; i++) payload[i] = pattern[i % PATTERN_PERIOD];
}

/* Payloads under eight bytes have no room for a whole word: they carry as many of its bytes as fit. */
static size_t mark_bytes(size_t payload_bytes, size_t offset) {
  size_t left = payload_bytes - offset;
  return left < WORD_BYTES ? left : WORD_BYTES;
}

/* Whole words on a way of their own, without a call: nearly all are. */
static void put_mark(uint8_t *at, uint64_t word, size_t bytes) {
  if (bytes == WORD_BYTES) {
    put_u64(at, word);
  } else {
    memcpy(at, &word, bytes);
  }
}

static int mark_matches(const uint8_t *at, uint64_t word, size_t bytes) {
  return bytes == WORD_BYTES ? get_u64(at) == word : memcmp(at, &word, bytes) == 0;
}

void payload_mark(uint8_t *payload, size_t payload_bytes, uint64_t id) {
  for (size_t offset = 0; offset < payload_bytes; offset += BLOCK_BYTES) {
    put_mark(payload + offset, mark_word(id, offset), mark_bytes(payload_bytes, offset));
  }
}

static int window_matches(const uint8_t *payload, size_t from, size_t to) {
  return memcmp(payload + from, pattern + from % PATTERN_PERIOD, to - from) == 0;
}

int payload_matches(const uint8_t *payload, size_t payload_bytes, uint64_t id) {
  for (size_t offset = 0; offset < payload_bytes; offset += BLOCK_BYTES) {
    if (!mark_matches(payload + offset, mark_word(id, offset), mark_bytes(payload_bytes, offset))) return 0;
  }
  if (payload_bytes <= WORD_BYTES) return 1;
  uint64_t windows = (payload_bytes + WINDOW_BYTES - 1) / WINDOW_BYTES;
  size_t from = windows == 1 ? 0 : (size_t)(id % windows) * WINDOW_BYTES;
  size_t to = from + WINDOW_BYTES < payload_bytes ? from + WINDOW_BYTES : payload_bytes;
  if (from % BLOCK_BYTES == 0) from += mark_bytes(payload_bytes, from);
  return window_matches(payload, from, to);
}
