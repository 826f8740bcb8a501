/* What every shared-memory mechanism must do; ring_test.c and direct_test.c add what is their own. Included after the
 * mechanism's source, so that tests can reach into its channel through park_of and object_of. */
#pragma once

#include <fcntl.h>

#include "pair.h"
#include "shm_hooks.h"

/* The park where this side's readers or writers sleep. */
static struct park *park_of(struct channel *channel, enum readiness readiness);
static struct shm_object *object_of(struct channel *channel);

static int name_exists(const struct channel_settings *settings) {
  int fd = shm_open(settings->endpoint, O_RDWR, 0);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

/* ---- messages ---- */

static const size_t payload_sizes[] = {1,    0,    2,    7,     8,     9,     63,     64,      65,     1000,
                                       4067, 4068, 4095, 4096,  4097,  16384, 65535,  65536,   65537,  1048576};
#define PAYLOAD_SIZES (sizeof payload_sizes / sizeof *payload_sizes)
#define MESSAGES_PER_SIZE 40

static int send_every_size(struct channel *channel, const void *largest) {
  uint64_t id = 0;
  for (size_t i = 0; i < PAYLOAD_SIZES; i++) {
    for (int n = 0; n < MESSAGES_PER_SIZE && payload_sizes[i] <= *(const size_t *)largest; n++) {
      CHECK_EQUAL(send_payload(channel, payload_sizes[i], id++), 0);
    }
  }
  return 0;
}

static void receive_every_size(struct channel *channel, size_t largest) {
  uint64_t id = 0;
  for (size_t i = 0; i < PAYLOAD_SIZES; i++) {
    for (int n = 0; n < MESSAGES_PER_SIZE && payload_sizes[i] <= largest; n++) {
      CHECK(receive_is(channel, id++, payload_sizes[i]));
    }
  }
}

static void every_size_arrives_both_ways(const struct channel_ops *ops, size_t largest, size_t buffer_bytes) {
  struct channel_settings settings = settings_for(largest, buffer_bytes);
  struct pair pair = open_pair(ops, &settings);
  struct errand errand = {.run = send_every_size, .channel = pair.client, .context = &largest};
  start_errand(&errand);
  receive_every_size(pair.server, largest);
  finish_errand(&errand);
  errand.channel = pair.server;
  start_errand(&errand);
  receive_every_size(pair.client, largest);
  finish_errand(&errand);
  close_pair(pair);
}

static int send_largest(struct channel *channel, const void *none) {
  (void)none;
  return send_payload(channel, FRAME_PAYLOAD_LIMIT, 7);
}

static void the_largest_frame_arrives(const struct channel_ops *ops) {
  struct channel_settings settings = settings_for(FRAME_PAYLOAD_LIMIT, 0);
  struct pair pair = open_pair(ops, &settings);
  struct errand errand = {.run = send_largest, .channel = pair.client};
  start_errand(&errand);
  CHECK(receive_is(pair.server, 7, FRAME_PAYLOAD_LIMIT));
  CHECK_EQUAL(finish_errand(&errand), 0);
  close_pair(pair);
}

/* ---- set-up ---- */

static void set_up_errors_are_told(const struct channel_ops *ops) {
  struct channel_settings settings = settings_for(64, 4096);
  struct channel *server = make_channel(ops), *client = make_channel(ops), *other = make_channel(ops);
  struct channel_effective effective;
  CHECK_EQUAL(ops->connect(client, &settings), -ENOENT);
  /* A name whose owner has only just begun, and one that is no object of ours. */
  int fd = shm_open(settings.endpoint, O_RDWR | O_CREAT | O_EXCL, 0600);
  CHECK_EQUAL(ops->connect(client, &settings), -ECONNREFUSED);
  CHECK_EQUAL(ftruncate(fd, 65536), 0);
  CHECK_EQUAL(ops->connect(client, &settings), -ECONNREFUSED);
  CHECK_EQUAL(write(fd, "something else", 14), 14);
  CHECK_EQUAL(ops->connect(client, &settings), -EPROTO);
  close(fd);
  CHECK_EQUAL(ops->listen(server, &settings), -EEXIST);
  CHECK(name_exists(&settings));
  shm_unlink(settings.endpoint);
  CHECK_EQUAL(ops->listen(server, &settings), 0);
  CHECK_EQUAL(ops->accept(server, 0), -EAGAIN);
  CHECK_EQUAL(ops->accept(server, NS_PER_MS), -EAGAIN);
  CHECK_EQUAL(ops->check_peer(server), 0);
  object_of(server)->header->layout ^= 0x100;
  CHECK_EQUAL(ops->connect(client, &settings), -EPROTO);
  object_of(server)->header->layout ^= 0x100;
  object_of(server)->header->layout ^= SHM_KIND_RING ^ SHM_KIND_DIRECT;
  CHECK_EQUAL(ops->connect(client, &settings), -EPROTOTYPE);
  object_of(server)->header->layout ^= SHM_KIND_RING ^ SHM_KIND_DIRECT;
  object_of(server)->header->capacity = UINT64_MAX / 2 + 1;
  CHECK_EQUAL(ops->connect(client, &settings), -EPROTO);
  object_of(server)->header->capacity = object_of(server)->capacity;
  settings.frame_bytes = 8192;
  CHECK_EQUAL(ops->connect(client, &settings), -EMSGSIZE);
  settings.frame_bytes = 96;
  CHECK_EQUAL(ops->connect(client, &settings), 0);
  CHECK_EQUAL(ops->connect(other, &settings), -EBUSY);
  CHECK_EQUAL(ops->accept(server, 0), 0);
  ops->effective(client, &effective);
  CHECK_EQUAL(effective.send_buffer_bytes, 4096);
  uint8_t *frame = make_frame(4096, 1);
  CHECK_EQUAL(ops->try_send(client, frame, 4096 + FRAME_OVERHEAD), -EMSGSIZE);
  free(frame);
  free_channel(client);
  CHECK_EQUAL(ops->connect(other, &settings), -ENOENT); /* the client has removed the name too */
  free_channel(server);
  CHECK(!name_exists(&settings));
  server = make_channel(ops);
  settings.frame_bytes = 8192;
  CHECK_EQUAL(ops->listen(server, &settings), -EMSGSIZE);
  settings.buffer_bytes = UINT64_C(1) << 40;
  CHECK_EQUAL(ops->listen(server, &settings), -EINVAL);
  CHECK(!name_exists(&settings));
  free_channel(server);
  free_channel(other);
}

static void names_are_removed_once(const struct channel_ops *ops) {
  struct channel_settings settings = settings_for(64, 0);
  struct channel *server = make_channel(ops);
  CHECK_EQUAL(ops->listen(server, &settings), 0);
  CHECK(name_exists(&settings));
  ops->unlink(server);
  CHECK(!name_exists(&settings));
  /* Somebody else's object of the same name stays. */
  int fd = shm_open(settings.endpoint, O_RDWR | O_CREAT | O_EXCL, 0600);
  ops->unlink(server);
  free_channel(server);
  CHECK(name_exists(&settings));
  close(fd);
  shm_unlink(settings.endpoint);
}

static int connect_later(struct channel *channel, const void *settings) {
  pause_ms(30);
  return channel->ops->connect(channel, settings);
}

static void accepting_wakes_up_at_once(const struct channel_ops *ops) {
  struct channel_settings settings = settings_for(64, 0);
  struct channel *server = make_channel(ops);
  CHECK_EQUAL(ops->listen(server, &settings), 0);
  struct errand errand = {.run = connect_later, .channel = make_channel(ops), .context = &settings};
  start_errand(&errand);
  int64_t start_ns = clock_now_ns();
  CHECK_EQUAL(ops->accept(server, LONG_SLICE_NS), 0);
  CHECK(clock_now_ns() - start_ns < SOON_NS);
  CHECK_EQUAL(finish_errand(&errand), 0);
  free_channel(errand.channel);
  free_channel(server);
}

/* ---- waiting ---- */

static int wait_long(struct channel *channel, const void *readiness) {
  int64_t start_ns = clock_now_ns();
  int rc = channel->ops->wait(channel, *(const enum readiness *)readiness, LONG_SLICE_NS);
  CHECK(clock_now_ns() - start_ns < SOON_NS);
  return rc;
}

static void fill(struct channel *channel) {
  uint8_t *frame = make_frame(64, 1);
  while (channel->ops->try_send(channel, frame, 64 + FRAME_OVERHEAD) == 0) {}
  free(frame);
}

static void waking_ends_a_wait(const struct channel_ops *ops) {
  static const enum readiness kinds[] = {READABLE, WRITABLE};
  struct channel_settings settings = settings_for(64, 4096);
  struct pair pair = open_pair(ops, &settings);
  fill(pair.client);
  for (int kind = 0; kind < 2; kind++) {
    struct errand errand = {.run = wait_long, .channel = pair.client, .context = &kinds[kind]};
    start_errand(&errand);
    pause_ms(20);
    ops->wake(pair.client);
    CHECK_EQUAL(finish_errand(&errand), -EAGAIN);
    /* Just before the wait begins; and the wait after that one is none of its business. */
    ops->wake(pair.client);
    CHECK_EQUAL(wait_long(pair.client, &kinds[kind]), -EAGAIN);
    int64_t start_ns = clock_now_ns();
    CHECK_EQUAL(ops->wait(pair.client, kinds[kind], 20 * NS_PER_MS), -EAGAIN);
    CHECK(clock_now_ns() - start_ns >= 20 * NS_PER_MS);
  }
  close_pair(pair);
}

static void leaving_is_told_after_the_last_message(const struct channel_ops *ops) {
  struct channel_settings settings = settings_for(64, 4096);
  struct arrival arrival;
  struct pair pair = open_pair(ops, &settings);
  CHECK_EQUAL(send_payload(pair.client, 64, 1), 0);
  free_channel(pair.client);
  CHECK_EQUAL(ops->check_peer(pair.server), -EPIPE);
  CHECK_EQUAL(ops->wait(pair.server, READABLE, LONG_SLICE_NS), 0);
  CHECK(receive_is(pair.server, 1, 64));
  CHECK_EQUAL(ops->try_receive(pair.server, &arrival), -EPIPE);
  CHECK_EQUAL(ops->wait(pair.server, READABLE, LONG_SLICE_NS), -EPIPE);
  CHECK_EQUAL(send_payload(pair.server, 64, 1), -EPIPE);
  free_channel(pair.server);
}

static void leaving_ends_the_peers_waits(const struct channel_ops *ops) {
  static const enum readiness kinds[] = {READABLE, WRITABLE};
  for (int kind = 0; kind < 2; kind++) {
    struct channel_settings settings = settings_for(64, 4096);
    struct pair pair = open_pair(ops, &settings);
    fill(pair.server);
    struct errand errand = {.run = wait_long, .channel = pair.server, .context = &kinds[kind]};
    start_errand(&errand);
    pause_ms(20);
    free_channel(pair.client);
    int rc = finish_errand(&errand);
    CHECK(rc == -EPIPE || rc == 0);
    free_channel(pair.server);
  }
}

/* ---- no wake-up is lost ---- */

struct flood {
  uint64_t count;
  size_t largest;
  int echoes; /* the other side answers each message, so that both sides sleep all the time */
};

static size_t size_of_message(const struct flood *flood, uint64_t id) { return flood->echoes ? 8 : id * 31 % (flood->largest + 1); }

static int send_flood(struct channel *channel, const void *context) {
  const struct flood *flood = context;
  for (uint64_t id = 0; id < flood->count; id++) {
    int rc = send_payload(channel, size_of_message(flood, id), id);
    if (rc != 0) return rc;
    if (flood->echoes && !receive_is(channel, id, 8)) return -EPROTO;
  }
  return 0;
}

static void run_flood(const struct channel_ops *ops, struct flood flood, size_t buffer_bytes) {
  struct channel_settings settings = settings_for(flood.largest, buffer_bytes);
  struct pair pair = open_pair(ops, &settings);
  atomic_store(&timed_out_count, 0);
  atomic_store(&delays_on, 1);
  struct errand errand = {.run = send_flood, .channel = pair.client, .context = &flood};
  start_errand(&errand);
  uint64_t id = 0;
  for (; id < flood.count && receive_is(pair.server, id, size_of_message(&flood, id)); id++) {
    if (flood.echoes && send_payload(pair.server, 8, id) != 0) break;
  }
  CHECK_EQUAL(id, flood.count);
  CHECK_EQUAL(finish_errand(&errand), 0);
  atomic_store(&delays_on, 0);
  CHECK_EQUAL(timed_out_count, 0);
  close_pair(pair);
}

#include "shm_deaths.h"

static void run_suite(const struct channel_ops *ops) {
  /* First those that fork, while there are no threads. */
  a_dead_peer_is_told(ops);
#if PARK_FUTEX
  a_peer_killed_while_busy_is_told(ops);
#endif
  a_stopped_peer_costs_slices_only(ops);
  a_dead_server_is_no_server(ops);
  set_up_errors_are_told(ops);
  names_are_removed_once(ops);
  accepting_wakes_up_at_once(ops);
  every_size_arrives_both_ways(ops, 1048576, 0);
  the_largest_frame_arrives(ops);
  waking_ends_a_wait(ops);
  leaving_is_told_after_the_last_message(ops);
  leaving_ends_the_peers_waits(ops);
  run_flood(ops, (struct flood){.count = rounds, .largest = 8, .echoes = 1}, 4096);
  run_flood(ops, (struct flood){.count = rounds, .largest = 300}, 512);
}
