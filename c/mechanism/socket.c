/* Unix domain and TCP stream sockets in blocking mode. */
#include "mechanism/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "message/frame.h"
#include "mechanism/parts/inbox.h"
#include "plat/tick.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

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

int32_t socket_tune(int32_t fd, double buffer_bytes) {
  int one = 1;
  int size = buffer_bytes > INT32_MAX ? INT32_MAX : (int)buffer_bytes;
  /* Refused for Unix sockets, which have nothing to delay. */
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
#if defined(SO_NOSIGPIPE)
  setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &one, sizeof one);
#endif
  if (size == 0) return 0;
  if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size) != 0) return -errno;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size) != 0) return -errno;
  return 0;
}

static uint64_t read_int_option(int fd, int option) {
  int value = 0;
  socklen_t bytes = sizeof value;
  return getsockopt(fd, SOL_SOCKET, option, &value, &bytes) == 0 ? (uint64_t)value : 0;
}

static uint32_t local_port(int fd) {
  struct sockaddr_storage address;
  socklen_t bytes = sizeof address;
  if (getsockname(fd, (struct sockaddr *)&address, &bytes) != 0) return 0;
  if (address.ss_family == AF_INET) return ntohs(((struct sockaddr_in *)&address)->sin_port);
  if (address.ss_family == AF_INET6) return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
  return 0;
}

static int address_of(int (*get)(int, struct sockaddr *, socklen_t *), int fd, struct sockaddr_storage *address) {
  socklen_t bytes = sizeof *address;
  return get(fd, (struct sockaddr *)address, &bytes) == 0 ? address->ss_family : AF_UNSPEC;
}

/* A connection of a host with itself has one address at both ends. */
static uint32_t is_far(int fd) {
  struct sockaddr_storage own = {0}, peer = {0};
  int family = address_of(getsockname, fd, &own);
  if (family == AF_UNIX || address_of(getpeername, fd, &peer) != family) return 0;
  if (family == AF_INET) return ((struct sockaddr_in *)&own)->sin_addr.s_addr != ((struct sockaddr_in *)&peer)->sin_addr.s_addr;
  const struct in6_addr *one = &((struct sockaddr_in6 *)&own)->sin6_addr, *other = &((struct sockaddr_in6 *)&peer)->sin6_addr;
  return family == AF_INET6 && memcmp(one, other, sizeof *one) != 0;
}

void socket_effective(int32_t fd, struct channel_effective *effective) {
  *effective = (struct channel_effective){
      .send_buffer_bytes = read_int_option(fd, SO_SNDBUF),
      .receive_buffer_bytes = read_int_option(fd, SO_RCVBUF),
      .port = local_port(fd),
      .is_far = is_far(fd),
  };
}

static int open_socket(int family) {
  int fd = socket(family, SOCK_STREAM, 0);
  if (fd < 0) return -errno;
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  return fd;
}

static int set_nonblocking(int fd, int on) {
  int flags = fcntl(fd, F_GETFL);
  return fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) == 0 ? 0 : -errno;
}

static int wait_fd(int fd, short events, int64_t slice_ns) {
  struct pollfd ready = {.fd = fd, .events = events};
  int count = clock_poll(&ready, 1, slice_ns);
  if (count > 0) return 0;
  return count == 0 || errno == EINTR ? -EAGAIN : -errno;
}

/* How long a system call sleeps at most; 0: no limit. */
static int limit_waits(struct socket_channel *self, int64_t slice_ns) {
  struct timeval slice = {.tv_sec = 0, .tv_usec = slice_ns / 1000};
  self->has_time_limits = slice_ns != 0;
  if (setsockopt(self->fd, SOL_SOCKET, SO_RCVTIMEO, &slice, sizeof slice) != 0) return -errno;
  return setsockopt(self->fd, SOL_SOCKET, SO_SNDTIMEO, &slice, sizeof slice) == 0 ? 0 : -errno;
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

static int unix_address(const struct channel_settings *settings, struct sockaddr_un *address) {
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  if (strlen(settings->endpoint) >= sizeof address->sun_path) return -ENAMETOOLONG;
  strcpy(address->sun_path, settings->endpoint);
  return 0;
}

/* The host's first address; -EADDRNOTAVAIL if it has none. The caller frees. */
static int tcp_address(const struct channel_settings *settings, struct addrinfo **address) {
  char port[8];
  snprintf(port, sizeof port, "%u", settings->port);
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
  return getaddrinfo(settings->endpoint, port, &hints, address) == 0 ? 0 : -EADDRNOTAVAIL;
}

/* ---- the server's side ---- */

static int bind_and_listen(struct socket_channel *self, const struct sockaddr *address, socklen_t bytes) {
  self->listener = open_socket(address->sa_family);
  if (self->listener < 0) return self->listener;
  int rc = socket_tune(self->listener, (double)self->buffer_bytes);
  if (rc != 0) return rc;
  /* Connections of an earlier server that linger in TIME_WAIT are no reason to refuse; another listener still is. */
  int one = 1;
  setsockopt(self->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(self->listener, address, bytes) != 0) return -errno;
  return listen(self->listener, BACKLOG) == 0 ? 0 : -errno;
}

static int uds_listen(struct channel *channel, const struct channel_settings *settings) {
  struct socket_channel *self = socket_of(channel);
  struct sockaddr_un address;
  int rc = prepare(channel, settings);
  if (rc == 0) rc = unix_address(settings, &address);
  if (rc != 0) return rc;
  mode_t before = umask(0177);
  rc = bind_and_listen(self, (struct sockaddr *)&address, sizeof address);
  umask(before);
  if (rc == 0) strcpy(self->path, address.sun_path);
  return rc;
}

static int tcp_listen(struct channel *channel, const struct channel_settings *settings) {
  struct addrinfo *address = NULL;
  int rc = prepare(channel, settings);
  if (rc == 0) rc = tcp_address(settings, &address);
  if (rc != 0) return rc;
  rc = bind_and_listen(socket_of(channel), address->ai_addr, address->ai_addrlen);
  freeaddrinfo(address);
  return rc;
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

static int socket_accept(struct channel *channel, int64_t slice_ns) {
  struct socket_channel *self = socket_of(channel);
  if (self->fd >= 0) return 0;
  int rc = wait_fd(self->listener, POLLIN, slice_ns);
  if (rc != 0) return rc;
  self->fd = accept(self->listener, NULL, NULL);
  if (self->fd < 0) return errno == EINTR || errno == ECONNABORTED ? -EAGAIN : -errno;
  fcntl(self->fd, F_SETFD, FD_CLOEXEC);
  return set_up_connected(self);
}

/* ---- the client's side ---- */

static int connect_to(struct socket_channel *self, const struct sockaddr *address, socklen_t bytes) {
  self->fd = open_socket(address->sa_family);
  if (self->fd < 0) return self->fd;
  int rc = socket_tune(self->fd, (double)self->buffer_bytes);
  if (rc == 0) rc = set_nonblocking(self->fd, 1);
  if (rc != 0) return rc;
  if (connect(self->fd, address, bytes) != 0) {
    /* A Unix socket whose backlog is full says EAGAIN: the caller tries again, as for a server that is not there yet. */
    if (errno != EINPROGRESS) return errno == EAGAIN ? -ECONNREFUSED : -errno;
    rc = wait_fd(self->fd, POLLOUT, 10 * WAIT_SLICE_NS);
    if (rc != 0) return rc == -EAGAIN ? -ETIMEDOUT : rc;
    int error = (int)read_int_option(self->fd, SO_ERROR);
    if (error != 0) return -error;
  }
  rc = set_nonblocking(self->fd, 0);
  return rc != 0 ? rc : set_up_connected(self);
}

static int uds_connect(struct channel *channel, const struct channel_settings *settings) {
  struct sockaddr_un address;
  int rc = prepare(channel, settings);
  if (rc == 0) rc = unix_address(settings, &address);
  return rc != 0 ? rc : connect_to(socket_of(channel), (struct sockaddr *)&address, sizeof address);
}

static int tcp_connect(struct channel *channel, const struct channel_settings *settings) {
  struct addrinfo *address = NULL;
  int rc = prepare(channel, settings);
  if (rc == 0) rc = tcp_address(settings, &address);
  if (rc != 0) return rc;
  rc = connect_to(socket_of(channel), address->ai_addr, address->ai_addrlen);
  freeaddrinfo(address);
  return rc;
}

/* ---- messages ---- */

static int gone(int error) {
  if (error == EAGAIN || error == EWOULDBLOCK || error == EINTR) return -EAGAIN;
  return error == ECONNRESET ? -EPIPE : -error;
}

static int send_rest(struct socket_channel *self, const uint8_t *frame, size_t frame_bytes, int flags) {
  while (self->sent_bytes < frame_bytes) {
    ssize_t count = send(self->fd, frame + self->sent_bytes, frame_bytes - self->sent_bytes, flags | MSG_NOSIGNAL);
    if (count < 0) return gone(errno);
    self->sent_bytes += (size_t)count;
    self->channel.moved_bytes += (size_t)count;
  }
  self->sent_bytes = 0;
  return 0;
}

static int socket_try_send(struct channel *channel, const uint8_t *frame, size_t frame_bytes) {
  return send_rest(socket_of(channel), frame, frame_bytes, MSG_DONTWAIT);
}

/* For a slice the time limits of set_up_connected do; once ticks end the waits they would only cost time. */
static int prepare_wait(struct channel *channel, int64_t slice_ns) {
  struct socket_channel *self = socket_of(channel);
  return slice_ns == WAIT_UNTIL_TICK && self->has_time_limits ? limit_waits(self, 0) : 0;
}

static int socket_send(struct channel *channel, const uint8_t *frame, size_t frame_bytes, int64_t slice_ns) {
  int rc = prepare_wait(channel, slice_ns);
  if (rc != 0) return rc;
  return send_rest(socket_of(channel), frame, frame_bytes, 0);
}

static int read_more(struct socket_channel *self, int flags) {
  uint8_t *at;
  int64_t space = inbox_space(&self->inbox, &at);
  if (space < 0) return (int)space;
  ssize_t count = recv(self->fd, at, (size_t)space, flags);
  if (count < 0) return gone(errno);
  if (count == 0) return -EPIPE;
  inbox_filled(&self->inbox, (size_t)count, channel_arrival_ns(&self->channel));
  self->channel.moved_bytes += (size_t)count;
  return 0;
}

static int socket_try_receive(struct channel *channel, struct arrival *arrival) {
  struct socket_channel *self = socket_of(channel);
  int rc;
  while ((rc = inbox_next(&self->inbox, arrival)) == -EAGAIN) {
    rc = read_more(self, MSG_DONTWAIT);
    if (rc != 0) return rc;
  }
  return rc;
}

static int socket_receive(struct channel *channel, struct arrival *arrival, int64_t slice_ns) {
  struct socket_channel *self = socket_of(channel);
  int rc = inbox_next(&self->inbox, arrival);
  if (rc != -EAGAIN) return rc;
  rc = prepare_wait(channel, slice_ns);
  if (rc == 0) rc = read_more(self, 0);
  /* Where that is a part of a frame, the caller looks around: bytes that dribble in must not keep it here. */
  return rc == 0 ? inbox_next(&self->inbox, arrival) : rc;
}

static int socket_wait(struct channel *channel, enum readiness readiness, int64_t slice_ns) {
  return wait_fd(socket_of(channel)->fd, readiness == READABLE ? POLLIN : POLLOUT, slice_ns);
}

static void effective(struct channel *channel, struct channel_effective *out) {
  struct socket_channel *self = socket_of(channel);
  socket_effective(self->fd >= 0 ? self->fd : self->listener, out);
}

static void socket_unlink(struct channel *channel) {
  struct socket_channel *self = socket_of(channel);
  if (self->path[0] != '\0') unlink(self->path);
  self->path[0] = '\0';
}

static void socket_close(struct channel *channel) {
  struct socket_channel *self = socket_of(channel);
  socket_unlink(channel);
  if (self->fd >= 0) close(self->fd);
  if (self->listener >= 0) close(self->listener);
  self->fd = self->listener = -1;
  inbox_close(&self->inbox);
}

#define SOCKET_OPS(listen_, connect_)                                                                     \
  {                                                                                                       \
    .channel_bytes = sizeof(struct socket_channel), .listen = listen_, .accept = socket_accept,           \
    .listen_after = socket_listen_after,                                                                  \
    .connect = connect_, .try_send = socket_try_send, .try_receive = socket_try_receive,                  \
    .send = socket_send, .receive = socket_receive, .waits_until_tick = 1, .wait = socket_wait,           \
    .effective = effective, .unlink = socket_unlink, .close = socket_close,                               \
  }

const struct channel_ops uds_ops = SOCKET_OPS(uds_listen, uds_connect);
const struct channel_ops tcp_ops = SOCKET_OPS(tcp_listen, tcp_connect);
