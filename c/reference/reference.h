/*
 * Shared by the parts of the plain C baseline. It has nothing in common with the shim on purpose: it is what an engineer
 * would write by hand to measure the same intervals, for `bun run fidelity` to compare the program with.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* As it lies in streams and rings; queues and slots leave the length out. After the payload follows a u32 type. */
struct __attribute__((packed)) frame {
  uint32_t body_bytes; /* everything behind this field */
  uint64_t id;
  int64_t sent_ns;
  uint64_t payload_bytes;
  uint8_t payload[];
};

enum { LENGTH_BYTES = sizeof(uint32_t), TYPE_BYTES = sizeof(uint32_t) };
enum frame_type { ONE_WAY = 0, REQUEST = 1, RESPONSE = 2, SHUTDOWN = 5 };

static inline size_t frame_bytes(size_t payload_bytes) { return sizeof(struct frame) + payload_bytes + TYPE_BYTES; }
static inline size_t body_bytes(size_t payload_bytes) { return frame_bytes(payload_bytes) - LENGTH_BYTES; }

/*
 * One connection between the process that created it and the child it forked. All functions end the program when
 * something fails; how long all may wait altogether is limited by alarm() in main.
 */
struct transport {
  const char *name;
  void (*create)(size_t payload_bytes, int spin); /* before the fork */
  void (*join_as_server)(void);
  void (*join_as_client)(void);
  void (*send)(const struct frame *frame);
  /* The next message, in a buffer that stays as it is until the next call, and when it was handed over. */
  struct frame *(*receive)(int64_t *received_ns);
};

extern const struct transport uds_transport, tcp_transport, pmq_transport, ring_transport, slot_transport;

_Noreturn void die(const char *what);

/* What a signal handler has to remove if the program ends early; NULL for neither. */
typedef int (*remove_function)(const char *name);
void remove_at_exit(remove_function function, const char *name);

/* A name that nobody else uses: "/ipc-reference-<pid>". */
const char *unique_name(void);

/* `bytes` of named shared memory, zeroed; the name is gone when this returns. */
void *shared_memory(size_t bytes);
void *allocate(size_t bytes);

static inline int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static inline void cpu_relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}
