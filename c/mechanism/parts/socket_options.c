#include "mechanism/parts/socket_options.h"

#include <string.h>

#include "plat/socket.h"

int32_t socket_tune(int32_t fd, double buffer_bytes) {
  int size = buffer_bytes > INT32_MAX ? INT32_MAX : (int)buffer_bytes;
  /* Refused for Unix sockets, which have nothing to delay. */
  socket_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  socket_spare_signals(fd);
  if (size == 0) return 0;
  int rc = socket_set(fd, SOL_SOCKET, SO_SNDBUF, size);
  return rc != 0 ? rc : socket_set(fd, SOL_SOCKET, SO_RCVBUF, size);
}

/* Its family, AF_UNSPEC if there is none. */
static int own_address(int fd, struct sockaddr_storage *address) {
  socklen_t bytes = sizeof *address;
  return getsockname(fd, (struct sockaddr *)address, &bytes) == 0 ? address->ss_family : AF_UNSPEC;
}

static int peer_address(int fd, struct sockaddr_storage *address) {
  socklen_t bytes = sizeof *address;
  return getpeername(fd, (struct sockaddr *)address, &bytes) == 0 ? address->ss_family : AF_UNSPEC;
}

static uint32_t local_port(int fd) {
  struct sockaddr_storage address;
  int family = own_address(fd, &address);
  if (family == AF_INET) return ntohs(((struct sockaddr_in *)&address)->sin_port);
  return family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&address)->sin6_port) : 0;
}

/* A connection of a host with itself has one address at both ends. */
static uint32_t is_far(int fd) {
  struct sockaddr_storage own = {0}, peer = {0};
  int family = own_address(fd, &own);
  if (family == AF_UNIX || peer_address(fd, &peer) != family) return 0;
  if (family == AF_INET) return ((struct sockaddr_in *)&own)->sin_addr.s_addr != ((struct sockaddr_in *)&peer)->sin_addr.s_addr;
  const struct in6_addr *one = &((struct sockaddr_in6 *)&own)->sin6_addr, *other = &((struct sockaddr_in6 *)&peer)->sin6_addr;
  return family == AF_INET6 && memcmp(one, other, sizeof *one) != 0;
}

void socket_effective(int32_t fd, struct channel_effective *effective) {
  *effective = (struct channel_effective){
      .send_buffer_bytes = (uint64_t)socket_get(fd, SO_SNDBUF),
      .receive_buffer_bytes = (uint64_t)socket_get(fd, SO_RCVBUF),
      .port = local_port(fd),
      .is_far = is_far(fd),
  };
}
