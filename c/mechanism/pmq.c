/*
 * POSIX message queues (Linux): two queues, <name>_req from client to server and <name>_resp back. Bodies travel without
 * their length. A message costs one system call: a try is a timed call whose deadline has long passed, which the kernel
 * does not sleep for; a blocking call has the end of the slice for its deadline, or none when a tick interrupts it.
 */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "mechanism/channel.h"
#include "message/frame.h"
#include "plat/life.h"
#include "plat/names.h"
#include "plat/pages.h"

/*
 * Each side claims a byte of the queue that it sends to, as long as it lives, and the server marks another of the queue
 * that it receives from, once it has a client: a pair of queues is for one client only. Before a client makes its claim it
 * takes a third byte, which the server does not look at: with that it is the only one that may still come.
 */
#define SENDER_BYTE 0
#define TAKEN_BYTE 1
#define COMING_BYTE 2

/* A claim wakes nobody: the server looks for one this often, and the first message wakes it. */
#define CLAIM_LOOK_NS (10 * NS_PER_MS)

/* Not constant: qemu, which runs the program of another processor, writes to it. */
static struct timespec already_over = {0, 0};

struct queue {
  mqd_t fd; /* a file descriptor on Linux; in a channel not open the zeroed `is_open` tells */
  int is_open;
  int has_name; /* to be removed by us */
  int bell;     /* an eventfd that ends a poll for this queue */
  char name[ENDPOINT_BYTES + sizeof "/_resp"];
};

struct pmq_channel {
  struct channel channel;
  struct queue out;
  struct queue in;
  size_t message_bytes; /* largest body */
  unsigned priority;
  uint8_t *buffer; /* for a frame: a body with its length in front */
  _Atomic int has_seen_peer; /* its claim; other programs make none. More than one waiter may look. */
};

static struct pmq_channel *pmq_of(struct channel *channel) { return (struct pmq_channel *)channel; }

/* ---- set-up ---- */

static int open_named(const char *name) { return mq_open(name, O_RDWR | O_CLOEXEC); }

static const struct name_kind queue_names = {.open = open_named, .remove = mq_unlink};

static void unlink_queue(struct queue *queue) {
  if (queue->has_name) name_remove_own(&queue_names, queue->name, queue->fd);
  queue->has_name = 0;
}

static void close_queue(struct queue *queue) {
  if (!queue->is_open) return;
  unlink_queue(queue);
  mq_close(queue->fd);
  if (queue->bell >= 0) close(queue->bell);
  *queue = (struct queue){0};
}

/* `attributes` for a new queue, NULL for one that must be there. */
static int open_queue(struct queue *queue, const char *endpoint, const char *suffix, int direction, struct mq_attr *attributes) {
  int flags = direction | O_CLOEXEC | (attributes == NULL ? 0 : O_CREAT | O_EXCL);
  name_write(queue->name, sizeof queue->name, endpoint, suffix);
  queue->fd = mq_open(queue->name, flags, 0600, attributes);
  if (queue->fd < 0) return -errno;
  queue->is_open = queue->has_name = 1;
  queue->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return queue->bell < 0 ? -errno : 0;
}

static void pmq_close(struct channel *channel) {
  struct pmq_channel *self = pmq_of(channel);
  close_queue(&self->in);
  close_queue(&self->out);
  free(self->buffer);
  self->buffer = NULL;
}

static int close_after(struct channel *channel, int error) {
  if (error != 0) pmq_close(channel);
  return error;
}

/* Sizes as they came to be, and the room for one message. */
static int set_up(struct pmq_channel *self, const struct channel_settings *settings) {
  struct mq_attr attributes;
  if (mq_getattr(self->in.fd, &attributes) != 0) return -errno;
  self->message_bytes = (size_t)attributes.mq_msgsize;
  self->channel.queue_depth = (uint32_t)attributes.mq_maxmsg;
  self->priority = settings->priority;
  if (frame_body_room(settings->frame_bytes) > self->message_bytes) return -EMSGSIZE;
  self->buffer = pages_alloc(FRAME_LENGTH_BYTES + self->message_bytes);
  return self->buffer == NULL ? -ENOMEM : 0;
}

static int create_pair(struct pmq_channel *self, const struct channel_settings *settings, long depth, size_t message_bytes) {
  struct mq_attr attributes = {.mq_maxmsg = depth, .mq_msgsize = (long)message_bytes};
  int rc = open_queue(&self->in, settings->endpoint, "_req", O_RDONLY, &attributes);
  if (rc == 0) rc = open_queue(&self->out, settings->endpoint, "_resp", O_WRONLY, &attributes);
  return close_after(&self->channel, rc);
}

/* RLIMIT_MSGQUEUE (shared with all of the user's queues), memory, or a sysctl: fewer messages may be allowed. */
static int is_limit(int error) { return error == -EMFILE || error == -ENOMEM || error == -EINVAL; }

static int pmq_listen(struct channel *channel, const struct channel_settings *settings) {
  struct pmq_channel *self = pmq_of(channel);
  size_t message_bytes = settings->buffer_bytes != 0 ? settings->buffer_bytes : frame_body_room(settings->frame_bytes);
  if (frame_body_room(settings->frame_bytes) > message_bytes) return -EMSGSIZE;
  int rc = -EINVAL;
  for (long depth = settings->queue_depth != 0 ? settings->queue_depth : MOST_QUEUED; depth > 0; depth--) {
    rc = create_pair(self, settings, depth, message_bytes);
    if (!is_limit(rc)) break;
  }
  if (rc == 0) rc = set_up(self, settings);
  if (rc == 0) rc = life_claim(self->out.fd, SENDER_BYTE, NULL);
  return close_after(channel, rc);
}

static int sees_peer(struct pmq_channel *self) {
  if (life_is_held(self->in.fd, SENDER_BYTE, NULL)) self->has_seen_peer = 1;
  return self->has_seen_peer;
}

static int has_messages(const struct queue *queue) {
  struct mq_attr attributes;
  return mq_getattr(queue->fd, &attributes) == 0 && attributes.mq_curmsgs > 0;
}

static int poll_for(struct pollfd *fds, nfds_t count, int64_t length_ns) {
  struct timespec length = timespec_of_ns(length_ns);
  return ppoll(fds, count, &length, NULL);
}

/* A client has made its claim, or, if it is of another program, has sent its first message. */
static int has_client(struct pmq_channel *self) { return sees_peer(self) || has_messages(&self->in); }

static int pmq_accept(struct channel *channel, int64_t slice_ns) {
  struct pmq_channel *self = pmq_of(channel);
  struct pollfd ready = {.fd = self->in.fd, .events = POLLIN};
  while (!has_client(self)) {
    if (slice_ns <= 0 || is_stopping(channel->stop)) return -EAGAIN;
    int64_t nap_ns = slice_ns < CLAIM_LOOK_NS ? slice_ns : CLAIM_LOOK_NS;
    poll_for(&ready, 1, nap_ns);
    slice_ns -= nap_ns;
  }
  return life_mark(self->in.fd, TAKEN_BYTE);
}

/*
 * Last of all, when both queues are open: whoever has the claim is the only client that these queues will ever have. Whether
 * they had one is looked at before the claim, since the server, which may see a claim at once, marks them then.
 */
static int claim(struct pmq_channel *self) {
  int rc = life_claim(self->out.fd, COMING_BYTE, NULL);
  if (rc != 0) return rc;
  int is_used = life_is_held(self->out.fd, TAKEN_BYTE, NULL) || has_messages(&self->out) || has_messages(&self->in);
  if (is_used) return -EBUSY;
  sees_peer(self);
  return life_claim(self->out.fd, SENDER_BYTE, NULL);
}

static int pmq_connect(struct channel *channel, const struct channel_settings *settings) {
  struct pmq_channel *self = pmq_of(channel);
  int rc = open_queue(&self->out, settings->endpoint, "_req", O_WRONLY, NULL);
  if (rc == 0) rc = open_queue(&self->in, settings->endpoint, "_resp", O_RDONLY, NULL);
  if (rc == 0) rc = set_up(self, settings);
  if (rc == 0) rc = claim(self);
  /* The names are the server's: a client that goes before it was seen must not take them with it. */
  self->out.has_name = self->in.has_name = 0;
  return close_after(channel, rc);
}

/* ---- messages ---- */

/* The coarse clock, which costs less, is some milliseconds behind: right for a slice, but not for less. */
static struct timespec deadline(int64_t slice_ns) {
  return timespec_of_ns(clock_read_ns(slice_ns < WAIT_SLICE_NS ? CLOCK_REALTIME : CLOCK_REALTIME_COARSE) + slice_ns);
}

static int not_now(int error) { return error == ETIMEDOUT || error == EINTR || error == EAGAIN ? -EAGAIN : -error; }

/* `until` NULL: as long as it takes. */
static int send_until(struct pmq_channel *self, const uint8_t *frame, size_t frame_bytes, const struct timespec *until) {
  const char *body = (const char *)frame + FRAME_LENGTH_BYTES;
  size_t body_bytes = frame_bytes - FRAME_LENGTH_BYTES;
  int rc = until == NULL ? mq_send(self->out.fd, body, body_bytes, self->priority)
                         : mq_timedsend(self->out.fd, body, body_bytes, self->priority, until);
  return rc == 0 ? 0 : not_now(errno);
}

static int receive_until(struct pmq_channel *self, struct arrival *arrival, const struct timespec *until) {
  char *body = (char *)self->buffer + FRAME_LENGTH_BYTES;
  ssize_t bytes = until == NULL ? mq_receive(self->in.fd, body, self->message_bytes, NULL)
                                : mq_timedreceive(self->in.fd, body, self->message_bytes, NULL, until);
  if (bytes < 0) return not_now(errno);
  arrival->body = self->buffer + FRAME_LENGTH_BYTES;
  arrival->body_bytes = (size_t)bytes;
  uint32_t body_bytes = (uint32_t)bytes;
  memcpy(self->buffer, &body_bytes, sizeof body_bytes);
  return frame_body_bytes(self->buffer) < 0 ? -EPROTO : 0;
}

static int pmq_try_send(struct channel *channel, const uint8_t *frame, size_t frame_bytes) {
  return send_until(pmq_of(channel), frame, frame_bytes, &already_over);
}

static int pmq_try_receive(struct channel *channel, struct arrival *arrival) {
  return receive_until(pmq_of(channel), arrival, &already_over);
}

static int pmq_send(struct channel *channel, const uint8_t *frame, size_t frame_bytes, int64_t slice_ns) {
  if (slice_ns == WAIT_UNTIL_TICK) return send_until(pmq_of(channel), frame, frame_bytes, NULL);
  struct timespec until = deadline(slice_ns);
  return send_until(pmq_of(channel), frame, frame_bytes, &until);
}

static int pmq_receive(struct channel *channel, struct arrival *arrival, int64_t slice_ns) {
  if (slice_ns == WAIT_UNTIL_TICK) return receive_until(pmq_of(channel), arrival, NULL);
  struct timespec until = deadline(slice_ns);
  return receive_until(pmq_of(channel), arrival, &until);
}

/* ---- waiting ---- */

static int pmq_wait(struct channel *channel, enum readiness readiness, int64_t slice_ns) {
  struct pmq_channel *self = pmq_of(channel);
  const struct queue *queue = readiness == READABLE ? &self->in : &self->out;
  struct pollfd fds[2] = {
      {.fd = queue->fd, .events = readiness == READABLE ? POLLIN : POLLOUT},
      {.fd = queue->bell, .events = POLLIN},
  };
  int count = poll_for(fds, 2, slice_ns);
  if (count < 0) return errno == EINTR ? -EAGAIN : -errno;
  uint64_t rings;
  /* pmq_wake ended this wait, and no other. */
  if (fds[1].revents != 0 && read(queue->bell, &rings, sizeof rings) > 0) return -EAGAIN;
  return fds[0].revents != 0 ? 0 : -EAGAIN;
}

static void ring_bell(const struct queue *queue) {
  uint64_t once = 1;
  /* It can only fail when it has been rung some 2^64 times, and then it rings. */
  if (queue->is_open && write(queue->bell, &once, sizeof once) < 0) return;
}

static void pmq_wake(struct channel *channel) {
  ring_bell(&pmq_of(channel)->in);
  ring_bell(&pmq_of(channel)->out);
}

/* ---- the rest ---- */

static int pmq_check_peer(struct channel *channel) {
  struct pmq_channel *self = pmq_of(channel);
  return sees_peer(self) && !life_is_held(self->in.fd, SENDER_BYTE, NULL) ? -EOWNERDEAD : 0;
}

static void pmq_unlink(struct channel *channel) {
  unlink_queue(&pmq_of(channel)->in);
  unlink_queue(&pmq_of(channel)->out);
}

static void pmq_effective(struct channel *channel, struct channel_effective *effective) {
  const struct pmq_channel *self = pmq_of(channel);
  *effective = (struct channel_effective){
      .send_buffer_bytes = self->message_bytes,
      .receive_buffer_bytes = self->message_bytes,
      .queue_depth = self->channel.queue_depth,
  };
}

/* ---- names of servers that are gone ---- */

static int pmq_remove(const char *endpoint) {
  char request[ENDPOINT_BYTES + sizeof "/_resp"], response[sizeof request];
  name_write(request, sizeof request, endpoint, "_req");
  name_write(response, sizeof response, endpoint, "_resp");
  int rc = name_remove(&queue_names, request), other = name_remove(&queue_names, response);
  return rc != 0 ? rc : other;
}

static int take_over_queue(const char *endpoint, const char *suffix, int owner_byte) {
  char name[ENDPOINT_BYTES + sizeof "/_resp"];
  name_write(name, sizeof name, endpoint, suffix);
  int fd = open_named(name);
  if (fd < 0) return errno == ENOENT ? 0 : -errno;
  int rc = name_inherit(&queue_names, name, fd, owner_byte, NULL);
  close(fd);
  return rc;
}

/* The server claims the queue that it sends to; the other one goes with it. */
static int pmq_take_over(const char *endpoint) {
  int rc = take_over_queue(endpoint, "_resp", SENDER_BYTE);
  return rc != 0 ? rc : take_over_queue(endpoint, "_req", HEIR_BYTE);
}

const struct channel_ops pmq_ops = {
    .channel_bytes = sizeof(struct pmq_channel),
    .listen = pmq_listen,
    .accept = pmq_accept,
    .connect = pmq_connect,
    .effective = pmq_effective,
    .unlink = pmq_unlink,
    .close = pmq_close,
    .try_send = pmq_try_send,
    .try_receive = pmq_try_receive,
    .send = pmq_send,
    .receive = pmq_receive,
    .wait = pmq_wait,
    .waits_until_tick = 1,
    .wake = pmq_wake,
    .check_peer = pmq_check_peer,
    .remove = pmq_remove,
    .take_over = pmq_take_over,
};
