#include "plat/thread.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The only one that this process may use; less than 0: there are several. */
static int32_t only_cpu = -1;

int32_t process_allowed_cpus(uint64_t *words, int32_t word_count) {
  memset(words, 0, (size_t)word_count * sizeof *words);
  /* The system call, unlike its wrapper, takes any size and says how much it wrote. */
  long bytes = syscall(SYS_sched_getaffinity, 0, (size_t)word_count * sizeof *words, words);
  return bytes < 0 ? -errno : 0;
}

int32_t process_pin(int32_t cpu) {
  uint64_t words[CPU_WORDS] = {0};
  if (cpu < 0 || cpu >= CPU_WORDS * 64) return -EINVAL;
  words[cpu / 64] = UINT64_C(1) << (cpu % 64);
  int32_t rc = process_keep_to(words, CPU_WORDS);
  if (rc == 0) only_cpu = cpu;
  return rc;
}

int32_t process_keep_to(const uint64_t *words, int32_t word_count) {
  only_cpu = -1;
  return syscall(SYS_sched_setaffinity, 0, (size_t)word_count * sizeof *words, words) < 0 ? -errno : 0;
}

int32_t thread_current_cpu(void) { return only_cpu >= 0 ? only_cpu : sched_getcpu(); }

int32_t process_own_descriptors(void) { return unshare(CLONE_FILES) < 0 ? -errno : 0; }
