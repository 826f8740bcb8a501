/*
 * Shared memory, the default: two single-producer single-consumer byte rings in one named object. Frames lie in them
 * with their length in front, and may wrap. Nobody enters the kernel or takes a lock while data flows.
 *
 * Positions count bytes since the start and never wrap; their difference is what lies in the ring. Each has one writer:
 *   tail  stored by the producer after its copy, loaded by the consumer before its own (the frames' bytes)
 *   head  stored by the consumer after its copy, loaded by the producer before its own (the room's bytes)
 * The stores are seq_cst instead of release for the sake of the look at `waiting` that follows them (park.h). A full barrier
 * for every message holds up the processor, between distant cores until the other one has given the line away. So release must do
 *   where the other side spins, and there is nobody to look for: two to three times the throughput between distant cores
 *   where the next message follows at once: it looks again, and the last one, or whoever waits for room, in full. A sleeper
 *   that a look has missed then sleeps for as long as the next message takes; a sixth more throughput on one CPU
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mechanism/channel.h"
#include "mechanism/parts/inbox.h"
#include "mechanism/parts/shm_object.h"

#define DEFAULT_CAPACITY_BYTES (64 * 1024)
#define SMALLEST_CAPACITY_BYTES SHARED_LINE_BYTES

/* Messages that lie ready are copied out together, so many at most that the producer gets its room back soon. */
#define READ_AHEAD_BYTES 8192

struct ring {
  _Alignas(SHARED_LINE_BYTES) _Atomic uint64_t tail;
  _Alignas(SHARED_LINE_BYTES) _Atomic uint64_t head;
  _Alignas(SHARED_LINE_BYTES) struct park park; /* READABLE: the consumer sleeps, WRITABLE: the producer */
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
  _Alignas(SHARED_LINE_BYTES) struct ring *ring;
  uint8_t *data;
  uint64_t tail;
  uint64_t seen_head;
  size_t needed; /* by the send that found no room */
  int owes_look; /* its last look at who sleeps came without a full barrier */
  _Atomic uint32_t cancelled;
};

struct consumer {
  _Alignas(SHARED_LINE_BYTES) struct ring *ring;
  const uint8_t *data;
  uint64_t head;
  uint64_t seen_tail;
  struct inbox inbox;
  _Atomic uint32_t cancelled;
};

struct ring_channel {
  struct shm_channel shm;
  size_t capacity; /* a power of two */
  struct producer out;
  struct consumer in;
};

static struct ring_channel *ring_of(struct channel *channel) { return (struct ring_channel *)channel; }

/* Whether the other side sleeps at that place at all. */
static int sleeps(const struct ring *ring, enum readiness place) {
  return !atomic_load_explicit(&ring->spins[place], memory_order_relaxed);
}

/* Lets the consumer see what was sent, and wakes it if it sleeps: reader_ready looks at `tail` after announcing. */
static void publish_tail(struct ring_channel *self) {
  struct producer *out = &self->out;
  out->owes_look = self->shm.channel.more_follows && sleeps(out->ring, READABLE);
  if (out->owes_look || !sleeps(out->ring, READABLE)) {
    atomic_store_explicit(&out->ring->tail, out->tail, memory_order_release);
  } else {
    atomic_store_explicit(&out->ring->tail, out->tail, memory_order_seq_cst);
  }
  if (sleeps(out->ring, READABLE)) park_wake(&out->ring->park, READABLE);
}

/* Lets the producer see what room there is, and wakes it if it sleeps: writer_ready looks at `head` after announcing. */
static void publish_head(struct consumer *in) {
  if (sleeps(in->ring, WRITABLE)) {
    atomic_store_explicit(&in->ring->head, in->head, memory_order_seq_cst);
    park_wake(&in->ring->park, WRITABLE);
  } else {
    atomic_store_explicit(&in->ring->head, in->head, memory_order_release);
  }
}

static void ring_publish(struct channel *channel) {
  struct ring_channel *self = ring_of(channel);
  if (self->out.owes_look) publish_tail(self);
}

/* ---- set-up ---- */

static size_t object_bytes(size_t capacity) { return DATA_OFFSET + 2 * capacity; }

static uint64_t ring_layout(void) {
  return shm_layout(SHM_KIND_RING, sizeof(struct ring_object) << 16 | offsetof(struct ring, head) << 8 | offsetof(struct ring, park));
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
  struct ring_object *shared = (struct ring_object *)self->shm.object.header;
  enum shm_side us = self->shm.object.side, peer = 1 - us;
  uint8_t *data = (uint8_t *)shared + DATA_OFFSET;
  self->capacity = self->shm.object.capacity;
  if (frame_bytes > self->capacity) return -EMSGSIZE;
  self->out = (struct producer){.ring = &shared->rings[peer], .data = data + peer * self->capacity};
  self->in = (struct consumer){.ring = &shared->rings[us], .data = data + us * self->capacity};
  uint32_t spins = self->shm.channel.wait_kind == WAIT_SPIN;
  atomic_store_explicit(&self->in.ring->spins[READABLE], spins, memory_order_relaxed);
  atomic_store_explicit(&self->out.ring->spins[WRITABLE], spins, memory_order_relaxed);
  return inbox_open(&self->in.inbox, frame_bytes, READ_AHEAD_BYTES);
}

static void ring_close(struct channel *channel) {
  struct ring_channel *self = ring_of(channel);
  inbox_close(&self->in.inbox);
  if (self->shm.object.header == NULL) return;
  /* Stored before the looks at who sleeps; both `ready` look at it after announcing. */
  shm_object_leave(&self->shm.object);
  /* Absent after a set-up that failed halfway. */
  if (self->in.ring != NULL) {
    park_wake(&self->out.ring->park, READABLE);
    park_wake(&self->in.ring->park, WRITABLE);
  }
  shm_object_close(&self->shm.object);
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
  int rc = shm_object_create(&self->shm.object, settings->endpoint, object_bytes(capacity), capacity);
  if (rc != 0) return rc;
  rc = set_up_ends(self, settings->frame_bytes);
  if (rc == 0) rc = park_init(&self->in.ring->park);
  if (rc == 0) rc = park_init(&self->out.ring->park);
  if (rc != 0) return close_after(channel, rc);
  shm_object_publish(&self->shm.object, ring_layout());
  return 0;
}

static int ring_connect(struct channel *channel, const struct channel_settings *settings) {
  struct ring_channel *self = ring_of(channel);
  int rc = shm_object_open(&self->shm.object, settings->endpoint, ring_layout());
  if (rc != 0) return rc;
  if (!capacity_is_sound(&self->shm.object)) rc = -EPROTO;
  if (rc == 0 && settings->frame_bytes > self->shm.object.capacity) rc = -EMSGSIZE;
  rc = shm_object_attach(&self->shm.object, rc);
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
  /* Who waits for room may wait for one who sleeps. */
  channel_sent_all(&self->shm.channel);
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
  if (shm_object_peer_left(&self->shm.object)) return -EPIPE;
  int rc = find_room(self, frame_bytes);
  if (rc != 0) return rc;
  copy_in(self, frame, frame_bytes);
  out->tail += frame_bytes;
  /* The frame: pairs with the load in look_for_bytes. */
  publish_tail(self);
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
  if (!shm_object_peer_left(&self->shm.object)) return -EAGAIN;
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

/* Copies out what lies ready, as far as the inbox takes it; from there on nobody changes it. */
static int read_ahead(struct ring_channel *self) {
  struct consumer *in = &self->in;
  /* Whole frames are published at once: after the last byte of what was there none can be begun. */
  if (in->seen_tail == in->head && inbox_pending(&in->inbox) > 0) return -EPROTO;
  int64_t ready = find_bytes(self);
  if (ready < 0) return (int)ready;
  uint8_t *to;
  int64_t space = inbox_space(&in->inbox, &to);
  if (space < 0) return (int)space;
  /* A frame that was begun, and may be longer, is read to its end; else no more than that, whatever the inbox takes. */
  if (inbox_pending(&in->inbox) == 0 && space > READ_AHEAD_BYTES) space = READ_AHEAD_BYTES;
  size_t bytes = (size_t)(ready < space ? ready : space);
  copy_out(self, in->head, to, bytes);
  inbox_filled(&in->inbox, bytes);
  in->head += bytes;
  /* The room: pairs with the load in find_room. */
  publish_head(in);
  return 0;
}

static int ring_try_receive(struct channel *channel, struct arrival *arrival) {
  struct ring_channel *self = ring_of(channel);
  int rc;
  while ((rc = inbox_next(&self->in.inbox, arrival)) == -EAGAIN) {
    rc = read_ahead(self);
    if (rc != 0) return rc;
  }
  return rc;
}

/* ---- waiting ---- */

/* The second looks (park.h). They pair with the stores of shm_object_leave and of publish_tail. */
static int reader_ready(const void *context) {
  const struct ring_channel *self = context;
  int left = shm_object_look_again_left(&self->shm.object);
  if (atomic_load_explicit(&self->in.ring->tail, memory_order_seq_cst) != self->in.head) return 1;
  return left ? -EPIPE : 0;
}

/* … and of publish_head. */
static int writer_ready(const void *context) {
  const struct ring_channel *self = context;
  if (shm_object_look_again_left(&self->shm.object)) return -EPIPE;
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

static void ring_effective(struct channel *channel, struct channel_effective *effective) {
  size_t capacity = ring_of(channel)->capacity;
  *effective = (struct channel_effective){.send_buffer_bytes = capacity, .receive_buffer_bytes = capacity};
}

const struct channel_ops ring_ops = {
    .channel_bytes = sizeof(struct ring_channel),
    .listen = ring_listen,
    .accept = shm_accept,
    .connect = ring_connect,
    .effective = ring_effective,
    .unlink = shm_unlink_name,
    .close = ring_close,
    .try_send = ring_try_send,
    .try_receive = ring_try_receive,
    .publish = ring_publish,
    .wait = ring_wait,
    .waits_until_tick = PARK_FUTEX,
    .wake = ring_wake,
    .check_peer = shm_check_peer,
    .remove = shm_remove_name,
    .take_over = shm_take_over_name,
};
