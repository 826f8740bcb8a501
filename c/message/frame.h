/*
 * Frames, byte for byte those of rusty-comms (bincode 1.3 of its Message struct), little-endian:
 *
 *   [u32 body length] | id u64 | timestamp_ns u64 | payload_length u64 | payload | type u32
 *
 * Streams and the ring carry the length in front, message queues and slots the body alone. Every buffer that
 * holds a body has room for the length before it, so that a received message can be sent back from where it lies.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "frames are written in host order");

#define FRAME_LENGTH_BYTES 4
#define FRAME_HEADER_BYTES 24
#define FRAME_TYPE_BYTES 4
#define FRAME_BODY_OVERHEAD (FRAME_HEADER_BYTES + FRAME_TYPE_BYTES)
#define FRAME_OVERHEAD (FRAME_LENGTH_BYTES + FRAME_BODY_OVERHEAD)
#define FRAME_BODY_LIMIT (16u * 1024 * 1024)
#define FRAME_PAYLOAD_LIMIT (FRAME_BODY_LIMIT - FRAME_BODY_OVERHEAD)

/* Id of warm-up messages and canaries: sent like any other, never recorded. */
#define UNRECORDED_ID UINT64_MAX

enum frame_type {
  FRAME_ONE_WAY = 0,
  FRAME_REQUEST = 1,
  FRAME_RESPONSE = 2,
  FRAME_PING = 3,
  FRAME_PONG = 4,
  FRAME_SHUTDOWN = 5,
};

/* A parsed body; `payload` points into the buffer it was parsed from. */
struct message {
  uint64_t id;
  int64_t sent_ns;
  uint64_t payload_bytes;
  uint8_t *payload;
  uint32_t type;
};

/* Writes everything but the payload and the timestamp. `frame` has FRAME_OVERHEAD + payload_bytes bytes. */
void frame_write(uint8_t *frame, uint64_t id, size_t payload_bytes, uint32_t type);

static inline uint8_t *frame_payload(uint8_t *frame) { return frame + FRAME_LENGTH_BYTES + FRAME_HEADER_BYTES; }

static inline void frame_stamp(uint8_t *frame, int64_t now_ns) {
  memcpy(frame + FRAME_LENGTH_BYTES + 8, &now_ns, sizeof now_ns);
}

/* 0, or -EPROTO if the lengths contradict each other or the type is unknown. */
int frame_parse(uint8_t *body, size_t body_bytes, struct message *out);

/* Room for the body of frames so long, and of the shortest. */
static inline size_t frame_body_room(size_t frame_bytes) {
  return frame_bytes < FRAME_OVERHEAD ? FRAME_BODY_OVERHEAD : frame_bytes - FRAME_LENGTH_BYTES;
}

/* Body length announced by the four bytes at `prefix`, or -EPROTO if no frame can have it. */
int64_t frame_body_bytes(const uint8_t *prefix);

/*
 * The payload pattern: bytes that depend on their position, and at the head of every 4 KiB block (as far as eight
 * bytes fit) a word that depends on position and message id. Marking costs one store a block, not one a byte.
 */
void payload_fill(uint8_t *payload, size_t payload_bytes);
void payload_mark(uint8_t *payload, size_t payload_bytes, uint64_t id);

/* Checks the words of all blocks and, byte for byte, one window of 1 KiB that moves on with the id. */
int payload_matches(const uint8_t *payload, size_t payload_bytes, uint64_t id);
