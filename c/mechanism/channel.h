/*
 * A channel is one connection, both directions. A mechanism is one C file that fills a struct channel_ops, and one row
 * in the table of channel.c. Functions return 0 or a negative errno; -EAGAIN always means "not now, call again".
 *
 * Errors that every mechanism words the same way:
 *   -EPIPE      the peer closed in an orderly way, nothing more will come
 *   -EOWNERDEAD the peer died
 *   -EPROTO     the bytes are no frame, or a shared structure was scribbled over
 *   -ECANCELED  the stop flag was set
 *   -ETIMEDOUT  nothing happened for the whole silence limit
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "plat/clock.h"

enum mechanism {
  MECHANISM_UDS = 0,
  MECHANISM_TCP,
  MECHANISM_SHM_RING,
  MECHANISM_SHM_DIRECT,
  MECHANISM_PMQ,
  MECHANISM_FED, /* the event loop's own sockets carry the bytes, see session/event_loop.h */
  MECHANISM_NULL, /* comes straight back: measures the rig itself */
  MECHANISM_COUNT,
};
enum wait_kind { WAIT_BLOCK = 0, WAIT_SPIN, WAIT_HYBRID };

#define ENDPOINT_BYTES 256

/* Messages of a queue, unless the settings or a limit say otherwise. */
#define MOST_QUEUED 10

/* Filled by TypeScript; layout checked at start. */
struct channel_settings {
  uint32_t mechanism;
  uint32_t wait;
  int64_t spin_ns;
  int64_t silence_ns;   /* longest wait for a peer that is alive but says nothing */
  uint64_t frame_bytes; /* the largest frame that is planned */
  uint64_t buffer_bytes; /* asked for; 0 leaves the default */
  uint32_t port;        /* tcp; 0: chosen by the kernel, read back */
  uint32_t priority;    /* pmq */
  uint32_t queue_depth; /* pmq: messages at most; 0: the default, or less where a limit is in the way */
  char endpoint[ENDPOINT_BYTES]; /* path, host or object name, NUL-terminated */
};

/* Read back after the connection stands. */
struct channel_effective {
  uint64_t send_buffer_bytes;
  uint64_t receive_buffer_bytes;
  uint32_t port;
  uint32_t queue_depth; /* 0 where there is none */
  uint32_t is_far;      /* the peer may run on another kernel */
};

/* One message's body in the channel's own buffer, with FRAME_LENGTH_BYTES of room before it; valid until the next receive. */
struct arrival {
  uint8_t *body;
  size_t body_bytes;
};

/* Bytes of a long frame that move are a sign of life; a peer that dribbles them more slowly than this is as good as silent. */
#define SLOWEST_NS_PER_BYTE INT64_C(16000)

struct channel;

struct channel_ops {
  size_t channel_bytes; /* sizeof the mechanism's own struct, whose first member is struct channel */

  /* ---- for whoever sets a connection up and ends it ---- */
  /* The server's side: create the endpoint, then wait (at most `slice_ns`, 0: only look) for the peer. */
  int (*listen)(struct channel *, const struct channel_settings *);
  int (*accept)(struct channel *, int64_t slice_ns); /* once there is a client it says 0, however often it is asked */
  /* Listen for the next client in place of `before`, which has one: where clients knock at something that outlives each of
   * them, take it over. NULL: a name is for one client, so `before` gives it up and this one listens under it. */
  int (*listen_after)(struct channel *, const struct channel_settings *, struct channel *before);
  /* The client's side. -ENOENT or -ECONNREFUSED: no server yet; -EBUSY: another client was faster, the next may be luckier. */
  int (*connect)(struct channel *, const struct channel_settings *);
  void (*effective)(struct channel *, struct channel_effective *);
  /* Remove the name from the system as soon as the peers have met. Idempotent; also done by close. NULL: it has none. */
  void (*unlink)(struct channel *);
  void (*close)(struct channel *);

  /* ---- for the loops ---- */
  /* Hand over a whole frame. After -EAGAIN call again with the same frame; part of it may have gone already. */
  int (*try_send)(struct channel *, const uint8_t *frame, size_t frame_bytes);
  int (*try_receive)(struct channel *, struct arrival *);
  /* The same, waiting in the kernel for at most `slice_ns`; NULL where try and wait do as well. */
  int (*send)(struct channel *, const uint8_t *frame, size_t frame_bytes, int64_t slice_ns);
  int (*receive)(struct channel *, struct arrival *, int64_t slice_ns);
  /* Publish what sends with `more_follows` have put off. NULL: nothing ever is. */
  void (*publish)(struct channel *);

  /* ---- for whoever waits: the loops, or a waiter's thread ---- */
  /* Sleep until a try may succeed: 0, or -EAGAIN after the slice. May run in a thread of its own beside an idle owner. */
  int (*wait)(struct channel *, enum readiness, int64_t slice_ns);
  /* Whether wait, send and receive take WAIT_UNTIL_TICK for a slice. */
  int waits_until_tick;
  /* End a wait() that runs in another thread. NULL: waits are never taken to another thread. */
  void (*wake)(struct channel *);
  /* 0 while the peer may still be alive, else -EPIPE or -EOWNERDEAD. NULL: sends and receives tell. */
  int (*check_peer)(struct channel *);

  /* ---- for whoever cleans up, without a channel: endpoint_remove and endpoint_take_over. NULL: nothing outlives a process ---- */
  int (*remove)(const char *endpoint);
  int (*take_over)(const char *endpoint);
};

struct channel {
  const struct channel_ops *ops;
  const stop_flag *stop;
  uint32_t wait_kind;
  int64_t spin_ns;
  int first_turns; /* of a spin with a budget, before it first looks at the clock again; channel.c learns it */
  int64_t silence_ns;
  int is_ticking; /* the calling thread is interrupted every slice */
  uint32_t queue_depth; /* messages that the way out holds; 0: it holds bytes */
  uint64_t moved_bytes; /* counted by mechanisms that move frames in parts: a sign of life before a long one is through */
  int more_follows; /* the owner sends the next message right after this one, or says channel_sent_all: publishing may be put off till then */
  void *memory; /* in which this lies aligned */
};

extern const struct channel_ops uds_ops, tcp_ops, ring_ops, direct_ops, pmq_ops, fed_ops, null_ops;
/* What the event loop has read, for a channel of fed_ops. */
int fed_feed(struct channel *channel, const uint8_t *bytes, size_t count);

/* Allocates a zeroed channel for the mechanism; NULL with *error set when the platform lacks it or memory is out. */
struct channel *channel_create(const struct channel_settings *settings, const stop_flag *stop, int *error);
/* Closes and frees. */
void channel_destroy(struct channel *channel);

/* Removes what a listener of this mechanism leaves in the system. 0 also if there is nothing. */
int32_t endpoint_remove(int32_t mechanism, const char *endpoint);
/*
 * Makes room for a server that is to have a name of its own choice: removes what one that is dead left under it. 0, also if there
 * is nothing; -EADDRINUSE if its owner lives; -EEXIST if it is nothing that a server of this program made. Queues of another
 * program have no mark of life: the caller must know that nobody has them open.
 */
int32_t endpoint_take_over(int32_t mechanism, const char *endpoint);

/* Free time before a message that a look at the peer may take a part of. */
#define PEER_LOOK_ROOM_NS NS_PER_MS

/* The op, also where there is none. */
int channel_check_peer(struct channel *channel);
/* For whoever waits for a moment instead of for the channel, and so would not hear of a death: the same, but once every slice
 * only, and 0 in between. -ECANCELED where the peer left because all is to stop. `looked_ns` belongs to the calling thread. */
int channel_watch_peer(struct channel *channel, int64_t *looked_ns, int64_t now_ns);

/* No more messages follow right now, though `more_follows` was said of the last one. */
void channel_sent_all(struct channel *channel);

/* Waits as the settings say (block, spin, hybrid) until done, stopped, the peer gone, or silent for too long. */
int channel_send(struct channel *channel, const uint8_t *frame, size_t frame_bytes);
int channel_receive(struct channel *channel, struct arrival *arrival);
/* The same until that moment, a slice at most: -EAGAIN if nothing came. A wait in the kernel ends some 50 us late. */
int channel_receive_by(struct channel *channel, struct arrival *arrival, int64_t until_ns);
