#include "mechanism/parts/shm_object.h"

#include <errno.h>
#include <unistd.h>

#include "plat/life.h"
#include "plat/shm.h"

#define SHM_MAGIC UINT64_C(0x6d68732d63706901) /* "\1ipc-shm": the byte is the version */

/* Tests map one object once for both sides: ThreadSanitizer tells memory by its address. */
#if defined(SHM_TEST_HOOKS)
void *shm_test_map(int fd, size_t bytes, int *error);
void shm_test_unmap(void *base, size_t bytes);
#define SHM_MAP shm_test_map
#define SHM_UNMAP shm_test_unmap
#else
#define SHM_MAP(fd, bytes, error) shm_map(fd, bytes, SHM_WHOLE, error)
#define SHM_UNMAP shm_unmap
#endif

/* ---- layout ---- */

static uint64_t mix(uint64_t hash, uint64_t value) {
  /* FNV-1a, by words */
  return (hash ^ value) * UINT64_C(0x100000001b3);
}

/* In the last byte, so that a client can tell what the server has. */
#define KIND_MASK UINT64_C(0xff)

uint64_t shm_layout(enum shm_kind kind, uint64_t shape) {
  uint64_t hash = mix(UINT64_C(0xcbf29ce484222325), kind);
  hash = mix(hash, shape);
  hash = mix(hash, PARK_LIBRARY);
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

static int claim_side(const struct shm_object *object) {
  return life_claim(object->fd, object->side, &object->header->sides[object->side].pid);
}

static int lives(const struct shm_object *object, enum shm_side side) {
  return life_is_held(object->fd, side, &object->header->sides[side].pid);
}

static struct shm_object *object_of(struct channel *channel) { return &((struct shm_channel *)channel)->object; }

int shm_check_peer(struct channel *channel) {
  const struct shm_object *object = object_of(channel);
  enum shm_side peer = 1 - object->side;
  const struct shm_header *header = object->header;
  if (header == NULL) return 0;
  if (object->side == SHM_SERVER && !atomic_load_explicit(&header->attached, memory_order_acquire)) return 0;
  if (lives(object, peer)) return shm_object_peer_left(object) ? -EPIPE : 0;
  /* Looked at afterwards, since a peer first says that it leaves. */
  return shm_object_peer_left(object) ? -EPIPE : -EOWNERDEAD;
}

/* ---- opening and closing ---- */

static int map_object(struct shm_object *object, size_t bytes) {
  int error;
  object->header = SHM_MAP(object->fd, bytes, &error);
  object->bytes = bytes;
  return error;
}

static void unlink_object(struct shm_object *object) {
  if (object->has_name) name_remove_own(&shm_names, object->name, object->fd);
  object->has_name = 0;
}

void shm_unlink_name(struct channel *channel) { unlink_object(object_of(channel)); }

void shm_object_close(struct shm_object *object) {
  unlink_object(object);
  if (object->header != NULL) SHM_UNMAP(object->header, object->bytes);
  if (object->fd > 0) shm_close(object->fd);
  *object = (struct shm_object){0};
}

static int close_after(struct shm_object *object, int error) {
  if (error != 0) shm_object_close(object);
  return error;
}

static int use_fd(struct shm_object *object, int fd) {
  if (fd > 0) object->fd = fd;
  return fd > 0 ? 0 : fd;
}

static int set_name(struct shm_object *object, const char *endpoint) {
  return name_write(object->name, sizeof object->name, endpoint, "") < 2 ? -EINVAL : 0;
}

int shm_object_create(struct shm_object *object, const char *endpoint, size_t bytes, uint64_t capacity) {
  *object = (struct shm_object){.side = SHM_SERVER, .capacity = capacity};
  int rc = endpoint[0] == '\0' ? 0 : set_name(object, endpoint);
  if (rc == 0) rc = use_fd(object, shm_create(object->name));
  if (rc != 0) return close_after(object, rc);
  object->has_name = object->name[0] != '\0';
  rc = shm_resize(object->fd, bytes, SHM_WHOLE);
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
  int rc = set_name(object, endpoint);
  if (rc == 0) rc = use_fd(object, shm_find(object->name));
  int64_t bytes = rc != 0 ? rc : shm_bytes(object->fd);
  if (bytes < 0) return close_after(object, (int)bytes);
  /* It has just been created. */
  if (bytes < (int64_t)sizeof(struct shm_header)) return close_after(object, -ECONNREFUSED);
  if (bytes > SHM_OBJECT_LIMIT) return close_after(object, -EPROTO);
  rc = map_object(object, (size_t)bytes);
  if (rc == 0) rc = check_header(object, layout);
  return close_after(object, rc);
}

int shm_object_attach(struct shm_object *object, int verdict) {
  struct shm_header *header = object->header;
  int rc = verdict != 0 ? verdict : claim_side(object);
  if (rc == 0 && atomic_load_explicit(&header->attached, memory_order_acquire)) rc = -EBUSY;
  if (rc != 0) return close_after(object, rc);
  atomic_store_explicit(&header->sides[SHM_CLIENT].pid, getpid(), memory_order_relaxed);
  /* Published to has_client, which the server looks at after announcing that it sleeps. */
  atomic_store_explicit(&header->attached, 1, memory_order_seq_cst);
  park_wake(&header->door, READABLE);
  object->has_name = 1;
  return 0;
}

/* The second look (park.h): pairs with the store in shm_object_attach. */
static int has_client(const void *context) {
  const struct shm_header *header = context;
  return atomic_load_explicit(&header->attached, memory_order_seq_cst) != 0;
}

int shm_accept(struct channel *channel, int64_t slice_ns) {
  struct shm_object *object = object_of(channel);
  struct park_wish wish = {.ready = has_client, .context = object->header};
  if (!has_client(object->header) && slice_ns > 0) {
    int rc = park_sleep(&object->header->door, READABLE, &wish, slice_ns);
    if (rc != 0) return rc;
  }
  return has_client(object->header) ? 0 : -EAGAIN;
}

/* Published to shm_object_look_again_left; whoever calls this looks at who sleeps afterwards (park_wake). */
void shm_object_leave(struct shm_object *object) {
  atomic_store_explicit(&object->header->sides[object->side].closed, 1, memory_order_seq_cst);
}

/* ---- names of servers that are gone ---- */

int shm_remove_name(const char *endpoint) {
  char name[ENDPOINT_BYTES + 2];
  name_write(name, sizeof name, endpoint, "");
  return name_remove(&shm_names, name);
}

int shm_take_over_name(const char *endpoint) {
  char name[ENDPOINT_BYTES + 2];
  name_write(name, sizeof name, endpoint, "");
  int fd = shm_find(name), error = 0;
  if (fd < 0) return fd == -ENOENT ? 0 : fd;
  struct shm_header *header = NULL;
  if (shm_bytes(fd) >= (int64_t)sizeof *header) header = shm_map(fd, sizeof *header, SHM_SPARSE, &error);
  const _Atomic int64_t *owner = header == NULL ? NULL : &header->sides[SHM_SERVER].pid;
  int is_ours = header != NULL && atomic_load_explicit(&header->magic, memory_order_acquire) == SHM_MAGIC;
  if (is_ours) is_ours = atomic_load_explicit(owner, memory_order_relaxed) > 0;
  int rc = is_ours ? name_inherit(&shm_names, name, fd, SHM_SERVER, owner) : -EEXIST;
  if (header != NULL) shm_unmap(header, sizeof *header);
  shm_close(fd);
  return rc;
}
