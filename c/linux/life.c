#include "plat/life.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Older C libraries don't name them. */
#if !defined(F_OFD_GETLK)
#define F_OFD_GETLK 36
#define F_OFD_SETLK 37
#endif

static struct flock lock_of(short type, int byte) {
  return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
}

static int set_lock(int fd, short type, int byte) {
  struct flock lock = lock_of(type, byte);
  if (fcntl(fd, F_OFD_SETLK, &lock) == 0) return 0;
  return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
}

int life_claim(int fd, int byte, _Atomic int64_t *pid) {
  (void)pid;
  return set_lock(fd, F_WRLCK, byte);
}

int life_mark(int fd, int byte) { return set_lock(fd, F_RDLCK, byte); }

int life_is_held(int fd, int byte, const _Atomic int64_t *pid) {
  (void)pid;
  struct flock lock = lock_of(F_WRLCK, byte);
  return fcntl(fd, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}
