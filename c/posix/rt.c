#include "plat/rt.h"

#include <errno.h>

int32_t rt_use_fifo(int32_t priority) {
  (void)priority;
  return -ENOTSUP;
}

int32_t rt_follow_fifo(void) { return -ENOTSUP; }
int32_t rt_lock_memory(void) { return -ENOTSUP; }

int32_t rt_prefault_stack(int32_t bytes) {
  (void)bytes;
  return -ENOTSUP;
}

int32_t rt_use_timer_slack(int32_t slack_ns) {
  (void)slack_ns;
  return -ENOTSUP;
}
