#include "plat/rt.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Absent from the headers of older C libraries. */
#ifndef SCHED_RESET_ON_FORK
#define SCHED_RESET_ON_FORK 0x40000000
#endif
#ifndef MCL_ONFAULT
#define MCL_ONFAULT 4
#endif

#define PAGE_BYTES 4096

/* Written once by the main thread, read by threads that it creates afterwards. */
static _Atomic int32_t fifo_in_force;

/* System calls throughout: musl's sched_* functions only fail with ENOSYS, because the kernel means threads where POSIX means
 * processes. */
/* Of the calling thread under SCHED_FIFO; 0 under another policy. */
static int32_t fifo_priority(void) {
  long policy = syscall(SYS_sched_getscheduler, 0);
  if (policy < 0) return -errno;
  if ((policy & ~SCHED_RESET_ON_FORK) != SCHED_FIFO) return 0;
  struct sched_param parameters = {0};
  return syscall(SYS_sched_getparam, 0, &parameters) < 0 ? -errno : parameters.sched_priority;
}

int32_t rt_use_fifo(int32_t priority) {
  struct sched_param parameters = {.sched_priority = priority};
  if (syscall(SYS_sched_setscheduler, 0, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameters) < 0) return -errno;
  int32_t in_force = fifo_priority();
  if (in_force > 0) atomic_store_explicit(&fifo_in_force, in_force, memory_order_relaxed);
  return in_force;
}

int32_t rt_follow_fifo(void) {
  int32_t priority = atomic_load_explicit(&fifo_in_force, memory_order_relaxed);
  return priority > 0 ? rt_use_fifo(priority) : 0;
}

static int may_lock_without_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY) return 1;
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{0}};
  return syscall(SYS_capget, &header, sets) == 0 && (sets[0].effective & (1u << CAP_IPC_LOCK)) != 0;
}

int32_t rt_lock_memory(void) {
  /* Without MCL_ONFAULT the kernel would fetch every page of the JavaScript engine's reservations: 6 GB, half a minute. */
  int flags = MCL_CURRENT | MCL_ONFAULT;
  /* With it and under a limit, later mappings fail, the engine's own included, and the process with them. */
  int with_future = may_lock_without_limit();
  if (with_future) flags |= MCL_FUTURE;
  if (mlockall(flags) != 0) return -errno;
  return RT_LOCKED_PRESENT | (with_future ? RT_LOCKED_FUTURE : 0);
}

/* Not inlined, so that the memory lies below the frames in use now. */
static __attribute__((noinline)) void touch_stack(size_t bytes) {
  volatile char *memory = __builtin_alloca(bytes);
  for (size_t at = 0; at < bytes; at += PAGE_BYTES) memory[bytes - 1 - at] = 0;
}

int32_t rt_prefault_stack(int32_t bytes) {
  struct rlimit limit;
  if (bytes < 0) return -EINVAL;
  if (getrlimit(RLIMIT_STACK, &limit) != 0) return -errno;
  size_t most = (size_t)bytes;
  if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur / 4 < most) most = (size_t)(limit.rlim_cur / 4);
  touch_stack(most);
  return (int32_t)most;
}

int32_t rt_use_timer_slack(int32_t slack_ns) {
  if (slack_ns < 1) return -EINVAL;
  if (prctl(PR_SET_TIMERSLACK, (unsigned long)slack_ns, 0, 0, 0) != 0) return -errno;
  int in_force = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
  return in_force < 0 ? -errno : in_force;
}
