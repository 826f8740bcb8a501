/*
 * Reassembles frames from a byte stream, split anywhere. Blocking sockets and rings read ahead into it, so that one system call,
 * or one copy and one reading of the clock, brings many messages; in async mode the event loop feeds it what its sockets delivered.
 */
#pragma once

#include "mechanism/channel.h"

struct inbox {
  uint8_t *bytes;
  size_t capacity;
  size_t read_ahead_bytes;
  size_t start;
  size_t end;
  int64_t filled_ns; /* when the latest bytes came to lie here */
};

/*
 * `frame_bytes`: the largest frame that is planned; larger ones, up to the frame limit, make it grow. Beyond that frame some
 * `read_ahead_bytes` of the next ones are taken along.
 */
int inbox_open(struct inbox *inbox, size_t frame_bytes, size_t read_ahead_bytes);
void inbox_close(struct inbox *inbox);

/* Where the next bytes may be put, and how many; at least one unless memory is out (-ENOMEM) or the frame begun is none (-EPROTO). */
int64_t inbox_space(struct inbox *inbox, uint8_t **at);
/* `bytes` were put there; `filled_ns` is when, as channel_arrival_ns says. */
void inbox_filled(struct inbox *inbox, size_t bytes, int64_t filled_ns);
/* Copies in `bytes` of any number, then takes the time. */
int inbox_feed(struct inbox *inbox, const uint8_t *from, size_t bytes);

/* The next whole frame, -EAGAIN if there is none yet, -EPROTO if there can't be one. */
int inbox_next(struct inbox *inbox, struct arrival *arrival);
static inline size_t inbox_pending(const struct inbox *inbox) { return inbox->end - inbox->start; }
