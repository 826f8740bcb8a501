#include "plat/life.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

int life_claim(int fd, int byte, _Atomic int64_t *pid) {
  (void)fd, (void)byte;
  int64_t nobody = 0;
  return pid == NULL || atomic_compare_exchange_strong(pid, &nobody, getpid()) ? 0 : -EBUSY;
}

int life_is_held(int fd, int byte, const _Atomic int64_t *pid) {
  (void)fd, (void)byte;
  pid_t owner = pid == NULL ? 0 : (pid_t)atomic_load_explicit(pid, memory_order_relaxed);
  return owner <= 0 || kill(owner, 0) == 0 || errno != ESRCH;
}
