#include "plat/process.h"

#include <errno.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/prctl.h>
#endif

static stop_flag *stop_on_signal;

static void on_signal(int number) {
  atomic_store_explicit(stop_on_signal, (uint32_t)getpid() << STOP_SIGNAL_BITS | (uint32_t)number, memory_order_relaxed);
}

int32_t process_follow(stop_flag *stop, int32_t parent_pid, int32_t catch_signals) {
  stop_on_signal = stop;
  if (catch_signals) {
    /* No SA_RESTART: a system call that sleeps returns at once and finds the flag. */
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
      if (sigaction(numbers[i], &action, NULL) != 0) return -errno;
    }
  }
#if defined(__GLIBC__)
  /* Frames of 16 MiB come and go; from the first that is freed the allocator would learn to keep blocks of that size for good. */
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
#if defined(__linux__)
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  if (parent_pid > 0 && prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0) return -errno;
#endif
  return parent_pid > 0 && getppid() != parent_pid ? -ECANCELED : 0;
}
