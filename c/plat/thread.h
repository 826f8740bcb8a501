/* Threads: starting one, telling it something, and what the calling one may use. Negative errno on failure. */
#pragma once

#include <pthread.h>
#include <stdint.h>

/* Linux knows at most so many CPUs, 64 to a word. */
#define CPU_WORDS 16

/* CPUs that the calling thread may use, a bit each; CPU numbers beyond the array are left out. */
int32_t process_allowed_cpus(uint64_t *words, int32_t word_count);
/* Pins the calling thread, which runs the measuring loop; threads it creates later inherit it. */
int32_t process_pin(int32_t cpu);
/* Keeps the calling thread, and those that it creates later, to these CPUs, a bit each. */
int32_t process_keep_to(const uint64_t *words, int32_t word_count);
/* Where the calling thread is, or less than 0. Once it is pinned that is taken for granted: asking costs time with every message. */
int32_t thread_current_cpu(void);

/* From now on the calling thread has a table of descriptors of its own, and the threads that it creates later share that one:
 * in a table that threads share the kernel counts each use of a descriptor, 15 ns for every end of a system call. What was
 * open stays open in both, so this belongs before a role's first socket. Linux only, elsewhere -ENOTSUP. */
int32_t process_own_descriptors(void);

static inline int thread_start(pthread_t *thread, void *(*run)(void *), void *argument) {
  return -pthread_create(thread, NULL, run, argument);
}
static inline void thread_join(pthread_t thread) { pthread_join(thread, NULL); }

/* A lock, and whoever waits under it to be told of a change. */
struct monitor {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
};

static inline void monitor_open(struct monitor *monitor) {
  pthread_mutex_init(&monitor->mutex, NULL);
  pthread_cond_init(&monitor->changed, NULL);
}
static inline void monitor_close(struct monitor *monitor) {
  pthread_cond_destroy(&monitor->changed);
  pthread_mutex_destroy(&monitor->mutex);
}
static inline void monitor_enter(struct monitor *monitor) { pthread_mutex_lock(&monitor->mutex); }
static inline void monitor_leave(struct monitor *monitor) { pthread_mutex_unlock(&monitor->mutex); }
static inline void monitor_wait(struct monitor *monitor) { pthread_cond_wait(&monitor->changed, &monitor->mutex); }
static inline void monitor_tell(struct monitor *monitor) { pthread_cond_signal(&monitor->changed); }
