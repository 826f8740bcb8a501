#include "mechanism/parts/inbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "message/frame.h"
#include "plat/pages.h"

int inbox_open(struct inbox *inbox, size_t frame_bytes, size_t read_ahead_bytes) {
  *inbox = (struct inbox){.capacity = frame_bytes + read_ahead_bytes, .read_ahead_bytes = read_ahead_bytes};
  inbox->bytes = pages_alloc(inbox->capacity);
  return inbox->bytes == NULL ? -ENOMEM : 0;
}

void inbox_close(struct inbox *inbox) {
  free(inbox->bytes);
  *inbox = (struct inbox){0};
}

/* Whole length of the frame that begins at `start`: 0 if its prefix has not all come yet, -EPROTO if it is none. */
static int64_t begun_frame_bytes(const struct inbox *inbox) {
  if (inbox_pending(inbox) < FRAME_LENGTH_BYTES) return 0;
  int64_t body_bytes = frame_body_bytes(inbox->bytes + inbox->start);
  return body_bytes < 0 ? body_bytes : body_bytes + FRAME_LENGTH_BYTES;
}

/* What is begun and shorter is moved to the front for the sake of a longer read. */
#define SHORT_BYTES 4096

/* Makes room for `wanted` bytes behind `end`, by moving what is pending to the front or, for that alone, by growing. */
static int make_room(struct inbox *inbox, size_t wanted) {
  size_t pending = inbox_pending(inbox);
  if (inbox->capacity - inbox->end >= wanted) return 0;
  memmove(inbox->bytes, inbox->bytes + inbox->start, pending);
  inbox->start = 0;
  inbox->end = pending;
  if (inbox->capacity - pending >= wanted) return 0;
  uint8_t *grown = realloc(inbox->bytes, pending + wanted);
  if (grown == NULL) return -ENOMEM;
  inbox->bytes = grown;
  inbox->capacity = pending + wanted;
  return 0;
}

int64_t inbox_space(struct inbox *inbox, uint8_t **at) {
  if (inbox->start == inbox->end) {
    inbox->start = inbox->end = 0;
    *at = inbox->bytes;
    return (int64_t)inbox->capacity;
  }
  int64_t frame_bytes = begun_frame_bytes(inbox);
  if (frame_bytes < 0) return frame_bytes;
  size_t missing = (size_t)frame_bytes > inbox_pending(inbox) ? (size_t)frame_bytes - inbox_pending(inbox) : FRAME_LENGTH_BYTES;
  int reads_on = missing <= inbox->read_ahead_bytes && inbox_pending(inbox) <= SHORT_BYTES;
  int rc = make_room(inbox, reads_on ? inbox->read_ahead_bytes : missing);
  if (rc != 0) return rc;
  *at = inbox->bytes + inbox->end;
  /* A long frame is read to its end and no further, so that the next one starts at the front and nothing is moved. */
  if (missing > inbox->read_ahead_bytes) return (int64_t)missing;
  return (int64_t)(inbox->capacity - inbox->end);
}

int inbox_feed(struct inbox *inbox, const uint8_t *from, size_t bytes) {
  if (inbox->start == inbox->end) inbox->start = inbox->end = 0;
  int64_t frame_bytes = begun_frame_bytes(inbox);
  if (frame_bytes < 0) return (int)frame_bytes;
  /* Room for the whole frame at once, so that a long one does not make the buffer grow piece by piece. */
  size_t missing = (size_t)frame_bytes > inbox_pending(inbox) ? (size_t)frame_bytes - inbox_pending(inbox) : 0;
  int rc = make_room(inbox, missing > bytes ? missing : bytes);
  if (rc != 0) return rc;
  memcpy(inbox->bytes + inbox->end, from, bytes);
  inbox_filled(inbox, bytes);
  return 0;
}

int inbox_next(struct inbox *inbox, struct arrival *arrival) {
  int64_t frame_bytes = begun_frame_bytes(inbox);
  if (frame_bytes < 0) return (int)frame_bytes;
  if (frame_bytes == 0 || (size_t)frame_bytes > inbox_pending(inbox)) return -EAGAIN;
  arrival->body = inbox->bytes + inbox->start + FRAME_LENGTH_BYTES;
  arrival->body_bytes = (size_t)frame_bytes - FRAME_LENGTH_BYTES;
  inbox->start += (size_t)frame_bytes;
  return 0;
}
