#include "plat/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "plat/clock.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

static int close_on_exec(int fd) {
  if (fd < 0) return -errno;
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  return fd;
}

int socket_open(int family) { return close_on_exec(socket(family, SOCK_STREAM, 0)); }

void socket_close(int fd) { close(fd); }

int socket_bind(int fd, const struct sockaddr *address, socklen_t bytes) {
  if (address->sa_family != AF_UNIX) return bind(fd, address, bytes) == 0 ? 0 : -errno;
  mode_t before = umask(0177);
  int rc = bind(fd, address, bytes) == 0 ? 0 : -errno;
  umask(before);
  return rc;
}

int socket_accept(int listener) {
  int fd = close_on_exec(accept(listener, NULL, NULL));
  return fd == -EINTR || fd == -ECONNABORTED ? -EAGAIN : fd;
}

static int set_nonblocking(int fd, int on) {
  int flags = fcntl(fd, F_GETFL);
  return fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) == 0 ? 0 : -errno;
}

int socket_connect(int fd, const struct sockaddr *address, socklen_t bytes) {
  int rc = set_nonblocking(fd, 1);
  if (rc != 0) return rc;
  if (connect(fd, address, bytes) != 0) {
    /* A Unix socket whose backlog is full says EAGAIN: the caller tries again, as for a server that is not there yet. */
    if (errno != EINPROGRESS) return errno == EAGAIN ? -ECONNREFUSED : -errno;
    rc = socket_wait(fd, WRITABLE, 10 * WAIT_SLICE_NS);
    if (rc != 0) return rc == -EAGAIN ? -ETIMEDOUT : rc;
    int error = socket_get(fd, SO_ERROR);
    if (error != 0) return -error;
  }
  return set_nonblocking(fd, 0);
}

int socket_set(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value) == 0 ? 0 : -errno;
}

int socket_get(int fd, int option) {
  int value = 0;
  socklen_t bytes = sizeof value;
  return getsockopt(fd, SOL_SOCKET, option, &value, &bytes) == 0 ? value : 0;
}

void socket_spare_signals(int fd) {
#if defined(SO_NOSIGPIPE)
  socket_set(fd, SOL_SOCKET, SO_NOSIGPIPE, 1);
#else
  (void)fd; /* MSG_NOSIGNAL does */
#endif
}

int socket_limit_waits(int fd, int64_t slice_ns) {
  struct timeval slice = {.tv_sec = 0, .tv_usec = slice_ns / 1000};
  if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &slice, sizeof slice) != 0) return -errno;
  return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &slice, sizeof slice) == 0 ? 0 : -errno;
}

static int gone(int error) {
  if (error == EAGAIN || error == EWOULDBLOCK || error == EINTR) return -EAGAIN;
  return error == ECONNRESET ? -EPIPE : -error;
}

int64_t socket_put(int fd, const uint8_t *bytes, size_t count, int waits) {
  ssize_t went = send(fd, bytes, count, (waits ? 0 : MSG_DONTWAIT) | MSG_NOSIGNAL);
  return went < 0 ? gone(errno) : went;
}

int64_t socket_take(int fd, uint8_t *at, size_t room, int waits) {
  ssize_t came = recv(fd, at, room, waits ? 0 : MSG_DONTWAIT);
  return came > 0 ? came : came == 0 ? -EPIPE : gone(errno);
}

int socket_wait(int fd, enum readiness readiness, int64_t slice_ns) {
  struct pollfd ready = {.fd = fd, .events = readiness == READABLE ? POLLIN : POLLOUT};
#if defined(__linux__)
  struct timespec timeout = timespec_of_ns(slice_ns);
  int count = ppoll(&ready, 1, &timeout, NULL);
#else
  int count = poll(&ready, 1, (int)((slice_ns + NS_PER_MS - 1) / NS_PER_MS));
#endif
  if (count > 0) return 0;
  return count == 0 || errno == EINTR ? -EAGAIN : -errno;
}
