/* Two sides of one channel for tests: in two threads of this process, or here and in a child process. */
#pragma once

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mechanism/channel.h"
#include "message/frame.h"
#include "plat/line.h"
#include "check.h"

#define LONG_SLICE_NS (20 * NS_PER_SECOND)
#define SOON_NS (NS_PER_SECOND / 2) /* a busy machine's "at once" */

static stop_flag never_stop;

/* Of the tests that look for races; the program's only argument. The long form is 1000000. */
static uint64_t rounds = 50000;

static inline void read_rounds(int count, char **arguments) {
  if (count > 1) rounds = strtoull(arguments[1], NULL, 10);
}

static inline struct channel *make_channel(const struct channel_ops *ops) {
  size_t bytes = (ops->channel_bytes + SHARED_LINE_BYTES - 1) / SHARED_LINE_BYTES * SHARED_LINE_BYTES;
  struct channel *channel = aligned_alloc(SHARED_LINE_BYTES, bytes);
  memset(channel, 0, bytes);
  channel->ops = ops;
  channel->stop = &never_stop;
  return channel;
}

static inline void free_channel(struct channel *channel) {
  channel->ops->close(channel);
  free(channel);
}

/* A name that no other test process uses. */
static inline struct channel_settings settings_for(size_t payload_bytes, size_t buffer_bytes) {
  struct channel_settings settings = {.frame_bytes = payload_bytes + FRAME_OVERHEAD, .buffer_bytes = buffer_bytes};
  snprintf(settings.endpoint, sizeof settings.endpoint, "ipc-test-%d", (int)getpid());
  return settings;
}

struct pair {
  struct channel *server, *client;
};

static inline struct pair open_pair(const struct channel_ops *ops, const struct channel_settings *settings) {
  struct pair pair = {make_channel(ops), make_channel(ops)};
  CHECK_EQUAL(ops->listen(pair.server, settings), 0);
  CHECK_EQUAL(ops->connect(pair.client, settings), 0);
  CHECK_EQUAL(ops->accept(pair.server, NS_PER_SECOND), 0);
  ops->unlink(pair.server);
  return pair;
}

static inline void close_pair(struct pair pair) {
  free_channel(pair.client);
  free_channel(pair.server);
}

/* ---- messages ---- */

static inline uint8_t *make_frame(size_t payload_bytes, uint64_t id) {
  uint8_t *frame = malloc(payload_bytes + FRAME_OVERHEAD);
  uint8_t *payload = frame + FRAME_LENGTH_BYTES + FRAME_HEADER_BYTES;
  frame_write(frame, id, payload_bytes, FRAME_ONE_WAY);
  frame_stamp(frame, clock_now_ns());
  payload_fill(payload, payload_bytes);
  payload_mark(payload, payload_bytes, id);
  return frame;
}

/* Blocks; slices so long that a lost wake-up shows as a sleep that timed out. */
static inline int send_frame(struct channel *channel, const uint8_t *frame, size_t frame_bytes) {
  int rc;
  while ((rc = channel->ops->try_send(channel, frame, frame_bytes)) == -EAGAIN) {
    rc = channel->ops->wait(channel, WRITABLE, LONG_SLICE_NS);
    if (rc != 0 && rc != -EAGAIN) return rc;
  }
  return rc;
}

static inline int receive_frame(struct channel *channel, struct arrival *arrival) {
  int rc;
  while ((rc = channel->ops->try_receive(channel, arrival)) == -EAGAIN) {
    rc = channel->ops->wait(channel, READABLE, LONG_SLICE_NS);
    if (rc != 0 && rc != -EAGAIN) return rc;
  }
  return rc;
}

static inline int send_payload(struct channel *channel, size_t payload_bytes, uint64_t id) {
  uint8_t *frame = make_frame(payload_bytes, id);
  int rc = send_frame(channel, frame, payload_bytes + FRAME_OVERHEAD);
  free(frame);
  return rc;
}

/* Whether the message has this id and size, its payload is whole and its length lies before it. */
static inline int is_message(const struct arrival *arrival, uint64_t id, size_t payload_bytes) {
  struct message message;
  if (frame_parse(arrival->body, arrival->body_bytes, &message) != 0) return 0;
  if (frame_body_bytes(arrival->body - FRAME_LENGTH_BYTES) != (int64_t)arrival->body_bytes) return 0;
  return message.id == id && message.payload_bytes == payload_bytes && payload_matches(message.payload, payload_bytes, id);
}

static inline int receive_is(struct channel *channel, uint64_t id, size_t payload_bytes) {
  struct arrival arrival;
  return receive_frame(channel, &arrival) == 0 && is_message(&arrival, id, payload_bytes);
}

/* ---- threads and processes ---- */

struct errand {
  int (*run)(struct channel *, const void *);
  struct channel *channel;
  const void *context;
  int result;
  pthread_t thread;
};

static inline void *run_errand(void *argument) {
  struct errand *errand = argument;
  errand->result = errand->run(errand->channel, errand->context);
  return NULL;
}

static inline void start_errand(struct errand *errand) { pthread_create(&errand->thread, NULL, run_errand, errand); }

static inline int finish_errand(struct errand *errand) {
  pthread_join(errand->thread, NULL);
  return errand->result;
}

static inline void pause_ms(int ms) {
  struct timespec nap = timespec_of_ns(ms * NS_PER_MS);
  nanosleep(&nap, NULL);
}

/* A child that connects as the client and then does as it is told, for ever; returns once `run` has said it is there. */
static int child_says[2];

static inline void say_ready(void) {
  char byte = 1;
  if (write(child_says[1], &byte, 1) != 1) _exit(3);
}

static inline pid_t start_peer(struct channel *server, const struct channel_settings *settings, void (*run)(struct channel *)) {
  CHECK(pipe(child_says) == 0);
  pid_t child = fork();
  if (child == 0) {
    struct channel *client = make_channel(server->ops);
    while (client->ops->connect(client, settings) != 0) sched_yield();
    run(client);
    for (;;) pause();
  }
  char byte;
  CHECK_EQUAL(read(child_says[0], &byte, 1), 1);
  close(child_says[0]);
  close(child_says[1]);
  return child;
}

static inline void kill_peer(pid_t child) {
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
}
