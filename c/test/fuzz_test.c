/* Frame decoding fed with streams that were mutated at random: an error or a sound frame, never a read outside. Takes the
 * number of inputs and a seed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "message/frame.h"
#include "mechanism/parts/inbox.h"
#include "check.h"
#include "mutate.h"

#if defined(__SANITIZE_THREAD__)
#define INPUTS 20000
#else
#define INPUTS 200000
#endif

static volatile uint8_t sink;

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
  int rc = 0, holds = inbox_open(&inbox, FRAME_OVERHEAD + 100, 4096) == 0;
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
    start_input(seed, i);
    make_input();
    if (!CHECK(decode()) || !CHECK(parse_body())) {
      fprintf(stderr, "input %llu of seed %llu\n", (unsigned long long)i, (unsigned long long)seed);
      break;
    }
  }
  return check_report();
}
