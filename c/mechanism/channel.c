#include "mechanism/channel.h"

#include <errno.h>
#include <stdlib.h>

#include "plat/line.h"
#include "plat/pages.h"

static const struct channel_ops *const mechanisms[MECHANISM_COUNT] = {
    [MECHANISM_UDS] = &uds_ops,
    [MECHANISM_TCP] = &tcp_ops,
    [MECHANISM_SHM_RING] = &ring_ops,
    [MECHANISM_SHM_DIRECT] = &direct_ops,
#if defined(__linux__)
    [MECHANISM_PMQ] = &pmq_ops,
#endif
    [MECHANISM_FED] = &fed_ops,
    [MECHANISM_NULL] = &null_ops,
};

static const struct channel_ops *ops_of(uint32_t mechanism) { return mechanism < MECHANISM_COUNT ? mechanisms[mechanism] : NULL; }

/* Channels hold members that stand on lines of their own; calloc aligns to 16 bytes only. */
static struct channel *aligned(void *memory) {
  uintptr_t line = ((uintptr_t)memory + SHARED_LINE_BYTES - 1) / SHARED_LINE_BYTES;
  return (struct channel *)(line * SHARED_LINE_BYTES);
}

struct channel *channel_create(const struct channel_settings *settings, const stop_flag *stop, int *error) {
  const struct channel_ops *ops = ops_of(settings->mechanism);
  void *memory = ops == NULL ? NULL : pages_alloc(ops->channel_bytes + SHARED_LINE_BYTES);
  if (memory == NULL) {
    *error = ops == NULL ? -ENOTSUP : -ENOMEM;
    return NULL;
  }
  struct channel *channel = aligned(memory);
  channel->memory = memory;
  channel->ops = ops;
  channel->stop = stop;
  channel->wait_kind = settings->wait;
  channel->spin_ns = settings->spin_ns;
  channel->silence_ns = settings->silence_ns;
  return channel;
}

void channel_destroy(struct channel *channel) {
  if (channel == NULL) return;
  channel->ops->close(channel);
  free(channel->memory);
}

int32_t endpoint_remove(int32_t mechanism, const char *endpoint) {
  const struct channel_ops *ops = ops_of((uint32_t)mechanism);
  return ops == NULL || ops->remove == NULL ? 0 : ops->remove(endpoint);
}

int32_t endpoint_take_over(int32_t mechanism, const char *endpoint) {
  const struct channel_ops *ops = ops_of((uint32_t)mechanism);
  return ops == NULL || ops->take_over == NULL ? 0 : ops->take_over(endpoint);
}

int channel_check_peer(struct channel *channel) {
  return channel->ops->check_peer == NULL ? 0 : channel->ops->check_peer(channel);
}

void channel_sent_all(struct channel *channel) {
  channel->more_follows = 0;
  if (channel->ops->publish != NULL) channel->ops->publish(channel);
}

int channel_watch_peer(struct channel *channel, int64_t *looked_ns, int64_t now_ns) {
  if (now_ns - *looked_ns < WAIT_SLICE_NS) return 0;
  *looked_ns = now_ns;
  int rc = channel_check_peer(channel);
  return rc != 0 && is_stopping(channel->stop) ? -ECANCELED : rc;
}

/* Written once, compiled for either direction. */
#define INLINED static inline __attribute__((always_inline))

/* A send or a receive in progress, so that the waiting below is written once. */
struct transfer {
  enum readiness direction;
  const uint8_t *frame;
  size_t frame_bytes;
  struct arrival *arrival;
};

INLINED int transfer_try(struct channel *channel, const struct transfer *transfer) {
  return transfer->direction == WRITABLE ? channel->ops->try_send(channel, transfer->frame, transfer->frame_bytes)
                                         : channel->ops->try_receive(channel, transfer->arrival);
}

/* The peer is gone: what it sent before must still be received. */
INLINED int transfer_after(struct channel *channel, const struct transfer *transfer, int error) {
  int rc = transfer->direction == READABLE ? transfer_try(channel, transfer) : error;
  return rc == -EAGAIN ? error : rc;
}

INLINED int transfer_block(struct channel *channel, const struct transfer *transfer, int64_t slice_ns) {
  const struct channel_ops *ops = channel->ops;
  if (transfer->direction == WRITABLE && ops->send != NULL) {
    return ops->send(channel, transfer->frame, transfer->frame_bytes, slice_ns);
  }
  if (transfer->direction == READABLE && ops->receive != NULL) {
    return ops->receive(channel, transfer->arrival, slice_ns);
  }
  int rc;
  while ((rc = transfer_try(channel, transfer)) == -EAGAIN) {
    int waited = ops->wait(channel, transfer->direction, slice_ns);
    if (waited == -EAGAIN || is_stopping(channel->stop)) return -EAGAIN;
    if (waited != 0) return transfer_after(channel, transfer, waited);
  }
  return rc;
}

/* Turns between two readings of the clock at most: a turn over shared memory is far cheaper than a reading. */
#define MOST_TURNS 64

static int spin_turns(struct channel *channel, const struct transfer *transfer, int turns) {
  int rc = -EAGAIN;
  for (; turns > 0 && rc == -EAGAIN; turns--) {
    rc = transfer_try(channel, transfer);
    if (rc == -EAGAIN) cpu_relax();
  }
  return rc;
}

/*
 * Spins for the budget, whatever a try costs: one over shared memory takes some nanoseconds, a system call more than a small budget.
 * So the turns between two readings grow only while they take a part of what is left, and it ends late by one turn at most. How many
 * may come first is remembered: readings hold up whoever is to see a message at once.
 */
static int transfer_spin_for(struct channel *channel, const struct transfer *transfer, int64_t budget_ns) {
  int rc = transfer_try(channel, transfer);
  if (rc != -EAGAIN) return rc;
  int64_t before_ns = clock_now_ns();
  int64_t until_ns = before_ns + budget_ns;
  for (int turns = channel->first_turns > 0 ? channel->first_turns : 1;;) {
    rc = spin_turns(channel, transfer, turns);
    if (rc != -EAGAIN || is_stopping(channel->stop)) return rc;
    int64_t now_ns = clock_now_ns();
    int64_t part_ns = 4 * (now_ns - before_ns);
    if (part_ns > budget_ns) channel->first_turns = turns / 2;
    if (now_ns >= until_ns) return -EAGAIN;
    if (part_ns > until_ns - now_ns) {
      turns = turns > 1 ? turns / 2 : 1;
    } else if (turns < MOST_TURNS) {
      turns *= 2;
      if (turns > channel->first_turns) channel->first_turns = turns;
    }
    before_ns = now_ns;
  }
}

/* Spins for a slice, which nobody has asked for: some turns more do not matter. */
static int transfer_spin(struct channel *channel, const struct transfer *transfer) {
  int64_t until_ns = 0;
  for (;;) {
    int rc = spin_turns(channel, transfer, MOST_TURNS);
    if (rc != -EAGAIN || is_stopping(channel->stop)) return rc;
    int64_t now_ns = clock_now_ns();
    if (until_ns == 0) until_ns = now_ns + WAIT_SLICE_NS;
    if (now_ns >= until_ns) return -EAGAIN;
  }
}

INLINED int transfer_slice(struct channel *channel, const struct transfer *transfer) {
  if (channel->wait_kind == WAIT_SPIN) return transfer_spin(channel, transfer);
  if (channel->wait_kind == WAIT_HYBRID) {
    int rc = transfer_spin_for(channel, transfer, channel->spin_ns);
    if (rc != -EAGAIN) return rc;
  }
  return transfer_block(channel, transfer, channel->is_ticking ? WAIT_UNTIL_TICK : WAIT_SLICE_NS);
}

INLINED int transfer_run(struct channel *channel, const struct transfer *transfer) {
  int64_t waiting_since_ns = 0; /* for the whole frame */
  int64_t silent_since_ns = 0;  /* for any byte of it */
  uint64_t moved_before = 0, moved_bytes = 0;
  for (;;) {
    int rc = transfer_slice(channel, transfer);
    if (rc != -EAGAIN) return rc;
    if (is_stopping(channel->stop)) return -ECANCELED;
    int peer = channel_check_peer(channel);
    if (peer != 0) return transfer_after(channel, transfer, peer);
    int64_t now_ns = clock_now_ns();
    if (waiting_since_ns == 0) {
      waiting_since_ns = now_ns - WAIT_SLICE_NS;
      moved_before = channel->moved_bytes;
    }
    if (silent_since_ns == 0 || moved_bytes != channel->moved_bytes) silent_since_ns = now_ns - WAIT_SLICE_NS;
    moved_bytes = channel->moved_bytes;
    if (now_ns - silent_since_ns >= channel->silence_ns) return -ETIMEDOUT;
    int64_t moving_ns = (int64_t)(moved_bytes - moved_before) * SLOWEST_NS_PER_BYTE;
    if (now_ns - waiting_since_ns - moving_ns >= channel->silence_ns) return -ETIMEDOUT;
  }
}

int channel_send(struct channel *channel, const uint8_t *frame, size_t frame_bytes) {
  struct transfer transfer = {.direction = WRITABLE, .frame = frame, .frame_bytes = frame_bytes};
  return transfer_run(channel, &transfer);
}

int channel_receive(struct channel *channel, struct arrival *arrival) {
  struct transfer transfer = {.direction = READABLE, .arrival = arrival};
  return transfer_run(channel, &transfer);
}

int channel_receive_by(struct channel *channel, struct arrival *arrival, int64_t until_ns) {
  struct transfer transfer = {.direction = READABLE, .arrival = arrival};
  int64_t now_ns = clock_now_ns();
  int64_t spin_ns = channel->wait_kind == WAIT_SPIN ? WAIT_SLICE_NS : channel->wait_kind == WAIT_HYBRID ? channel->spin_ns : 0;
  int64_t spin_until_ns = until_ns - now_ns < spin_ns ? until_ns : now_ns + spin_ns;
  for (; now_ns < spin_until_ns; now_ns = clock_now_ns()) {
    int rc = transfer_try(channel, &transfer);
    if (rc != -EAGAIN || is_stopping(channel->stop)) return rc;
    cpu_relax();
  }
  if (now_ns >= until_ns || channel->wait_kind == WAIT_SPIN) return -EAGAIN;
  return transfer_block(channel, &transfer, until_ns - now_ns < WAIT_SLICE_NS ? until_ns - now_ns : WAIT_SLICE_NS);
}
