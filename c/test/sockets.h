/* Sockets for tests: both sides of a connection, or one side and a raw peer that writes what no channel would. */
#pragma once

#include "mechanism/parts/socket_options.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "pair.h"

static stop_flag stop;

static const struct channel_ops *const sockets[] = {&uds_ops, &tcp_ops};

static inline struct channel_settings socket_settings(const struct channel_ops *ops, size_t payload_bytes, size_t buffer_bytes) {
  struct channel_settings settings = {.frame_bytes = payload_bytes + FRAME_OVERHEAD, .buffer_bytes = buffer_bytes};
  const char *directory = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";
  if (ops == &uds_ops) snprintf(settings.endpoint, sizeof settings.endpoint, "%s/ipc-test-%d.sock", directory, (int)getpid());
  if (ops == &tcp_ops) strcpy(settings.endpoint, "127.0.0.1");
  return settings;
}

static inline struct channel *make_socket(const struct channel_ops *ops) {
  struct channel *channel = make_channel(ops);
  channel->stop = &stop;
  channel->silence_ns = 10 * NS_PER_SECOND;
  return channel;
}

static inline struct channel *make_listener(const struct channel_ops *ops, struct channel_settings *settings) {
  struct channel *server = make_socket(ops);
  CHECK_EQUAL(ops->listen(server, settings), 0);
  struct channel_effective effective;
  ops->effective(server, &effective);
  settings->port = effective.port;
  return server;
}

static inline struct pair open_sockets(const struct channel_ops *ops, size_t payload_bytes, size_t buffer_bytes) {
  struct channel_settings settings = socket_settings(ops, payload_bytes, buffer_bytes);
  struct pair pair = {make_listener(ops, &settings), make_socket(ops)};
  CHECK_EQUAL(ops->connect(pair.client, &settings), 0);
  CHECK_EQUAL(ops->accept(pair.server, NS_PER_SECOND), 0);
  ops->unlink(pair.server);
  return pair;
}

/* ---- raw peers ---- */

static inline int raw_connect(const struct channel_ops *ops, const struct channel_settings *settings) {
  struct sockaddr_un path = {.sun_family = AF_UNIX};
  struct sockaddr_in port = {.sin_family = AF_INET, .sin_port = htons((uint16_t)settings->port)};
  int is_unix = ops == &uds_ops, fd = socket(is_unix ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
  memcpy(path.sun_path, settings->endpoint, sizeof path.sun_path - 1);
  inet_pton(AF_INET, "127.0.0.1", &port.sin_addr);
  const struct sockaddr *address = is_unix ? (const struct sockaddr *)&path : (const struct sockaddr *)&port;
  CHECK_EQUAL(connect(fd, address, is_unix ? sizeof path : sizeof port), 0);
  return fd;
}

struct raw {
  struct channel *server;
  int fd;
};

static inline struct raw open_raw(const struct channel_ops *ops) {
  struct channel_settings settings = socket_settings(ops, 100, 0);
  struct raw raw = {.server = make_listener(ops, &settings)};
  raw.fd = raw_connect(ops, &settings);
  CHECK_EQUAL(ops->accept(raw.server, NS_PER_SECOND), 0);
  return raw;
}

static inline void close_raw(struct raw raw) {
  if (raw.fd >= 0) close(raw.fd);
  free_channel(raw.server);
}

static inline void write_all(int fd, const uint8_t *bytes, size_t count) {
  for (size_t at = 0; at < count;) {
    ssize_t written = send(fd, bytes + at, count - at, MSG_NOSIGNAL);
    if (!CHECK(written > 0)) return;
    at += (size_t)written;
  }
}
