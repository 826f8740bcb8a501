/* Seeded random numbers for tests: xorshift64star (Vigna 2016). */
#pragma once

#include <stdint.h>

static uint64_t random_state = UINT64_C(0x2545F4914F6CDD1D);

static inline uint64_t random_u64(void) {
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return random_state * UINT64_C(0x2545F4914F6CDD1D);
}

/* Less than `end`, which is not 0. */
static inline uint64_t random_below(uint64_t end) { return random_u64() % end; }
