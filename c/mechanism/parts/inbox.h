/*
 * Reassembles frames from a byte stream, split anywhere. Blocking sockets and rings read ahead into it, so that one system call,
 * or one copy, brings many messages; in async mode the event loop feeds it what its sockets delivered.
 */
#pragma once

#include "mechanism/channel.h"

struct inbox {
  uint8_t *bytes;
  size_t capacity;
  size_t read_ahead_bytes;
  size_t start;
  size_t end;
};

/*
 * `frame_bytes`: the largest frame that is planned; larger ones, up to the frame limit, make it grow. Beyond that frame some
 * `read_ahead_bytes` of the next ones are taken along.
 */
int inbox_open(struct inbox *inbox, size_t frame_bytes, size_t read_ahead_bytes);
void inbox_close(struct inbox *inbox);

/* Where the next bytes may be put, and how many; at least one unless memory is out (-ENOMEM) or the frame begun is none (-EPROTO). */
int64_t inbox_space(struct inbox *inbox, uint8_t **at);
/* `bytes` were put there. */
static inline void inbox_filled(struct inbox *inbox, size_t bytes) { inbox->end += bytes; }
/* Copies in `bytes` of any number. */
int inbox_feed(struct inbox *inbox, const uint8_t *from, size_t bytes);

/* The next whole frame, -EAGAIN if there is none yet, -EPROTO if there can't be one. */
int inbox_next(struct inbox *inbox, struct arrival *arrival);
static inline size_t inbox_pending(const struct inbox *inbox) { return inbox->end - inbox->start; }
