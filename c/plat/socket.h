/* Stream sockets, where systems differ. Functions return 0 or a negative errno; -EAGAIN: not now. */
#pragma once

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "plat/wait.h"

/* A descriptor that children do not inherit. */
int socket_open(int family);
void socket_close(int fd);
/* A socket file is its owner's alone. */
int socket_bind(int fd, const struct sockaddr *address, socklen_t bytes);
int socket_accept(int listener);
/* Waits for the connection for a second at most. */
int socket_connect(int fd, const struct sockaddr *address, socklen_t bytes);

int socket_set(int fd, int level, int option, int value);
int socket_get(int fd, int option); /* of SOL_SOCKET; 0: none */
/* A peer that is gone is told by an error, and by no signal. */
void socket_spare_signals(int fd);
/* How long a call that waits sleeps in the kernel at most; 0: no limit. */
int socket_limit_waits(int fd, int64_t slice_ns);

/* How many bytes went or came, or a negative errno; -EPIPE at the end. Without `waits` they never sleep. */
int64_t socket_put(int fd, const uint8_t *bytes, size_t count, int waits);
int64_t socket_take(int fd, uint8_t *at, size_t room, int waits);
int socket_wait(int fd, enum readiness readiness, int64_t slice_ns);

/* Socket files: as channel_ops has them (mechanism/channel.h). */
int socket_file_remove(const char *path);
int socket_file_take_over(const char *path);
