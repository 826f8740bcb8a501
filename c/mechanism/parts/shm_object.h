/*
 * A named shared-memory object with two sides, server and client: creating and opening it, the handshake, and telling
 * whether the other side lives. What lies behind the header is the mechanism's.
 *
 * A side holds, as long as it lives, a claim on one byte of the object's file (life.h).
 */
#pragma once

#include "mechanism/channel.h"
#include "plat/park.h"

#define SHM_OBJECT_LIMIT (INT64_C(4) << 30)
#define SHM_CAPACITY_LIMIT (UINT64_C(1) << 30) /* of a ring or a slot */

enum shm_side { SHM_SERVER = 0, SHM_CLIENT = 1 };

/* What one side tells about itself. */
struct shm_peer {
  _Atomic int64_t pid;
  _Atomic uint32_t closed; /* it left in an orderly way */
};

/* At the start of every object. Both sides look at it while it lies there; after set-up nothing in it is trusted. */
struct shm_header {
  _Atomic uint64_t magic; /* stored last, with release, by the server; acquired by the client before it reads the rest */
  uint64_t layout;
  uint64_t capacity;
  _Atomic uint32_t attached; /* by a client, the only one this object will ever have */
  struct shm_peer sides[2];
  _Alignas(SHARED_LINE_BYTES) struct park door; /* at place READABLE the server waits for the client */
};

struct shm_object {
  struct shm_header *header; /* NULL: not open */
  size_t bytes;              /* mapped */
  uint64_t capacity;         /* as found at set-up */
  enum shm_side side;
  int fd;
  int has_name; /* to be removed by us */
  char name[ENDPOINT_BYTES + 1];
};

/* A channel over such an object: its first member, as those of the mechanisms begin with this one. */
struct shm_channel {
  struct channel channel;
  struct shm_object object;
};

/* What lies behind the header. */
enum shm_kind { SHM_KIND_RING = 1, SHM_KIND_DIRECT = 2 };

/*
 * A number that differs when a structure of the object has another layout in the peer's program, or where there are no futexes
 * its pthread_mutex_t another meaning. `kind` tells mechanisms apart, `shape` sums up the mechanism's own structures.
 */
uint64_t shm_layout(enum shm_kind kind, uint64_t shape);

/*
 * Server: create `bytes` zeroed bytes, prepare what lies behind the header, then publish. All functions here return 0 or
 * a negative errno; after an error the object is closed already. With an empty endpoint nobody can find it (Linux): a trial.
 */
int shm_object_create(struct shm_object *object, const char *endpoint, size_t bytes, uint64_t capacity);
void shm_object_publish(struct shm_object *object, uint64_t layout);

/*
 * Client: open, compare `capacity` with `bytes`, then attach. -ENOENT, -ECONNREFUSED: no server, not ready yet, or dead;
 * -EPROTOTYPE: the other one of the kinds; -EPROTO: no such object, or another layout; -EBUSY: it has, or had, a client.
 */
int shm_object_open(struct shm_object *object, const char *endpoint, uint64_t layout);
/* With an error for a `verdict` it only closes: a client that can't take part must not use the object up. */
int shm_object_attach(struct shm_object *object, int verdict);

/* The channel_ops of these names. */
int shm_accept(struct channel *channel, int64_t slice_ns);
int shm_check_peer(struct channel *channel);
void shm_unlink_name(struct channel *channel);
int shm_remove_name(const char *endpoint);
int shm_take_over_name(const char *endpoint);

/* First tell the peer, then wake it where it may sleep, then close. */
void shm_object_leave(struct shm_object *object);
void shm_object_close(struct shm_object *object);

/* Whether the peer has said so. Acquire: pairs with the store in shm_object_leave; what the peer sent before can be seen then. */
static inline int shm_object_peer_left(const struct shm_object *object) {
  return atomic_load_explicit(&object->header->sides[1 - object->side].closed, memory_order_acquire) != 0;
}

/* The same as a sleeper's second look (park.h), seq_cst: it must not pass the announcement. Before a look at what the peer sent. */
static inline int shm_object_look_again_left(const struct shm_object *object) {
  return atomic_load_explicit(&object->header->sides[1 - object->side].closed, memory_order_seq_cst) != 0;
}
