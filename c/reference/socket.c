/* Unix domain and TCP stream sockets, default buffers; one send() a message, reads as much as there is. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "reference.h"

#define READ_AHEAD_BYTES (64 * 1024)

static int listener, connection;
static union {
  struct sockaddr any;
  struct sockaddr_un un;
  struct sockaddr_in in;
} address;
static socklen_t address_bytes;

static uint8_t *buffer;
static size_t capacity, start, end, largest_frame;

static void listen_at_address(size_t payload_bytes) {
  largest_frame = frame_bytes(payload_bytes);
  capacity = largest_frame + READ_AHEAD_BYTES;
  buffer = allocate(capacity);
  listener = socket(address.any.sa_family, SOCK_STREAM, 0);
  if (listener < 0 || bind(listener, &address.any, address_bytes) != 0 || listen(listener, 1) != 0) die("listen");
  if (getsockname(listener, &address.any, &address_bytes) != 0) die("getsockname");
}

static void uds_create(size_t payload_bytes, int spin) {
  (void)spin;
  address.un.sun_family = AF_UNIX;
  snprintf(address.un.sun_path, sizeof address.un.sun_path, "/tmp%s.sock", unique_name());
  address_bytes = sizeof address.un;
  remove_at_exit(unlink, address.un.sun_path);
  listen_at_address(payload_bytes);
}

static void tcp_create(size_t payload_bytes, int spin) {
  (void)spin;
  address.in = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  address_bytes = sizeof address.in;
  listen_at_address(payload_bytes);
}

static void set_no_delay(void) {
  int one = 1;
  if (address.any.sa_family == AF_INET) setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static void socket_accept(void) {
  connection = accept(listener, NULL, NULL);
  if (connection < 0) die("accept");
  close(listener);
  set_no_delay();
}

static void socket_connect(void) {
  close(listener);
  connection = socket(address.any.sa_family, SOCK_STREAM, 0);
  if (connection < 0 || connect(connection, &address.any, address_bytes) != 0) die("connect");
  if (address.any.sa_family == AF_UNIX) {
    unlink(address.un.sun_path);
    remove_at_exit(NULL, NULL);
  }
  set_no_delay();
}

static void socket_send(const struct frame *frame) {
  const char *bytes = (const char *)frame;
  size_t left = frame->body_bytes + LENGTH_BYTES;
  while (left > 0) {
    ssize_t count = send(connection, bytes, left, MSG_NOSIGNAL);
    if (count < 0) die("send");
    bytes += count;
    left -= (size_t)count;
  }
}

static int has_whole_frame(void) {
  struct frame *frame = (struct frame *)(buffer + start);
  return end - start >= LENGTH_BYTES && end - start >= LENGTH_BYTES + frame->body_bytes;
}

static struct frame *socket_receive(int64_t *received_ns) {
  while (!has_whole_frame()) {
    if (start == end) start = end = 0;
    if (capacity - end < largest_frame) {
      memmove(buffer, buffer + start, end - start);
      end -= start;
      start = 0;
    }
    ssize_t count = recv(connection, buffer + end, capacity - end, 0);
    if (count <= 0) die("recv");
    end += (size_t)count;
  }
  struct frame *frame = (struct frame *)(buffer + start);
  start += LENGTH_BYTES + frame->body_bytes;
  *received_ns = now_ns();
  return frame;
}

const struct transport uds_transport = {
    .name = "uds",
    .create = uds_create,
    .join_as_server = socket_accept,
    .join_as_client = socket_connect,
    .send = socket_send,
    .receive = socket_receive,
};

const struct transport tcp_transport = {
    .name = "tcp",
    .create = tcp_create,
    .join_as_server = socket_accept,
    .join_as_client = socket_connect,
    .send = socket_send,
    .receive = socket_receive,
};
