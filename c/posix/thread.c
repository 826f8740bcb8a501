#include "plat/thread.h"

#include <errno.h>
#include <string.h>

int32_t process_allowed_cpus(uint64_t *words, int32_t word_count) {
  memset(words, 0, (size_t)word_count * sizeof *words);
  return -ENOTSUP;
}

int32_t process_pin(int32_t cpu) {
  (void)cpu;
  return -ENOTSUP;
}

int32_t process_keep_to(const uint64_t *words, int32_t word_count) {
  (void)words, (void)word_count;
  return -ENOTSUP;
}

int32_t thread_current_cpu(void) { return -1; }
int32_t process_own_descriptors(void) { return -ENOTSUP; }
