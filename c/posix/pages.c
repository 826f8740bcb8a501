#include "plat/pages.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * A store of what is there already. Compilers make less of nearly everything else: of malloc and memset a calloc, which touches
 * nothing, and of an atomic addition of zero a barrier or nothing at all. Through a volatile pointer they can't.
 */
static void touch_byte(volatile _Atomic uint8_t *byte) {
  uint8_t value = atomic_load_explicit(byte, memory_order_relaxed);
  while (!atomic_compare_exchange_weak_explicit(byte, &value, value, memory_order_relaxed, memory_order_relaxed)) {}
}

void pages_touch(void *start, size_t bytes) {
  size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
  uint8_t *first = start;
  size_t to_next_page = page_bytes - (uintptr_t)start % page_bytes;
  if (bytes == 0) return;
  touch_byte((volatile _Atomic uint8_t *)first);
  for (size_t at = to_next_page; at < bytes; at += page_bytes) touch_byte((volatile _Atomic uint8_t *)(first + at));
}

void *pages_alloc(size_t bytes) {
  void *memory = calloc(1, bytes);
  if (memory != NULL) pages_touch(memory, bytes);
  return memory;
}
