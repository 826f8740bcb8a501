/* Streams of frames that were mutated at random, for whatever decodes them. Part of fuzz_test.c and session_fuzz_test.c. */
#pragma once

#include <string.h>

#include "message/frame.h"
#include "random.h"

#define LARGEST_INPUT 300000

static uint8_t input[LARGEST_INPUT];
static size_t input_bytes;
static const uint64_t interesting[] = {
    0, 1, 4, 27, 28, 29, 31, 32, 33, 127, 255, 256, 4095, 65535, 65536, 100000,
    FRAME_BODY_LIMIT + 1, 0x7fffffff, 0x80000000, UINT32_MAX, (UINT64_C(1) << 32) + 28, INT64_MAX - 1000, INT64_MAX, UINT64_C(1) << 63, (UINT64_C(1) << 63) + 1000, UINT64_MAX - 27, UINT64_MAX,
};

static uint64_t interesting_number(void) { return interesting[random_below(sizeof interesting / sizeof interesting[0])]; }

static void put_frame(void) {
  size_t payload_bytes = random_below(4) == 0 ? random_below(1000) : random_below(40);
  /* Seldom one that the inbox has to grow for. */
  if (random_below(1000) == 0) payload_bytes = random_below(150000);
  if (input_bytes + payload_bytes + FRAME_OVERHEAD > LARGEST_INPUT) return;
  uint8_t *frame = input + input_bytes, *payload = frame + FRAME_LENGTH_BYTES + FRAME_HEADER_BYTES;
  uint64_t id = random_below(32) == 0 ? interesting_number() : random_below(100);
  frame_write(frame, id, payload_bytes, (uint32_t)random_below(6));
  frame_stamp(frame, (int64_t)(random_below(4) == 0 ? interesting_number() : random_u64()));
  payload_fill(payload, payload_bytes);
  payload_mark(payload, payload_bytes, id);
  input_bytes += payload_bytes + FRAME_OVERHEAD;
}

/* ---- mutations ---- */

static void mutate(void) {
  size_t at = random_below(input_bytes), length = 1 + random_below(input_bytes - at);
  switch (random_below(7)) {
    case 0: input[at] ^= (uint8_t)(1u << random_below(8)); break;
    case 1: input[at] = (uint8_t)random_u64(); break;
    case 2: input_bytes = at + 1; break; /* cut short */
    case 3: { /* a number that means something, small or large */
      uint64_t value = interesting_number();
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

/* Other numbers for every input, the same for the same seed. */
static void start_input(uint64_t seed, uint64_t input_number) {
  random_state = seed * UINT64_C(0x9E3779B97F4A7C15) + input_number + 1;
  random_u64();
}
