#include "plat/shm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/syscall.h>
#endif

#include "plat/clock.h"

#if !defined(MAP_POPULATE)
#define MAP_POPULATE 0
#endif

static int open_named(const char *name) { return shm_open(name, O_RDWR, 0); }

const struct name_kind shm_names = {.open = open_named, .remove = shm_unlink};

/* Where named ones lie, under the same limits, and gone with the process however that ends. */
static int open_nameless(void) {
#if defined(__linux__)
  int fd = open("/dev/shm", O_TMPFILE | O_RDWR, 0600);
  /* Some file systems have none; then at least the memory is tried. */
  if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) fd = (int)syscall(SYS_memfd_create, "ipc-benchmark-trial", 1u);
  return fd;
#else
  errno = ENOTSUP;
  return -1;
#endif
}

/* 0 stands for none in a zeroed object. */
static int beyond_zero(int fd) {
  if (fd == 0) {
    fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    close(0);
  }
  if (fd < 0) return -errno;
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  return fd;
}

int shm_create(const char *name) {
  return beyond_zero(name[0] == '\0' ? open_nameless() : shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600));
}

int shm_find(const char *name) { return beyond_zero(open_named(name)); }

int shm_create_inherited(void) {
#if defined(__linux__)
  int fd = (int)syscall(SYS_memfd_create, "ipc-benchmark-ledger", 0u);
  if (fd >= 0) return fd;
#endif
  /* Unlinked before anything can go wrong; also where a seccomp filter refuses memfd_create. */
  char name[32];
  snprintf(name, sizeof name, "/ipcb-ledger-%llx", (unsigned long long)clock_now_ns() * 0x9E3779B97F4A7C15u ^ (unsigned)getpid());
  int shared = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
  if (shared < 0) return -errno;
  shm_unlink(name);
  fcntl(shared, F_SETFD, 0);
  return shared;
}

void shm_close(int fd) { close(fd); }

int shm_resize(int fd, size_t bytes, enum shm_pages pages) {
  if (ftruncate(fd, (off_t)bytes) != 0) return -errno;
  int rc = 0;
#if defined(__linux__)
  while (pages == SHM_WHOLE && (rc = posix_fallocate(fd, 0, (off_t)bytes)) == EINTR) {}
#else
  (void)pages;
#endif
  return -rc;
}

int64_t shm_bytes(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 ? (int64_t)status.st_size : -errno;
}

void *shm_map(int fd, size_t bytes, enum shm_pages pages, int *error) {
  int flags = MAP_SHARED | (pages == SHM_WHOLE ? MAP_POPULATE : 0) | (fd == SHM_PRIVATE ? MAP_ANONYMOUS : 0);
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
  *error = memory == MAP_FAILED ? -errno : 0;
  return memory == MAP_FAILED ? NULL : memory;
}

void shm_unmap(void *start, size_t bytes) { munmap(start, bytes); }

void shm_discard(void *start, size_t length) {
#if defined(__linux__)
  size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
  uint8_t *first = (uint8_t *)(((uintptr_t)start + page_bytes - 1) / page_bytes * page_bytes);
  uint8_t *end = (uint8_t *)(((uintptr_t)start + length) / page_bytes * page_bytes);
  if (end > first && madvise(first, (size_t)(end - first), MADV_REMOVE) == 0) {
    memset(start, 0, (size_t)(first - (uint8_t *)start));
    memset(end, 0, (size_t)((uint8_t *)start + length - end));
    return;
  }
#endif
  memset(start, 0, length);
}
