/* Removing what a dead server left under a name, and never what a living one has. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#if defined(__linux__)
#include <mqueue.h>
#endif

#include "mechanism/channel.h"
#include "mechanism/endpoint.h"
#include "plat/life.h"
#include "mechanism/parts/shm_object.h"

/* As pmq.c numbers them. */
#define QUEUE_SENDER_BYTE 0

/* ---- socket files ---- */

/* 1 if somebody listens there, 0 if nobody does, or a negative errno. A full backlog is somebody's. */
static int is_listened_to(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) return -ENAMETOOLONG;
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) return -errno;
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  int rc = connect(fd, (struct sockaddr *)&address, sizeof address) == 0 ? 0 : errno;
  close(fd);
  return rc == ECONNREFUSED || rc == ENOENT ? 0 : 1;
}

/* Moved aside first, since between a look and a removal another server may have come. */
static int take_over_socket(const char *path) {
  struct stat found;
  char aside[ENDPOINT_BYTES + 32];
  if (lstat(path, &found) != 0) return errno == ENOENT ? 0 : -errno;
  if (!S_ISSOCK(found.st_mode)) return -EEXIST;
  int listened = is_listened_to(path);
  if (listened != 0) return listened < 0 ? listened : -EADDRINUSE;
  snprintf(aside, sizeof aside, "%s.%d", path, (int)getpid());
  if (rename(path, aside) != 0) return errno == ENOENT ? 0 : -errno;
  /* By its new name; where that is too long, the first look must do. */
  if (is_listened_to(aside) != 1) return unlink(aside) == 0 ? 0 : -errno;
  if (link(aside, path) == 0 || errno == EEXIST) unlink(aside);
  return -EADDRINUSE;
}

/* ---- shared memory and queues ---- */

#if defined(__linux__)

static int same_file(int one, int other) {
  struct stat a, b;
  return fstat(one, &a) == 0 && fstat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* A byte that nobody else claims: of several that find a dead object, the one who has it may remove the name. */
#define HEIR_BYTE 7

/* `fd` is the object as it was found, open for writing; `again` the same name opened anew. */
static int inherit(int fd, int owner_byte, int (*open_again)(const char *), int (*remove)(const char *), const char *name) {
  if (life_is_held(fd, owner_byte)) return -EADDRINUSE;
  if (life_claim(fd, HEIR_BYTE) != 0) return -EADDRINUSE;
  int again = open_again(name);
  if (again < 0) return errno == ENOENT ? 0 : -errno;
  int rc = same_file(fd, again) ? (remove(name) == 0 || errno == ENOENT ? 0 : -errno) : -EADDRINUSE;
  close(again);
  return rc;
}

static int open_object(const char *name) { return shm_open(name, O_RDWR, 0); }

static int take_over_object(const char *name) {
  int fd = open_object(name);
  if (fd < 0) return errno == ENOENT ? 0 : -errno;
  int rc = shm_object_owner_pid(fd) > 0 ? inherit(fd, SHM_SERVER, open_object, shm_unlink, name) : -EEXIST;
  close(fd);
  return rc;
}

#else

static int take_over_object(const char *name) {
  int fd = shm_open(name, O_RDWR, 0);
  if (fd < 0) return errno == ENOENT ? 0 : -errno;
  pid_t owner = (pid_t)shm_object_owner_pid(fd);
  close(fd);
  if (owner <= 0) return -EEXIST;
  if (kill(owner, 0) == 0 || errno != ESRCH) return -EADDRINUSE;
  return shm_unlink(name) == 0 || errno == ENOENT ? 0 : -errno;
}

#endif

#if defined(__linux__)

static int open_queue(const char *name) { return mq_open(name, O_RDWR | O_CLOEXEC); }

static int take_over_queue(const char *endpoint, const char *suffix, int owner_byte) {
  char name[ENDPOINT_BYTES + sizeof "/_resp"];
  snprintf(name, sizeof name, "%s%s%s", endpoint[0] == '/' ? "" : "/", endpoint, suffix);
  int fd = open_queue(name);
  if (fd < 0) return errno == ENOENT ? 0 : -errno;
  int rc = inherit(fd, owner_byte, open_queue, mq_unlink, name);
  close(fd);
  return rc;
}

#endif

/* ---- all of them ---- */

int32_t endpoint_take_over(int32_t mechanism, const char *endpoint) {
  char name[ENDPOINT_BYTES + 2];
  snprintf(name, sizeof name, "%s%s", endpoint[0] == '/' ? "" : "/", endpoint);
  switch ((enum mechanism)mechanism) {
    case MECHANISM_UDS: return take_over_socket(endpoint);
    case MECHANISM_SHM_RING:
    case MECHANISM_SHM_DIRECT: return take_over_object(name);
#if defined(__linux__)
    case MECHANISM_PMQ: {
      /* The server claims the queue that it sends to; the other one goes with it. */
      int32_t response = take_over_queue(endpoint, "_resp", QUEUE_SENDER_BYTE);
      return response != 0 ? response : take_over_queue(endpoint, "_req", HEIR_BYTE);
    }
#endif
    default: return 0;
  }
}
