/* The names of Unix domain sockets: removed if their server is dead, and never if it lives. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plat/socket.h"

int socket_file_remove(const char *path) { return unlink(path) == 0 || errno == ENOENT ? 0 : -errno; }

/* 1 if somebody listens there, 0 if nobody does, or a negative errno. A full backlog is somebody's. */
static int is_listened_to(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) return -ENAMETOOLONG;
  strcpy(address.sun_path, path);
  int fd = socket_open(AF_UNIX);
  if (fd < 0) return fd;
  fcntl(fd, F_SETFL, O_NONBLOCK);
  int rc = connect(fd, (struct sockaddr *)&address, sizeof address) == 0 ? 0 : errno;
  close(fd);
  return rc == ECONNREFUSED || rc == ENOENT ? 0 : 1;
}

/* Moved aside first, since between a look and a removal another server may have come. */
int socket_file_take_over(const char *path) {
  struct stat found;
  char aside[sizeof((struct sockaddr_un *)0)->sun_path + 32];
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
