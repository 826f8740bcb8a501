/*
 * Shared memory, the default: two single-producer single-consumer byte rings in one named object. Frames lie in them
 * with their length in front, and may wrap. Nobody enters the kernel or takes a lock while data flows.
 *
 * Positions count bytes since the start and never wrap; their difference is what lies in the ring. Each has one writer:
 *   tail  stored by the producer after its copy, loaded by the consumer before its own (the frame's bytes)
 *   head  stored by the consumer after its copy, loaded by the producer before its own (the room's bytes)
 * The stores are seq_cst instead of release for the sake of the look at `waiting` that follows them (park.h). A full barrier
 * for every message holds up the processor until the other one has given the line away, so where the other side spins
 * and there is nobody to look for, release must do: two to three times the throughput between distant cores.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "channel.h"
#include "frame.h"
#include "park.h"
#include "shm_object.h"

#define LAYOUT_KIND 1
#define DEFAULT_CAPACITY_BYTES (64 * 1024)
#define SMALLEST_CAPACITY_BYTES CACHE_LINE_BYTES

struct ring {
  _Alignas(CACHE_LINE_BYTES) _Atomic uint64_t tail;
  _Alignas(CACHE_LINE_BYTES) _Atomic uint64_t head;
  _Alignas(CACHE_LINE_BYTES) struct park park; /* READABLE: the consumer sleeps, WRITABLE: the producer */
  _Atomic uint32_t spins[PARK_PLACES]; /* set at set-up by a side that never sleeps at this place */
};

/* Behind it, from DATA_OFFSET on, the bytes of both rings. */
struct ring_object {
  struct shm_header header;
  struct ring rings[2]; /* indexed by the side that receives */
};
#define DATA_OFFSET ((sizeof(struct ring_object) + 4095) / 4096 * 4096)

/* Each end keeps its own position and what it last saw of the other's in private memory, and reads the other's cache line
 * only when that does not suffice. Both ends stand on lines of their own, as two threads may wait for them. */
struct producer {
  _Alignas(64) struct ring *ring;
  uint8_t *data;
  uint64_t tail;
  uint64_t seen_head;
  size_t needed; /* by the send that found no room */
  _Atomic uint32_t cancelled;
};

struct consumer {
  _Alignas(64) struct ring *ring;
  const uint8_t *data;
  uint64_t head;
  uint64_t seen_tail;
  uint8_t *buffer; /* one frame, with its length */
  size_t buffer_bytes;
  _Atomic uint32_t cancelled;
};

struct ring_channel {
  struct channel channel;
  struct shm_object object;
  size_t capacity; /* a power of two */
  struct producer out;
  struct consumer in;
};

static struct ring_channel *ring_of(struct channel *channel) { return (struct ring_channel *)channel; }

/* Lets the other side see our new position, and wakes it if it sleeps. */
static void publish(struct ring *ring, _Atomic uint64_t *position, uint64_t value, enum readiness place) {
  if (atomic_load_explicit(&ring->spins[place], memory_order_relaxed)) {
    atomic_store_explicit(position, value, memory_order_release);
    return;
  }
  atomic_store_explicit(position, value, memory_order_seq_cst);
  park_wake(&ring->park, place);
}

/* ---- set-up ---- */

static size_t object_bytes(size_t capacity) { return DATA_OFFSET + 2 * capacity; }

static uint64_t ring_layout(void) {
  return shm_layout(LAYOUT_KIND, sizeof(struct ring_object) << 16 | offsetof(struct ring, head) << 8 | offsetof(struct ring, park));
}

/* 0 if it can't be had. */
static size_t planned_capacity(const struct channel_settings *settings) {
  uint64_t wanted = settings->buffer_bytes;
  if (wanted == 0) wanted = 2 * settings->frame_bytes > DEFAULT_CAPACITY_BYTES ? 2 * settings->frame_bytes : DEFAULT_CAPACITY_BYTES;
  if (wanted > SHM_CAPACITY_LIMIT) return 0;
  size_t capacity = SMALLEST_CAPACITY_BYTES;
  while (capacity < wanted) capacity *= 2;
  return capacity;
}

static int capacity_is_sound(const struct shm_object *object) {
  uint64_t capacity = object->capacity;
  if (capacity < SMALLEST_CAPACITY_BYTES || capacity > SHM_CAPACITY_LIMIT || (capacity & (capacity - 1)) != 0) return 0;
  return object_bytes(capacity) <= object->bytes;
}

static int set_up_ends(struct ring_channel *self, size_t frame_bytes) {
  struct ring_object *shared = (struct ring_object *)self->object.header;
  enum shm_side us = self->object.side, peer = 1 - us;
  uint8_t *data = (uint8_t *)shared + DATA_OFFSET;
  self->capacity = self->object.capacity;
  if (frame_bytes > self->capacity) return -EMSGSIZE;
  self->out = (struct producer){.ring = &shared->rings[peer], .data = data + peer * self->capacity};
  self->in = (struct consumer){.ring = &shared->rings[us], .data = data + us * self->capacity};
  uint32_t spins = self->channel.wait_kind == WAIT_SPIN;
  atomic_store_explicit(&self->in.ring->spins[READABLE], spins, memory_order_relaxed);
  atomic_store_explicit(&self->out.ring->spins[WRITABLE], spins, memory_order_relaxed);
  self->in.buffer_bytes = frame_bytes < FRAME_OVERHEAD ? FRAME_OVERHEAD : frame_bytes;
  /* Zeroed by touching, so that its pages are there. */
  self->in.buffer = malloc(self->in.buffer_bytes);
  if (self->in.buffer == NULL) return -ENOMEM;
  memset(self->in.buffer, 0, self->in.buffer_bytes);
  return 0;
}

static void ring_close(struct channel *channel) {
  struct ring_channel *self = ring_of(channel);
  free(self->in.buffer);
  self->in.buffer = NULL;
  if (self->object.header == NULL) return;
  shm_object_leave(&self->object);
  /* Absent after a set-up that failed halfway. */
  if (self->in.ring != NULL) {
    park_wake(&self->out.ring->park, READABLE);
    park_wake(&self->in.ring->park, WRITABLE);
  }
  shm_object_close(&self->object);
}

static int close_after(struct channel *channel, int error) {
  if (error != 0) ring_close(channel);
  return error;
}

static int ring_listen(struct channel *channel, const struct channel_settings *settings) {
  struct ring_channel *self = ring_of(channel);
  size_t capacity = planned_capacity(settings);
  if (capacity == 0) return -EINVAL;
  if (settings->frame_bytes > capacity) return -EMSGSIZE;
  int rc = shm_object_create(&self->object, settings->endpoint, object_bytes(capacity), capacity);
  if (rc != 0) return rc;
  rc = set_up_ends(self, settings->frame_bytes);
  if (rc == 0) rc = park_init(&self->in.ring->park);
  if (rc == 0) rc = park_init(&self->out.ring->park);
  if (rc != 0) return close_after(channel, rc);
  shm_object_publish(&self->object, ring_layout());
  return 0;
}

static int ring_accept(struct channel *channel, int64_t slice_ns) {
  return shm_object_accept(&ring_of(channel)->object, slice_ns);
}

static int ring_connect(struct channel *channel, const struct channel_settings *settings) {
  struct ring_channel *self = ring_of(channel);
  int rc = shm_object_open(&self->object, settings->endpoint, ring_layout());
  if (rc != 0) return rc;
  if (!capacity_is_sound(&self->object)) rc = -EPROTO;
  if (rc == 0 && settings->frame_bytes > self->object.capacity) rc = -EMSGSIZE;
  /* Before attaching: a client that can't take part must not use the object up. */
  if (rc != 0) {
    shm_object_close(&self->object);
    return rc;
  }
  rc = shm_object_attach(&self->object);
  return rc != 0 ? rc : close_after(channel, set_up_ends(self, settings->frame_bytes));
}

/* ---- sending ---- */

/* More than 0 if `bytes` fit (or the peer's position is impossible, which the send will find), as seen right now. */
static int has_room(const struct ring_channel *self, uint64_t seen_head, size_t bytes) {
  return self->capacity - (self->out.tail - seen_head) >= bytes;
}

static int find_room(struct ring_channel *self, size_t bytes) {
  struct producer *out = &self->out;
  if (has_room(self, out->seen_head, bytes)) return 0;
  /* Acquire: pairs with the consumer's store in release_frame; its copy out of this room is done. */
  uint64_t head = atomic_load_explicit(&out->ring->head, memory_order_acquire);
  if (out->tail - head > self->capacity) return -EPROTO;
  out->seen_head = head;
  if (has_room(self, head, bytes)) return 0;
  out->needed = bytes;
  return -EAGAIN;
}

static void copy_in(struct ring_channel *self, const uint8_t *from, size_t bytes) {
  size_t at = self->out.tail & (self->capacity - 1);
  size_t to_end = self->capacity - at;
  size_t first = bytes < to_end ? bytes : to_end;
  memcpy(self->out.data + at, from, first);
  if (first < bytes) memcpy(self->out.data, from + first, bytes - first);
}

static int ring_try_send(struct channel *channel, const uint8_t *frame, size_t frame_bytes) {
  struct ring_channel *self = ring_of(channel);
  struct producer *out = &self->out;
  if (frame_bytes > self->capacity) return -EMSGSIZE;
  if (shm_object_peer_left(&self->object)) return -EPIPE;
  int rc = find_room(self, frame_bytes);
  if (rc != 0) return rc;
  copy_in(self, frame, frame_bytes);
  out->tail += frame_bytes;
  /* The frame: pairs with the load in look_for_bytes. */
  publish(out->ring, &out->ring->tail, out->tail, READABLE);
  return 0;
}

/* ---- receiving ---- */

/* Bytes that can be taken, 0 for none, -EPROTO if the peer's position is impossible. */
static int64_t look_for_bytes(struct ring_channel *self) {
  struct consumer *in = &self->in;
  /* Acquire: pairs with the producer's store in ring_try_send; its copy of these bytes is done. */
  uint64_t tail = atomic_load_explicit(&in->ring->tail, memory_order_acquire);
  if (tail - in->head > self->capacity) return -EPROTO;
  in->seen_tail = tail;
  return (int64_t)(tail - in->head);
}

static int64_t find_bytes(struct ring_channel *self) {
  if (self->in.seen_tail != self->in.head) return (int64_t)(self->in.seen_tail - self->in.head);
  int64_t bytes = look_for_bytes(self);
  if (bytes != 0) return bytes;
  if (!shm_object_peer_left(&self->object)) return -EAGAIN;
  /* What it sent before it left is visible now that its leaving is. */
  bytes = look_for_bytes(self);
  return bytes == 0 ? -EPIPE : bytes;
}

static void copy_out(const struct ring_channel *self, uint64_t position, uint8_t *to, size_t bytes) {
  size_t at = position & (self->capacity - 1);
  size_t to_end = self->capacity - at;
  size_t first = bytes < to_end ? bytes : to_end;
  memcpy(to, self->in.data + at, first);
  if (first < bytes) memcpy(to + first, self->in.data, bytes - first);
}

/* Length, with prefix, of the frame at the head. The prefix is copied once, so that nobody changes it after the check. */
static int64_t find_frame(struct ring_channel *self) {
  int64_t bytes = find_bytes(self);
  if (bytes < 0) return bytes;
  if (bytes < FRAME_LENGTH_BYTES) return -EPROTO;
  uint8_t prefix[FRAME_LENGTH_BYTES];
  copy_out(self, self->in.head, prefix, sizeof prefix);
  int64_t body_bytes = frame_body_bytes(prefix);
  /* Whole frames are published at once. */
  if (body_bytes < 0 || body_bytes + FRAME_LENGTH_BYTES > bytes) return -EPROTO;
  return body_bytes + FRAME_LENGTH_BYTES;
}

static int grow_buffer(struct consumer *in, size_t frame_bytes) {
  uint8_t *grown = realloc(in->buffer, frame_bytes);
  if (grown == NULL) return -ENOMEM;
  in->buffer = grown;
  in->buffer_bytes = frame_bytes;
  return 0;
}

static void release_frame(struct consumer *in, size_t frame_bytes) {
  in->head += frame_bytes;
  /* The room: pairs with the load in find_room. */
  publish(in->ring, &in->ring->head, in->head, WRITABLE);
}

static int ring_try_receive(struct channel *channel, struct arrival *arrival) {
  struct ring_channel *self = ring_of(channel);
  struct consumer *in = &self->in;
  int64_t found = find_frame(self);
  if (found < 0) return (int)found;
  size_t frame_bytes = (size_t)found;
  if (frame_bytes > in->buffer_bytes) {
    int rc = grow_buffer(in, frame_bytes);
    if (rc != 0) return rc;
  }
  uint32_t body_bytes = (uint32_t)(frame_bytes - FRAME_LENGTH_BYTES);
  memcpy(in->buffer, &body_bytes, sizeof body_bytes);
  copy_out(self, in->head + FRAME_LENGTH_BYTES, in->buffer + FRAME_LENGTH_BYTES, body_bytes);
  *arrival = (struct arrival){
      .body = in->buffer + FRAME_LENGTH_BYTES, .body_bytes = body_bytes, .received_ns = channel_arrival_ns(channel)};
  release_frame(in, frame_bytes);
  return 0;
}

/* ---- waiting ---- */

static int reader_ready(const void *context) {
  const struct ring_channel *self = context;
  int left = shm_object_peer_left(&self->object);
  if (atomic_load_explicit(&self->in.ring->tail, memory_order_seq_cst) != self->in.head) return 1;
  return left ? -EPIPE : 0;
}

static int writer_ready(const void *context) {
  const struct ring_channel *self = context;
  if (shm_object_peer_left(&self->object)) return -EPIPE;
  uint64_t head = atomic_load_explicit(&self->out.ring->head, memory_order_seq_cst);
  int impossible = self->out.tail - head > self->capacity; /* for find_room to tell */
  return impossible || has_room(self, head, self->out.needed);
}

static int ring_wait(struct channel *channel, enum readiness readiness, int64_t slice_ns) {
  struct ring_channel *self = ring_of(channel);
  /* The other side was told that it need not wake us. */
  if (channel->wait_kind == WAIT_SPIN) return 0;
  if (readiness == READABLE) {
    struct park_wish wish = {.ready = reader_ready, .context = self, .cancelled = &self->in.cancelled};
    return park_sleep(&self->in.ring->park, READABLE, &wish, slice_ns);
  }
  struct park_wish wish = {.ready = writer_ready, .context = self, .cancelled = &self->out.cancelled};
  return park_sleep(&self->out.ring->park, WRITABLE, &wish, slice_ns);
}

static void ring_wake(struct channel *channel) {
  struct ring_channel *self = ring_of(channel);
  if (self->in.ring == NULL) return;
  park_cancel(&self->in.ring->park, READABLE, &self->in.cancelled);
  park_cancel(&self->out.ring->park, WRITABLE, &self->out.cancelled);
}

/* ---- the rest ---- */

static int ring_check_peer(struct channel *channel) { return shm_object_check_peer(&ring_of(channel)->object); }
static void ring_unlink(struct channel *channel) { shm_object_unlink(&ring_of(channel)->object); }

static void ring_effective(struct channel *channel, struct channel_effective *effective) {
  size_t capacity = ring_of(channel)->capacity;
  *effective = (struct channel_effective){.send_buffer_bytes = capacity, .receive_buffer_bytes = capacity};
}

const struct channel_ops ring_ops = {
    .channel_bytes = sizeof(struct ring_channel),
    .listen = ring_listen,
    .accept = ring_accept,
    .connect = ring_connect,
    .try_send = ring_try_send,
    .try_receive = ring_try_receive,
    .waits_until_tick = PARK_FUTEX,
    .wait = ring_wait,
    .wake = ring_wake,
    .check_peer = ring_check_peer,
    .effective = ring_effective,
    .unlink = ring_unlink,
    .close = ring_close,
};
