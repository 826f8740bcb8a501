/* Frame decoding fed with streams that were mutated at random: an error or a sound frame, never a read outside. Takes the
 * number of inputs and a seed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../frame.h"
#include "../inbox.h"
#include "check.h"
#include "random.h"

#if defined(__SANITIZE_THREAD__)
#define INPUTS 20000
#else
#define INPUTS 200000
#endif

#define LARGEST_INPUT 300000

static uint8_t input[LARGEST_INPUT];
static size_t input_bytes;
static volatile uint8_t sink;

static void put_frame(void) {
  size_t payload_bytes = random_below(4) == 0 ? random_below(1000) : random_below(40);
  /* Seldom one that the inbox has to grow for. */
  if (random_below(1000) == 0) payload_bytes = random_below(150000);
  if (input_bytes + payload_bytes + FRAME_OVERHEAD > LARGEST_INPUT) return;
  uint8_t *frame = input + input_bytes, *payload = frame + FRAME_LENGTH_BYTES + FRAME_HEADER_BYTES;
  uint64_t id = random_below(100);
  frame_write(frame, id, payload_bytes, (uint32_t)random_below(6));
  frame_stamp(frame, (int64_t)random_u64());
  payload_fill(payload, payload_bytes);
  payload_mark(payload, payload_bytes, id);
  input_bytes += payload_bytes + FRAME_OVERHEAD;
}

/* ---- mutations ---- */

static const uint64_t interesting[] = {
    0, 1, 4, 27, 28, 29, 31, 32, 33, 127, 255, 256, 4095, 65535, 65536, 100000,
    FRAME_BODY_LIMIT + 1, 0x7fffffff, 0x80000000, UINT32_MAX, (UINT64_C(1) << 32) + 28, INT64_MAX, UINT64_MAX - 27, UINT64_MAX,
};

static void mutate(void) {
  size_t at = random_below(input_bytes), length = 1 + random_below(input_bytes - at);
  switch (random_below(7)) {
    case 0: input[at] ^= (uint8_t)(1u << random_below(8)); break;
    case 1: input[at] = (uint8_t)random_u64(); break;
    case 2: input_bytes = at + 1; break; /* cut short */
    case 3: { /* a number that means something, small or large */
      uint64_t value = interesting[random_below(sizeof interesting / sizeof interesting[0])];
      size_t bytes = random_below(2) ? 4 : 8;
      if (at + bytes <= input_bytes) memcpy(input + at, &value, bytes);
      break;
    }
    case 4: /* bytes left out */
      memmove(input + at, input + at + length, input_bytes - at - length);
      input_bytes -= length;
      break;
    case 5: /* bytes said twice */
      if (input_bytes + length > LARGEST_INPUT) break;
      memmove(input + at + length, input + at, input_bytes - at);
      input_bytes += length;
      break;
    default:
      for (size_t i = at; i < at + length && i < at + 16; i++) input[i] = (uint8_t)random_u64();
  }
  if (input_bytes == 0) input_bytes = 1;
}

static void make_input(void) {
  input_bytes = 0;
  for (uint64_t frames = 1 + random_below(6); frames > 0; frames--) put_frame();
  for (uint64_t times = random_below(6); times > 0; times--) mutate();
}

/* ---- what must hold whatever came ---- */

static int touches_soundly(const struct arrival *arrival) {
  struct message message;
  uint8_t sum = 0;
  for (size_t i = 0; i < arrival->body_bytes; i++) sum = (uint8_t)(sum + arrival->body[i]);
  sink = sum;
  int64_t announced = frame_body_bytes(arrival->body - FRAME_LENGTH_BYTES);
  if (announced != (int64_t)arrival->body_bytes) return 0;
  if (frame_parse(arrival->body, arrival->body_bytes, &message) != 0) return 1;
  if (message.payload != arrival->body + FRAME_HEADER_BYTES || message.type > FRAME_SHUTDOWN) return 0;
  if (message.payload_bytes + FRAME_BODY_OVERHEAD != arrival->body_bytes) return 0;
  sink = (uint8_t)payload_matches(message.payload, message.payload_bytes, message.id);
  return 1;
}

/* Feeds the input in pieces by either way; 0 if something does not hold. */
static int decode(void) {
  struct inbox inbox;
  struct arrival arrival;
  size_t at = 0;
  int rc = 0, holds = inbox_open(&inbox, FRAME_OVERHEAD + 100) == 0;
  while (at < input_bytes && holds && rc != -EPROTO) {
    size_t piece = 1 + random_below(input_bytes - at);
    uint8_t *room;
    if (random_below(2)) {
      uint8_t *chunk = malloc(piece);
      memcpy(chunk, input + at, piece);
      rc = inbox_feed(&inbox, chunk, piece);
      free(chunk);
    } else {
      int64_t space = inbox_space(&inbox, &room);
      rc = space < 0 ? (int)space : 0;
      if (rc == 0 && (size_t)space < piece) piece = (size_t)space;
      if (rc == 0) memcpy(room, input + at, piece), inbox_filled(&inbox, piece);
    }
    holds = rc == 0 || rc == -EPROTO;
    at += piece;
    while (rc == 0 && holds && (rc = inbox_next(&inbox, &arrival)) == 0) holds = touches_soundly(&arrival);
    if (rc == -EAGAIN) rc = 0;
  }
  /* Once broken, for ever broken. */
  if (rc == -EPROTO) holds &= inbox_next(&inbox, &arrival) == -EPROTO;
  holds &= inbox.start <= inbox.end && inbox.end <= inbox.capacity;
  inbox_close(&inbox);
  return holds;
}

/* The same bytes as one body, as a message queue delivers them. */
static int parse_body(void) {
  struct message message;
  uint8_t *body = malloc(input_bytes);
  memcpy(body, input, input_bytes);
  int rc = frame_parse(body, input_bytes, &message);
  int holds = rc == -EPROTO || (rc == 0 && message.payload_bytes + FRAME_BODY_OVERHEAD == input_bytes);
  free(body);
  return holds;
}

int main(int count, char **arguments) {
  uint64_t inputs = count > 1 ? strtoull(arguments[1], NULL, 10) : INPUTS;
  uint64_t seed = count > 2 ? strtoull(arguments[2], NULL, 10) : UINT64_C(0x5eed);
  for (uint64_t i = 0; i < inputs; i++) {
    random_state = seed * UINT64_C(0x9E3779B97F4A7C15) + i + 1;
    random_u64();
    make_input();
    if (!CHECK(decode()) || !CHECK(parse_body())) {
      fprintf(stderr, "input %llu of seed %llu\n", (unsigned long long)i, (unsigned long long)seed);
      break;
    }
  }
  return check_report();
}
