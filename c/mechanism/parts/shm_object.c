#include "mechanism/parts/shm_object.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/syscall.h>
#endif

#include "plat/life.h"

#define SHM_MAGIC UINT64_C(0x6d68732d63706901) /* "\1ipc-shm": the byte is the version */

#if !defined(MAP_POPULATE)
#define MAP_POPULATE 0
#endif

/* Tests map one object once for both sides: ThreadSanitizer tells memory by its address. */
#if defined(SHM_TEST_HOOKS)
void *shm_test_map(int fd, size_t bytes);
void shm_test_unmap(void *base, size_t bytes);
#define SHM_MAP shm_test_map
#define SHM_UNMAP shm_test_unmap
#else
#define SHM_MAP map_whole
#define SHM_UNMAP munmap
static void *map_whole(int fd, size_t bytes) {
  return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
}
#endif

/* ---- layout ---- */

static uint64_t mix(uint64_t hash, uint64_t value) {
  /* FNV-1a, by words */
  return (hash ^ value) * UINT64_C(0x100000001b3);
}

/* In the last byte, so that a client can tell what the server has. */
#define KIND_MASK UINT64_C(0xff)

uint64_t shm_layout(enum shm_kind kind, uint64_t shape) {
#if PARK_FUTEX
  uint64_t library = 0;
#elif defined(__GLIBC__)
  uint64_t library = 1;
#elif defined(__APPLE__)
  uint64_t library = 2;
#else
  uint64_t library = 3;
#endif
  uint64_t hash = mix(UINT64_C(0xcbf29ce484222325), kind);
  hash = mix(hash, shape);
  hash = mix(hash, library);
  hash = mix(hash, sizeof(struct park));
  hash = mix(hash, offsetof(struct park, places));
  hash = mix(hash, sizeof(struct shm_header));
  return (mix(hash, offsetof(struct shm_header, door)) & ~KIND_MASK) | kind;
}

/* Of two numbers that differ. */
static int mismatch(uint64_t ours, uint64_t theirs) {
  uint64_t kind = theirs & KIND_MASK;
  int is_known = kind == SHM_KIND_RING || kind == SHM_KIND_DIRECT;
  return is_known && kind != (ours & KIND_MASK) ? -EPROTOTYPE : -EPROTO;
}

/* ---- life ---- */

#if PARK_FUTEX

static int claim_side(const struct shm_object *object) { return life_claim(object->fd, object->side); }

static int lives(const struct shm_object *object, enum shm_side side) { return life_is_held(object->fd, side); }

#else

static int claim_side(const struct shm_object *object) {
  int64_t nobody = 0;
  _Atomic int64_t *pid = &object->header->sides[object->side].pid;
  return atomic_compare_exchange_strong(pid, &nobody, getpid()) ? 0 : -EBUSY;
}

static int lives(const struct shm_object *object, enum shm_side side) {
  pid_t pid = (pid_t)atomic_load_explicit(&object->header->sides[side].pid, memory_order_relaxed);
  return pid <= 0 || kill(pid, 0) == 0 || errno != ESRCH;
}

#endif

int shm_object_check_peer(const struct shm_object *object) {
  enum shm_side peer = 1 - object->side;
  const struct shm_header *header = object->header;
  if (header == NULL) return 0;
  if (object->side == SHM_SERVER && !atomic_load_explicit(&header->attached, memory_order_acquire)) return 0;
  if (lives(object, peer)) return shm_object_peer_left(object) ? -EPIPE : 0;
  /* Looked at afterwards, since a peer first says that it leaves. */
  return shm_object_peer_left(object) ? -EPIPE : -EOWNERDEAD;
}

/* ---- opening and closing ---- */

static int set_name(struct shm_object *object, const char *endpoint) {
  const char *slash = endpoint[0] == '/' ? "" : "/";
  int bytes = snprintf(object->name, sizeof object->name, "%s%s", slash, endpoint);
  return bytes < 2 ? -EINVAL : 0;
}

static int map_object(struct shm_object *object, size_t bytes) {
  void *base = SHM_MAP(object->fd, bytes);
  if (base == MAP_FAILED) return -errno;
  object->header = base;
  object->bytes = bytes;
  return 0;
}

void shm_object_close(struct shm_object *object) {
  shm_object_unlink(object);
  if (object->header != NULL) SHM_UNMAP(object->header, object->bytes);
  if (object->fd > 0) close(object->fd);
  *object = (struct shm_object){0};
}

static int close_after(struct shm_object *object, int error) {
  if (error != 0) shm_object_close(object);
  return error;
}

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

static int open_fd(struct shm_object *object, const char *endpoint, int flags) {
  int is_nameless = endpoint[0] == '\0' && (flags & O_CREAT) != 0;
  int rc = is_nameless ? 0 : set_name(object, endpoint);
  if (rc != 0) return rc;
  int fd = is_nameless ? open_nameless() : shm_open(object->name, O_RDWR | flags, 0600);
  /* 0 stands for none in a zeroed object. */
  if (fd == 0) {
    fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    close(0);
  }
  if (fd < 0) return -errno;
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  object->fd = fd;
  return 0;
}

/* With its pages: where they are short this says ENOSPC, and not SIGBUS later. */
static int set_size(int fd, size_t bytes) {
  if (ftruncate(fd, (off_t)bytes) != 0) return -errno;
#if defined(__linux__)
  int rc;
  while ((rc = posix_fallocate(fd, 0, (off_t)bytes)) == EINTR) {}
  return -rc;
#else
  return 0;
#endif
}

int shm_object_create(struct shm_object *object, const char *endpoint, size_t bytes, uint64_t capacity) {
  *object = (struct shm_object){.side = SHM_SERVER, .capacity = capacity};
  int rc = open_fd(object, endpoint, O_CREAT | O_EXCL);
  if (rc != 0) return close_after(object, rc);
  object->has_name = object->name[0] != '\0';
  rc = set_size(object->fd, bytes);
  if (rc == 0) rc = map_object(object, bytes);
  if (rc == 0) rc = claim_side(object);
  if (rc == 0) rc = park_init(&object->header->door);
  return close_after(object, rc);
}

void shm_object_publish(struct shm_object *object, uint64_t layout) {
  struct shm_header *header = object->header;
  header->layout = layout;
  header->capacity = object->capacity;
  atomic_store_explicit(&header->sides[SHM_SERVER].pid, getpid(), memory_order_relaxed);
  atomic_store_explicit(&header->magic, SHM_MAGIC, memory_order_release);
}

static int check_header(struct shm_object *object, uint64_t layout) {
  const struct shm_header *header = object->header;
  uint64_t magic = atomic_load_explicit(&header->magic, memory_order_acquire);
  if (magic == 0) return -ECONNREFUSED;
  if (magic != SHM_MAGIC) return -EPROTO;
  /* Read once: whoever scribbles over it could change it between two looks. */
  uint64_t theirs = *(const volatile uint64_t *)&header->layout;
  if (theirs != layout) return mismatch(layout, theirs);
  object->capacity = header->capacity;
  return lives(object, SHM_SERVER) && !shm_object_peer_left(object) ? 0 : -ECONNREFUSED;
}

int shm_object_open(struct shm_object *object, const char *endpoint, uint64_t layout) {
  *object = (struct shm_object){.side = SHM_CLIENT};
  int rc = open_fd(object, endpoint, 0);
  if (rc != 0) return close_after(object, rc);
  struct stat status;
  if (fstat(object->fd, &status) != 0) return close_after(object, -errno);
  /* It has just been created. */
  if (status.st_size < (off_t)sizeof(struct shm_header)) return close_after(object, -ECONNREFUSED);
  if (status.st_size > SHM_OBJECT_LIMIT) return close_after(object, -EPROTO);
  rc = map_object(object, (size_t)status.st_size);
  if (rc == 0) rc = check_header(object, layout);
  return close_after(object, rc);
}

int shm_object_attach(struct shm_object *object) {
  struct shm_header *header = object->header;
  int rc = claim_side(object);
  if (rc == 0 && atomic_load_explicit(&header->attached, memory_order_acquire)) rc = -EBUSY;
  if (rc != 0) return close_after(object, rc);
  atomic_store_explicit(&header->sides[SHM_CLIENT].pid, getpid(), memory_order_relaxed);
  atomic_store_explicit(&header->attached, 1, memory_order_seq_cst);
  park_wake(&header->door, READABLE);
  object->has_name = 1;
  return 0;
}

static int has_client(const void *context) {
  const struct shm_header *header = context;
  return atomic_load_explicit(&header->attached, memory_order_seq_cst) != 0;
}

int shm_object_accept(struct shm_object *object, int64_t slice_ns) {
  struct park_wish wish = {.ready = has_client, .context = object->header};
  if (!has_client(object->header) && slice_ns > 0) {
    int rc = park_sleep(&object->header->door, READABLE, &wish, slice_ns);
    if (rc != 0) return rc;
  }
  return has_client(object->header) ? 0 : -EAGAIN;
}

void shm_object_leave(struct shm_object *object) {
  atomic_store_explicit(&object->header->sides[object->side].closed, 1, memory_order_seq_cst);
}

/* Only if the name still stands for this object, as the other side may have removed it and somebody else taken it. */
void shm_object_unlink(struct shm_object *object) {
  if (!object->has_name) return;
  object->has_name = 0;
  struct stat ours, named;
  int fd = shm_open(object->name, O_RDWR, 0);
  if (fd < 0) {
    /* No descriptor is left to look with; a name that stays would be worse. */
    if (errno == EMFILE || errno == ENFILE) shm_unlink(object->name);
    return;
  }
  int same = fstat(object->fd, &ours) == 0 && fstat(fd, &named) == 0 && ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
  close(fd);
  if (same) shm_unlink(object->name);
}

/* ---- what a dead server left ---- */

static struct shm_header *look_at(int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0 || status.st_size < (off_t)sizeof(struct shm_header)) return NULL;
  void *base = mmap(NULL, sizeof(struct shm_header), PROT_READ, MAP_SHARED, fd, 0);
  return base == MAP_FAILED ? NULL : base;
}

int64_t shm_object_owner_pid(int fd) {
  struct shm_header *header = look_at(fd);
  if (header == NULL) return 0;
  int is_ours = atomic_load_explicit(&header->magic, memory_order_acquire) == SHM_MAGIC;
  int64_t pid = is_ours ? atomic_load_explicit(&header->sides[SHM_SERVER].pid, memory_order_relaxed) : 0;
  munmap(header, sizeof *header);
  return pid;
}
