/*
 * Shared memory, one single-producer single-consumer byte ring per direction. Positions count bytes and never wrap. A
 * side that finds nothing (or no room) sleeps on a futex that the other clears, or spins.
 */
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "reference.h"

#define SMALLEST_CAPACITY (64 * 1024)

struct ring {
  _Alignas(64) _Atomic uint64_t tail; /* written by the producer, after its copy */
  _Alignas(64) _Atomic uint64_t head; /* written by the consumer, after its copy */
  _Alignas(64) _Atomic uint32_t consumer_sleeps;
  _Atomic uint32_t producer_sleeps;
};

/* One side's view: its own position, and the other's as last seen. */
struct end {
  struct ring *ring;
  uint8_t *data;
  uint64_t own, seen;
};

static struct ring *rings; /* to the server, to the client */
static uint8_t *data;
static size_t capacity;
static int spins;
static struct end out, in;
static struct frame *buffer;

static void ring_create(size_t payload_bytes, int spin) {
  spins = spin;
  for (capacity = SMALLEST_CAPACITY; capacity < 2 * frame_bytes(payload_bytes);) capacity *= 2;
  rings = shared_memory(2 * sizeof *rings + 2 * capacity);
  data = (uint8_t *)&rings[2];
  buffer = allocate(frame_bytes(payload_bytes));
}

static void ring_join_as_server(void) {
  in = (struct end){.ring = &rings[0], .data = data};
  out = (struct end){.ring = &rings[1], .data = data + capacity};
}

static void ring_join_as_client(void) {
  out = (struct end){.ring = &rings[0], .data = data};
  in = (struct end){.ring = &rings[1], .data = data + capacity};
}

/* The announcement, the look after it, and the other side's publishing and look are all seq_cst: one of the two sees. */
static void wait_for_change(_Atomic uint64_t *position, uint64_t seen, _Atomic uint32_t *sleeps) {
  if (spins) {
    cpu_relax();
    return;
  }
  atomic_store(sleeps, 1);
  if (atomic_load(position) == seen) syscall(SYS_futex, sleeps, FUTEX_WAIT, 1, NULL, NULL, 0);
  atomic_store(sleeps, 0);
}

static void publish(_Atomic uint64_t *position, uint64_t value, _Atomic uint32_t *sleeps) {
  atomic_store(position, value);
  if (atomic_load(sleeps) != 0 && atomic_exchange(sleeps, 0) != 0) syscall(SYS_futex, sleeps, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void ring_send(const struct frame *frame) {
  size_t bytes = frame->body_bytes + LENGTH_BYTES;
  while (out.own + bytes - out.seen > capacity) {
    uint64_t head = atomic_load_explicit(&out.ring->head, memory_order_acquire);
    if (head == out.seen) wait_for_change(&out.ring->head, head, &out.ring->producer_sleeps);
    out.seen = head;
  }
  size_t at = out.own & (capacity - 1);
  size_t first = bytes < capacity - at ? bytes : capacity - at;
  memcpy(out.data + at, frame, first);
  memcpy(out.data, (const uint8_t *)frame + first, bytes - first);
  out.own += bytes;
  publish(&out.ring->tail, out.own, &out.ring->consumer_sleeps);
}

static void copy_out(uint64_t position, void *to, size_t bytes) {
  size_t at = position & (capacity - 1);
  size_t first = bytes < capacity - at ? bytes : capacity - at;
  memcpy(to, in.data + at, first);
  memcpy((uint8_t *)to + first, in.data, bytes - first);
}

static struct frame *ring_receive(int64_t *received_ns) {
  while (in.own == in.seen) {
    uint64_t tail = atomic_load_explicit(&in.ring->tail, memory_order_acquire);
    if (tail == in.own) wait_for_change(&in.ring->tail, tail, &in.ring->consumer_sleeps);
    in.seen = tail;
  }
  copy_out(in.own, &buffer->body_bytes, LENGTH_BYTES);
  copy_out(in.own + LENGTH_BYTES, &buffer->id, buffer->body_bytes);
  in.own += LENGTH_BYTES + buffer->body_bytes;
  publish(&in.ring->head, in.own, &in.ring->producer_sleeps);
  *received_ns = now_ns();
  return buffer;
}

const struct transport ring_transport = {
    .name = "shm",
    .create = ring_create,
    .join_as_server = ring_join_as_server,
    .join_as_client = ring_join_as_client,
    .send = ring_send,
    .receive = ring_receive,
};
