/* A channel that leads nowhere: what is sent comes straight back, a request as its own response. It measures the rig. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mechanism/channel.h"
#include "message/frame.h"
#include "plat/pages.h"

struct null_channel {
  struct channel channel;
  uint8_t *frame;
  size_t capacity;
  size_t frame_bytes; /* 0: nothing lies here */
};

static struct null_channel *null_of(struct channel *channel) { return (struct null_channel *)channel; }

static int null_connect(struct channel *channel, const struct channel_settings *settings) {
  struct null_channel *self = null_of(channel);
  self->capacity = settings->frame_bytes;
  self->frame = pages_alloc(self->capacity);
  return self->frame == NULL ? -ENOMEM : 0;
}

static int null_try_send(struct channel *channel, const uint8_t *frame, size_t frame_bytes) {
  struct null_channel *self = null_of(channel);
  if (self->frame_bytes != 0) return -EAGAIN;
  if (frame_bytes > self->capacity) return -EMSGSIZE;
  memcpy(self->frame, frame, frame_bytes);
  self->frame_bytes = frame_bytes;
  return 0;
}

static void turn_request_around(uint8_t *type_field) {
  uint32_t type;
  memcpy(&type, type_field, sizeof type);
  if (type == FRAME_REQUEST) type = FRAME_RESPONSE;
  memcpy(type_field, &type, sizeof type);
}

static int null_try_receive(struct channel *channel, struct arrival *arrival) {
  struct null_channel *self = null_of(channel);
  if (self->frame_bytes == 0) return -EAGAIN;
  turn_request_around(self->frame + self->frame_bytes - FRAME_TYPE_BYTES);
  arrival->body = self->frame + FRAME_LENGTH_BYTES;
  arrival->body_bytes = self->frame_bytes - FRAME_LENGTH_BYTES;
  self->frame_bytes = 0;
  return 0;
}

static int null_wait(struct channel *channel, enum readiness readiness, int64_t slice_ns) {
  (void)channel;
  (void)readiness;
  (void)slice_ns;
  return -EAGAIN;
}

static void null_effective(struct channel *channel, struct channel_effective *effective) {
  *effective = (struct channel_effective){
      .send_buffer_bytes = null_of(channel)->capacity,
      .receive_buffer_bytes = null_of(channel)->capacity,
  };
}

static void null_close(struct channel *channel) { free(null_of(channel)->frame); }

const struct channel_ops null_ops = {
    .channel_bytes = sizeof(struct null_channel),
    .connect = null_connect,
    .try_send = null_try_send,
    .try_receive = null_try_receive,
    .wait = null_wait,
    .effective = null_effective,
    .close = null_close,
};
