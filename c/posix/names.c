#include "plat/names.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plat/life.h"

int name_write(char *name, size_t capacity, const char *endpoint, const char *suffix) {
  return snprintf(name, capacity, "%s%s%s", endpoint[0] == '/' ? "" : "/", endpoint, suffix);
}

static int same_file(int one, int other) {
  struct stat a, b;
  return fstat(one, &a) == 0 && fstat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int name_remove(const struct name_kind *kind, const char *name) { return kind->remove(name) == 0 || errno == ENOENT ? 0 : -errno; }

void name_remove_own(const struct name_kind *kind, const char *name, int fd) {
  int named = kind->open(name);
  /* No descriptor is left to look with; a name that stays would be worse. */
  int is_own = named < 0 ? errno == EMFILE || errno == ENFILE : same_file(fd, named);
  if (named >= 0) close(named);
  if (is_own) kind->remove(name);
}

int name_inherit(const struct name_kind *kind, const char *name, int fd, int owner_byte, const _Atomic int64_t *owner_pid) {
  if (life_is_held(fd, owner_byte, owner_pid)) return -EADDRINUSE;
  if (life_claim(fd, HEIR_BYTE, NULL) != 0) return -EADDRINUSE;
  int again = kind->open(name);
  if (again < 0) return errno == ENOENT ? 0 : -errno;
  int rc = same_file(fd, again) ? name_remove(kind, name) : -EADDRINUSE;
  close(again);
  return rc;
}
