#include "plat/tick.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "plat/clock.h"

/* Real-time signals are nobody else's: the first few are the C library's, and the runtime uses none. */
#define TICK_SIGNAL (SIGRTMAX - 3)
#define NOTIFY_THREAD 4 /* SIGEV_THREAD_ID, for which the C libraries have different names */

/* The kernel's struct sigevent. */
struct notification {
  union sigval value;
  int signal;
  int kind;
  int thread;
  char rest[64 - sizeof(union sigval) - 3 * sizeof(int)];
};

static _Thread_local int depth;
static _Thread_local int timer;

static void on_tick(int number) { (void)number; }

static int create_timer(void) {
  /* No SA_RESTART: the point is that system calls end. The handler stays, for a tick that comes after the last stop. */
  struct sigaction action = {.sa_handler = on_tick};
  sigemptyset(&action.sa_mask);
  if (sigaction(TICK_SIGNAL, &action, NULL) != 0) return -errno;
  sigset_t ticks;
  sigemptyset(&ticks);
  sigaddset(&ticks, TICK_SIGNAL);
  pthread_sigmask(SIG_UNBLOCK, &ticks, NULL);
  struct notification notification = {.signal = TICK_SIGNAL, .kind = NOTIFY_THREAD, .thread = (int)syscall(SYS_gettid)};
  return syscall(SYS_timer_create, CLOCK_MONOTONIC, &notification, &timer) == 0 ? 0 : -errno;
}

int tick_start(void) {
  if (depth > 0) {
    depth++;
    return 0;
  }
  int rc = create_timer();
  if (rc != 0) return rc;
  struct timespec slice = timespec_of_ns(WAIT_SLICE_NS);
  struct itimerspec every = {.it_interval = slice, .it_value = slice};
  if (syscall(SYS_timer_settime, timer, 0, &every, NULL) != 0) {
    rc = -errno;
    syscall(SYS_timer_delete, timer);
    return rc;
  }
  depth = 1;
  return 0;
}

void tick_stop(void) {
  if (depth > 0 && --depth == 0) syscall(SYS_timer_delete, timer);
}
