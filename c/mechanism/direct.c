/*
 * Shared memory with --shm-direct: one slot per direction, a lock and condition variable (park.h) around one message.
 * Copy in, unlock, signal; copy out, unlock, signal. Only the sender sets `full` and only the receiver clears it, both
 * under the lock after their copy, so that either may look at it without the lock to see whether there is work.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mechanism/channel.h"
#include "message/frame.h"
#include "mechanism/parts/shm_object.h"
#include "plat/pages.h"

struct slot {
  _Alignas(SHARED_LINE_BYTES) _Atomic uint32_t full; /* stored with release, acquired by the other side's look without the lock */
  uint32_t body_bytes;
  _Alignas(SHARED_LINE_BYTES) struct park park; /* its lock is the slot's; READABLE: the receiver sleeps, WRITABLE: the sender */
};

/* Behind it, from BODY_OFFSET on, the room for both bodies. */
struct slot_object {
  struct shm_header header;
  struct slot slots[2]; /* indexed by the side that receives */
};
#define BODY_OFFSET ((sizeof(struct slot_object) + 4095) / 4096 * 4096)

/* One end of a slot, on a line of its own, as two threads may wait for the two. */
struct slot_end {
  _Alignas(SHARED_LINE_BYTES) struct slot *slot;
  uint8_t *body;
  _Atomic uint32_t cancelled;
};

struct direct_channel {
  struct shm_channel shm;
  size_t slot_bytes; /* for a body */
  uint8_t *buffer;   /* for a frame: a body with its length in front */
  struct slot_end out;
  struct slot_end in;
};

static struct direct_channel *direct_of(struct channel *channel) { return (struct direct_channel *)channel; }

/* ---- set-up ---- */

static size_t stride(size_t slot_bytes) { return (slot_bytes + SHARED_LINE_BYTES - 1) / SHARED_LINE_BYTES * SHARED_LINE_BYTES; }
static size_t object_bytes(size_t slot_bytes) { return BODY_OFFSET + 2 * stride(slot_bytes); }
static uint64_t direct_layout(void) {
  return shm_layout(SHM_KIND_DIRECT, sizeof(struct slot_object) << 16 | offsetof(struct slot, body_bytes) << 8 | offsetof(struct slot, park));
}

static int capacity_is_sound(const struct shm_object *object) {
  return object->capacity <= SHM_CAPACITY_LIMIT && object_bytes(object->capacity) <= object->bytes;
}

static int set_up_ends(struct direct_channel *self) {
  struct slot_object *shared = (struct slot_object *)self->shm.object.header;
  enum shm_side us = self->shm.object.side, peer = 1 - us;
  uint8_t *bodies = (uint8_t *)shared + BODY_OFFSET;
  self->slot_bytes = self->shm.object.capacity;
  self->out = (struct slot_end){.slot = &shared->slots[peer], .body = bodies + peer * stride(self->slot_bytes)};
  self->in = (struct slot_end){.slot = &shared->slots[us], .body = bodies + us * stride(self->slot_bytes)};
  self->buffer = pages_alloc(FRAME_LENGTH_BYTES + self->slot_bytes);
  return self->buffer == NULL ? -ENOMEM : 0;
}

static void direct_close(struct channel *channel) {
  struct direct_channel *self = direct_of(channel);
  free(self->buffer);
  self->buffer = NULL;
  if (self->shm.object.header == NULL) return;
  /* Stored before the looks at who sleeps; both `ready` look at it after announcing. */
  shm_object_leave(&self->shm.object);
  /* Absent after a set-up that failed halfway. */
  if (self->in.slot != NULL) {
    park_wake(&self->out.slot->park, READABLE);
    park_wake(&self->in.slot->park, WRITABLE);
  }
  shm_object_close(&self->shm.object);
}

static int close_after(struct channel *channel, int error) {
  if (error != 0) direct_close(channel);
  return error;
}

static int direct_listen(struct channel *channel, const struct channel_settings *settings) {
  struct direct_channel *self = direct_of(channel);
  size_t slot_bytes = settings->buffer_bytes != 0 ? settings->buffer_bytes : frame_body_room(settings->frame_bytes);
  if (slot_bytes > SHM_CAPACITY_LIMIT) return -EINVAL;
  if (frame_body_room(settings->frame_bytes) > slot_bytes) return -EMSGSIZE;
  int rc = shm_object_create(&self->shm.object, settings->endpoint, object_bytes(slot_bytes), slot_bytes);
  if (rc != 0) return rc;
  rc = set_up_ends(self);
  if (rc == 0) rc = park_init(&self->in.slot->park);
  if (rc == 0) rc = park_init(&self->out.slot->park);
  if (rc != 0) return close_after(channel, rc);
  shm_object_publish(&self->shm.object, direct_layout());
  return 0;
}

static int direct_connect(struct channel *channel, const struct channel_settings *settings) {
  struct direct_channel *self = direct_of(channel);
  int rc = shm_object_open(&self->shm.object, settings->endpoint, direct_layout());
  if (rc != 0) return rc;
  if (!capacity_is_sound(&self->shm.object)) rc = -EPROTO;
  if (rc == 0 && frame_body_room(settings->frame_bytes) > self->shm.object.capacity) rc = -EMSGSIZE;
  rc = shm_object_attach(&self->shm.object, rc);
  return rc != 0 ? rc : close_after(channel, set_up_ends(self));
}

/* ---- messages ---- */

static int is_full(const struct slot_end *end) { return atomic_load_explicit(&end->slot->full, memory_order_acquire) != 0; }

/* After a copy: hands the slot, whose lock we hold, to the other side. Unlocks before it signals. The sleeper announces itself
 * and looks at `full` under that lock, so neither this store nor the look at the announcement needs an order of its own. */
static void hand_over(struct slot_end *end, uint32_t full, enum readiness sleeper) {
  struct slot *slot = end->slot;
  atomic_store_explicit(&slot->full, full, memory_order_release);
  int sleeps = park_take_sleeper(&slot->park, sleeper);
  park_unlock(&slot->park);
  if (sleeps) park_signal(&slot->park, sleeper);
}

static int direct_try_send(struct channel *channel, const uint8_t *frame, size_t frame_bytes) {
  struct direct_channel *self = direct_of(channel);
  size_t body_bytes = frame_bytes - FRAME_LENGTH_BYTES;
  if (body_bytes > self->slot_bytes) return -EMSGSIZE;
  if (shm_object_peer_left(&self->shm.object)) return -EPIPE;
  if (is_full(&self->out)) return -EAGAIN;
  int rc = park_lock(&self->out.slot->park, 0);
  if (rc != 0) return rc;
  memcpy(self->out.body, frame + FRAME_LENGTH_BYTES, body_bytes);
  self->out.slot->body_bytes = (uint32_t)body_bytes;
  hand_over(&self->out, 1, READABLE);
  return 0;
}

/* 0 if there is a message and its slot is locked. */
static int lock_message(struct direct_channel *self) {
  struct slot_end *in = &self->in;
  if (!is_full(in)) {
    if (!shm_object_peer_left(&self->shm.object)) return -EAGAIN;
    /* What it sent before it left is visible now that its leaving is. */
    if (!is_full(in)) return -EPIPE;
  }
  return park_lock(&in->slot->park, 0);
}

static int direct_try_receive(struct channel *channel, struct arrival *arrival) {
  struct direct_channel *self = direct_of(channel);
  int rc = lock_message(self);
  if (rc != 0) return rc;
  /* Copied once, so that nobody changes it after the check. */
  memcpy(self->buffer, &self->in.slot->body_bytes, FRAME_LENGTH_BYTES);
  int64_t body_bytes = frame_body_bytes(self->buffer);
  if (body_bytes < 0 || (size_t)body_bytes > self->slot_bytes) {
    park_unlock(&self->in.slot->park);
    return -EPROTO;
  }
  memcpy(self->buffer + FRAME_LENGTH_BYTES, self->in.body, (size_t)body_bytes);
  *arrival = (struct arrival){.body = self->buffer + FRAME_LENGTH_BYTES, .body_bytes = (size_t)body_bytes};
  hand_over(&self->in, 0, WRITABLE);
  return 0;
}

/* ---- waiting ---- */

/* The second looks (park.h), under the slot's lock. That at `full` pairs with hand_over, which has the same lock, so acquire
 * does: of two who hold it one after the other, the later one sees all of the earlier one. That at the peer's leaving pairs
 * with shm_object_leave, which has no lock. */
static int receiver_ready(const void *context) {
  const struct direct_channel *self = context;
  int left = shm_object_look_again_left(&self->shm.object);
  if (is_full(&self->in)) return 1;
  return left ? -EPIPE : 0;
}

static int sender_ready(const void *context) {
  const struct direct_channel *self = context;
  if (shm_object_look_again_left(&self->shm.object)) return -EPIPE;
  return !is_full(&self->out);
}

static int direct_wait(struct channel *channel, enum readiness readiness, int64_t slice_ns) {
  struct direct_channel *self = direct_of(channel);
  struct slot_end *end = readiness == READABLE ? &self->in : &self->out;
  struct park_wish wish = {
      .ready = readiness == READABLE ? receiver_ready : sender_ready, .context = self, .cancelled = &end->cancelled};
  return park_sleep(&end->slot->park, readiness, &wish, slice_ns);
}

static void direct_wake(struct channel *channel) {
  struct direct_channel *self = direct_of(channel);
  if (self->in.slot == NULL) return;
  park_cancel(&self->in.slot->park, READABLE, &self->in.cancelled);
  park_cancel(&self->out.slot->park, WRITABLE, &self->out.cancelled);
}

/* ---- the rest ---- */

static void direct_effective(struct channel *channel, struct channel_effective *effective) {
  size_t slot_bytes = direct_of(channel)->slot_bytes;
  *effective = (struct channel_effective){.send_buffer_bytes = slot_bytes, .receive_buffer_bytes = slot_bytes};
}

const struct channel_ops direct_ops = {
    .channel_bytes = sizeof(struct direct_channel),
    .listen = direct_listen,
    .accept = shm_accept,
    .connect = direct_connect,
    .effective = direct_effective,
    .unlink = shm_unlink_name,
    .close = direct_close,
    .try_send = direct_try_send,
    .try_receive = direct_try_receive,
    .wait = direct_wait,
    .waits_until_tick = PARK_FUTEX,
    .wake = direct_wake,
    .check_peer = shm_check_peer,
    .remove = shm_remove_name,
    .take_over = shm_take_over_name,
};
