/* Unix domain and TCP stream sockets in blocking mode. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "mechanism/parts/inbox.h"
#include "mechanism/parts/socket_options.h"
#include "message/frame.h"
#include "plat/socket.h"

/* Clients that knock at once and are not accepted yet. */
#define BACKLOG 128

#define READ_AHEAD_BYTES (64 * 1024)

struct socket_channel {
  struct channel channel;
  int listener;
  int fd;
  int has_time_limits;
  size_t sent_bytes; /* of the frame whose sending is under way */
  uint64_t buffer_bytes;
  struct inbox inbox;
  char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* to be removed by us; empty: nothing to remove */
};

static struct socket_channel *socket_of(struct channel *channel) { return (struct socket_channel *)channel; }

static int limit_waits(struct socket_channel *self, int64_t slice_ns) {
  self->has_time_limits = slice_ns != 0;
  return socket_limit_waits(self->fd, slice_ns);
}

/* The connected socket sleeps in the kernel for a slice at most, then looks around. */
static int set_up_connected(struct socket_channel *self) {
  int rc = limit_waits(self, WAIT_SLICE_NS);
  if (rc != 0) return rc;
  return socket_tune(self->fd, (double)self->buffer_bytes);
}

static int prepare(struct channel *channel, const struct channel_settings *settings) {
  struct socket_channel *self = socket_of(channel);
  self->listener = self->fd = -1;
  self->buffer_bytes = settings->buffer_bytes;
  return inbox_open(&self->inbox, settings->frame_bytes, READ_AHEAD_BYTES);
}

/* ---- addresses ---- */

struct place {
  struct sockaddr_storage address;
  socklen_t bytes;
};

static int unix_place(const struct channel_settings *settings, struct place *place) {
  struct sockaddr_un *address = (struct sockaddr_un *)&place->address;
  if (strlen(settings->endpoint) >= sizeof address->sun_path) return -ENAMETOOLONG;
  address->sun_family = AF_UNIX;
  strcpy(address->sun_path, settings->endpoint);
  place->bytes = sizeof *address;
  return 0;
}

/* The host's first address; -EADDRNOTAVAIL if it has none. */
static int tcp_place(const struct channel_settings *settings, struct place *place) {
  char port[8];
  snprintf(port, sizeof port, "%u", settings->port);
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *found;
  if (getaddrinfo(settings->endpoint, port, &hints, &found) != 0) return -EADDRNOTAVAIL;
  memcpy(&place->address, found->ai_addr, found->ai_addrlen);
  place->bytes = found->ai_addrlen;
  freeaddrinfo(found);
  return 0;
}

/* ---- the server's side ---- */

static int listen_at(struct channel *channel, const struct place *place) {
  struct socket_channel *self = socket_of(channel);
  self->listener = socket_open(place->address.ss_family);
  if (self->listener < 0) return self->listener;
  int rc = socket_tune(self->listener, (double)self->buffer_bytes);
  if (rc != 0) return rc;
  /* Connections of an earlier server that linger in TIME_WAIT are no reason to refuse; another listener still is. */
  socket_set(self->listener, SOL_SOCKET, SO_REUSEADDR, 1);
  rc = socket_bind(self->listener, (const struct sockaddr *)&place->address, place->bytes);
  return rc == 0 && listen(self->listener, BACKLOG) != 0 ? -errno : rc;
}

static int uds_listen(struct channel *channel, const struct channel_settings *settings) {
  struct place place = {0};
  int rc = prepare(channel, settings);
  if (rc == 0) rc = unix_place(settings, &place);
  if (rc == 0) rc = listen_at(channel, &place);
  if (rc == 0) strcpy(socket_of(channel)->path, settings->endpoint);
  return rc;
}

static int tcp_listen(struct channel *channel, const struct channel_settings *settings) {
  struct place place = {0};
  int rc = prepare(channel, settings);
  if (rc == 0) rc = tcp_place(settings, &place);
  return rc != 0 ? rc : listen_at(channel, &place);
}

static int socket_listen_after(struct channel *channel, const struct channel_settings *settings, struct channel *before) {
  struct socket_channel *self = socket_of(channel), *last = socket_of(before);
  int rc = prepare(channel, settings);
  if (rc != 0) return rc;
  self->listener = last->listener;
  last->listener = -1;
  memcpy(self->path, last->path, sizeof self->path);
  last->path[0] = '\0';
  return 0;
}

static int accept_client(struct channel *channel, int64_t slice_ns) {
  struct socket_channel *self = socket_of(channel);
  if (self->fd >= 0) return 0;
  int rc = socket_wait(self->listener, READABLE, slice_ns);
  if (rc != 0) return rc;
  self->fd = socket_accept(self->listener);
  return self->fd < 0 ? self->fd : set_up_connected(self);
}

/* ---- the client's side ---- */

static int connect_to(struct channel *channel, const struct place *place) {
  struct socket_channel *self = socket_of(channel);
  self->fd = socket_open(place->address.ss_family);
  if (self->fd < 0) return self->fd;
  int rc = socket_tune(self->fd, (double)self->buffer_bytes);
  if (rc == 0) rc = socket_connect(self->fd, (const struct sockaddr *)&place->address, place->bytes);
  return rc != 0 ? rc : set_up_connected(self);
}

static int uds_connect(struct channel *channel, const struct channel_settings *settings) {
  struct place place = {0};
  int rc = prepare(channel, settings);
  if (rc == 0) rc = unix_place(settings, &place);
  return rc != 0 ? rc : connect_to(channel, &place);
}

static int tcp_connect(struct channel *channel, const struct channel_settings *settings) {
  struct place place = {0};
  int rc = prepare(channel, settings);
  if (rc == 0) rc = tcp_place(settings, &place);
  return rc != 0 ? rc : connect_to(channel, &place);
}

/* ---- messages ---- */

static int send_rest(struct socket_channel *self, const uint8_t *frame, size_t frame_bytes, int waits) {
  while (self->sent_bytes < frame_bytes) {
    int64_t count = socket_put(self->fd, frame + self->sent_bytes, frame_bytes - self->sent_bytes, waits);
    if (count < 0) return (int)count;
    self->sent_bytes += (size_t)count;
    self->channel.moved_bytes += (size_t)count;
  }
  self->sent_bytes = 0;
  return 0;
}

static int socket_try_send(struct channel *channel, const uint8_t *frame, size_t frame_bytes) {
  return send_rest(socket_of(channel), frame, frame_bytes, 0);
}

/* For a slice the time limits of set_up_connected do; once ticks end the waits they would only cost time. */
static int prepare_wait(struct channel *channel, int64_t slice_ns) {
  struct socket_channel *self = socket_of(channel);
  return slice_ns == WAIT_UNTIL_TICK && self->has_time_limits ? limit_waits(self, 0) : 0;
}

static int socket_send(struct channel *channel, const uint8_t *frame, size_t frame_bytes, int64_t slice_ns) {
  int rc = prepare_wait(channel, slice_ns);
  if (rc != 0) return rc;
  return send_rest(socket_of(channel), frame, frame_bytes, 1);
}

static int read_more(struct socket_channel *self, int waits) {
  uint8_t *at;
  int64_t space = inbox_space(&self->inbox, &at);
  if (space < 0) return (int)space;
  int64_t count = socket_take(self->fd, at, (size_t)space, waits);
  if (count < 0) return (int)count;
  inbox_filled(&self->inbox, (size_t)count);
  self->channel.moved_bytes += (size_t)count;
  return 0;
}

static int socket_try_receive(struct channel *channel, struct arrival *arrival) {
  struct socket_channel *self = socket_of(channel);
  int rc;
  while ((rc = inbox_next(&self->inbox, arrival)) == -EAGAIN) {
    rc = read_more(self, 0);
    if (rc != 0) return rc;
  }
  return rc;
}

static int socket_receive(struct channel *channel, struct arrival *arrival, int64_t slice_ns) {
  struct socket_channel *self = socket_of(channel);
  int rc = inbox_next(&self->inbox, arrival);
  if (rc != -EAGAIN) return rc;
  /* The time limits of a socket are whole ticks of the kernel, too coarse for a moment. */
  int is_short = slice_ns < WAIT_SLICE_NS;
  rc = is_short ? socket_wait(self->fd, READABLE, slice_ns) : prepare_wait(channel, slice_ns);
  if (rc == 0) rc = read_more(self, !is_short);
  /* Where that is a part of a frame, the caller looks around: bytes that dribble in must not keep it here. */
  return rc == 0 ? inbox_next(&self->inbox, arrival) : rc;
}

static int wait_for(struct channel *channel, enum readiness readiness, int64_t slice_ns) {
  return socket_wait(socket_of(channel)->fd, readiness, slice_ns);
}

static void effective(struct channel *channel, struct channel_effective *out) {
  struct socket_channel *self = socket_of(channel);
  socket_effective(self->fd >= 0 ? self->fd : self->listener, out);
}

static void socket_unlink(struct channel *channel) {
  struct socket_channel *self = socket_of(channel);
  if (self->path[0] != '\0') socket_file_remove(self->path);
  self->path[0] = '\0';
}

static void close_sockets(struct channel *channel) {
  struct socket_channel *self = socket_of(channel);
  socket_unlink(channel);
  if (self->fd >= 0) socket_close(self->fd);
  if (self->listener >= 0) socket_close(self->listener);
  self->fd = self->listener = -1;
  inbox_close(&self->inbox);
}

#define SOCKET_OPS                                                                                           \
  .channel_bytes = sizeof(struct socket_channel), .accept = accept_client, .listen_after = socket_listen_after, \
  .effective = effective, .unlink = socket_unlink, .close = close_sockets, .try_send = socket_try_send,      \
  .try_receive = socket_try_receive, .send = socket_send, .receive = socket_receive, .wait = wait_for,       \
  .waits_until_tick = 1

const struct channel_ops tcp_ops = {SOCKET_OPS, .listen = tcp_listen, .connect = tcp_connect};
const struct channel_ops uds_ops = {
    SOCKET_OPS, .listen = uds_listen, .connect = uds_connect, .remove = socket_file_remove, .take_over = socket_file_take_over};
