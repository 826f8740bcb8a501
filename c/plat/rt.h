/* What a measuring process asks for with --rt. Each function returns what is really in force afterwards, or a negative errno;
 * none of them needs a privilege to be called. Linux only, elsewhere -ENOTSUP. */
#pragma once

#include <stdint.h>

/* Puts the calling thread under SCHED_FIFO and returns the priority read back. Threads that it creates later do not inherit it
 * (SCHED_RESET_ON_FORK): one of the JavaScript engine's would otherwise hold a message up for as long as it likes. */
int32_t rt_use_fifo(int32_t priority);
/* Puts the calling thread under what rt_use_fifo last put in force in this process; does nothing and returns 0 if that never
 * happened. For threads that stand between a message and its receiver. */
int32_t rt_follow_fifo(void);

#define RT_LOCKED_PRESENT 1
#define RT_LOCKED_FUTURE 2
/* Keeps in memory every page that is or comes there; pages are not fetched for it. Returns RT_LOCKED_* bits. */
int32_t rt_lock_memory(void);

/* Touches the calling thread's stack below its present end, so that the measured phase meets no fresh page of it. Main thread
 * only: its size is taken from RLIMIT_STACK. Returns the bytes touched, at most `bytes` and a quarter of the limit. */
int32_t rt_prefault_stack(int32_t bytes);

/* Sets by how much the kernel may delay the calling thread's timers and returns the slack read back, ns. It is 0 under
 * SCHED_FIFO, whatever was set. */
int32_t rt_use_timer_slack(int32_t slack_ns);
