/* Shared memory, one slot per direction: a robust mutex and condition variables around a single message. */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "reference.h"

struct slot {
  pthread_mutex_t mutex;
  pthread_cond_t filled, emptied;
  int is_full;
  uint32_t body_bytes;
  uint8_t body[];
};

static struct slot *to_server, *to_client, *out, *in;
static struct frame *buffer;

static void set_up(struct slot *slot) {
  pthread_mutexattr_t mutex_attributes;
  pthread_mutexattr_init(&mutex_attributes);
  pthread_mutexattr_setpshared(&mutex_attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&mutex_attributes, PTHREAD_MUTEX_ROBUST);
  pthread_condattr_t condition_attributes;
  pthread_condattr_init(&condition_attributes);
  pthread_condattr_setpshared(&condition_attributes, PTHREAD_PROCESS_SHARED);
  if (pthread_mutex_init(&slot->mutex, &mutex_attributes) != 0) die("pthread_mutex_init");
  if (pthread_cond_init(&slot->filled, &condition_attributes) != 0) die("pthread_cond_init");
  if (pthread_cond_init(&slot->emptied, &condition_attributes) != 0) die("pthread_cond_init");
}

static void slot_create(size_t payload_bytes, int spin) {
  (void)spin;
  size_t slot_bytes = (sizeof(struct slot) + body_bytes(payload_bytes) + 63) / 64 * 64;
  uint8_t *memory = shared_memory(2 * slot_bytes);
  to_server = (struct slot *)memory;
  to_client = (struct slot *)(memory + slot_bytes);
  set_up(to_server);
  set_up(to_client);
  buffer = allocate(frame_bytes(payload_bytes));
}

static void slot_join_as_server(void) {
  in = to_server;
  out = to_client;
}

static void slot_join_as_client(void) {
  in = to_client;
  out = to_server;
}

static void lock(struct slot *slot) {
  if (pthread_mutex_lock(&slot->mutex) != 0) die("pthread_mutex_lock");
}

static void slot_send(const struct frame *frame) {
  lock(out);
  while (out->is_full) {
    if (pthread_cond_wait(&out->emptied, &out->mutex) != 0) die("pthread_cond_wait");
  }
  memcpy(out->body, &frame->id, frame->body_bytes);
  out->body_bytes = frame->body_bytes;
  out->is_full = 1;
  pthread_mutex_unlock(&out->mutex);
  pthread_cond_signal(&out->filled);
}

static struct frame *slot_receive(int64_t *received_ns) {
  lock(in);
  while (!in->is_full) {
    if (pthread_cond_wait(&in->filled, &in->mutex) != 0) die("pthread_cond_wait");
  }
  memcpy(&buffer->id, in->body, in->body_bytes);
  buffer->body_bytes = in->body_bytes;
  in->is_full = 0;
  pthread_mutex_unlock(&in->mutex);
  pthread_cond_signal(&in->emptied);
  *received_ns = now_ns();
  return buffer;
}

const struct transport slot_transport = {
    .name = "shm-direct",
    .create = slot_create,
    .join_as_server = slot_join_as_server,
    .join_as_client = slot_join_as_client,
    .send = slot_send,
    .receive = slot_receive,
};
