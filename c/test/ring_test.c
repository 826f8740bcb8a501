#include "mechanism/ring.c"

#include "shm_suite.h"

static struct park *park_of(struct channel *channel, enum readiness readiness) {
  struct ring_channel *self = ring_of(channel);
  return readiness == READABLE ? &self->in.ring->park : &self->out.ring->park;
}
static struct shm_object *object_of(struct channel *channel) { return &ring_of(channel)->shm.object; }

static void capacities_are_powers_of_two(void) {
  const struct { size_t payload_bytes, buffer_bytes, capacity; } cases[] = {
      {64, 0, 65536}, {40000, 0, 131072}, {64, 1, 128}, {64, 5000, 8192}, {64, 8192, 8192}, {1048576, 0, 4194304},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct channel_settings settings = settings_for(cases[i].payload_bytes, cases[i].buffer_bytes);
    struct pair pair = open_pair(&ring_ops, &settings);
    struct channel_effective effective;
    ring_ops.effective(pair.client, &effective);
    CHECK_EQUAL(effective.send_buffer_bytes, cases[i].capacity);
    close_pair(pair);
  }
}

static int fill_with(struct channel *channel, const uint8_t *frame, size_t frame_bytes) {
  int count = 0;
  while (ring_ops.try_send(channel, frame, frame_bytes) == 0) count++;
  return count;
}

static void a_full_ring_takes_no_more(void) {
  struct channel_settings settings = settings_for(64, 16384);
  struct pair pair = open_pair(&ring_ops, &settings);
  uint8_t *frame = make_frame(96, 1);
  CHECK_EQUAL(fill_with(pair.client, frame, 128), 128);
  CHECK_EQUAL(ring_ops.try_send(pair.client, frame, 128), -EAGAIN);
  CHECK_EQUAL(ring_ops.wait(pair.client, WRITABLE, NS_PER_MS), -EAGAIN);
  CHECK(receive_is(pair.server, 1, 96));
  CHECK_EQUAL(ring_ops.wait(pair.client, WRITABLE, LONG_SLICE_NS), 0);
  CHECK_EQUAL(fill_with(pair.client, frame, 128), READ_AHEAD_BYTES / 128);
  for (int i = 0; i < 127 + READ_AHEAD_BYTES / 128; i++) CHECK(receive_is(pair.server, 1, 96));
  struct arrival arrival;
  CHECK_EQUAL(ring_ops.try_receive(pair.server, &arrival), -EAGAIN);
  free(frame);
  close_pair(pair);
}

/* Also where room is planned for much longer ones. */
static void only_so_many_messages_are_taken_along(void) {
  struct channel_settings settings = settings_for(1048576, 0);
  struct pair pair = open_pair(&ring_ops, &settings);
  uint8_t *frame = make_frame(64, 1);
  for (int i = 0; i < 1000; i++) CHECK_EQUAL(ring_ops.try_send(pair.client, frame, 96), 0);
  struct arrival arrival;
  CHECK_EQUAL(ring_ops.try_receive(pair.server, &arrival), 0);
  CHECK_EQUAL(ring_of(pair.server)->in.head, READ_AHEAD_BYTES);
  for (int i = 1; i < 1000; i++) CHECK(receive_is(pair.server, 1, 64));
  free(frame);
  close_pair(pair);
}

/* Each way in which a look at who sleeps may be put off, and where it is made up for. */
static void looks_that_were_put_off_are_made_up_for(void) {
  struct channel_settings settings = settings_for(64, 256);
  struct pair pair = open_pair(&ring_ops, &settings);
  struct producer *out = &ring_of(pair.client)->out;
  struct arrival arrival;
  pair.client->more_follows = 1;
  CHECK_EQUAL(send_payload(pair.client, 64, 1), 0);
  CHECK_EQUAL(out->owes_look, 1);
  channel_sent_all(pair.client);
  CHECK_EQUAL(out->owes_look, 0);
  pair.client->more_follows = 1;
  uint8_t *frame = make_frame(64, 2);
  CHECK_EQUAL(fill_with(pair.client, frame, 96), 1);
  CHECK_EQUAL(out->owes_look, 0);
  CHECK_EQUAL(pair.client->more_follows, 0);
  CHECK_EQUAL(ring_ops.try_receive(pair.server, &arrival), 0);
  pair.client->more_follows = 1;
  CHECK_EQUAL(ring_ops.try_send(pair.client, frame, 96), 0);
  CHECK_EQUAL(out->owes_look, 1);
  CHECK_EQUAL(ring_ops.try_receive(pair.server, &arrival), 0);
  pair.client->more_follows = 0;
  CHECK_EQUAL(ring_ops.try_send(pair.client, frame, 96), 0);
  CHECK_EQUAL(out->owes_look, 0);
  free(frame);
  close_pair(pair);
}

/* Bursts of one to four, the receiver asleep between them: after the last one it must wake. */
static int send_bursts(struct channel *channel, const void *context) {
  const uint64_t count = *(const uint64_t *)context;
  struct arrival arrival;
  for (uint64_t id = 0; id < count;) {
    for (uint64_t left = id % 4 + 1; left > 0 && id < count; left--, id++) {
      channel->more_follows = left > 1;
      int rc = send_payload(channel, 64, id);
      if (rc != 0) return rc;
    }
    channel_sent_all(channel);
    int rc = receive_frame(channel, &arrival);
    if (rc != 0) return rc;
  }
  return 0;
}

static void no_burst_is_slept_through(void) {
  struct channel_settings settings = settings_for(64, 512);
  struct pair pair = open_pair(&ring_ops, &settings);
  const uint64_t messages = rounds / 10;
  atomic_store(&timed_out_count, 0);
  atomic_store(&delays_on, 1);
  struct errand errand = {.run = send_bursts, .channel = pair.client, .context = &messages};
  start_errand(&errand);
  for (uint64_t id = 0; id < messages;) {
    for (uint64_t left = id % 4 + 1; left > 0 && id < messages; left--, id++) CHECK(receive_is(pair.server, id, 64));
    CHECK_EQUAL(send_payload(pair.server, 64, id), 0);
  }
  CHECK_EQUAL(finish_errand(&errand), 0);
  atomic_store(&delays_on, 0);
  CHECK_EQUAL(timed_out_count, 0);
  close_pair(pair);
}

static void frames_wrap_at_every_offset(void) {
  struct channel_settings settings = settings_for(4000, 4096);
  struct pair pair = open_pair(&ring_ops, &settings);
  for (uint64_t id = 0; id < 20000; id++) {
    size_t payload_bytes = id * 37 % 4001;
    CHECK_EQUAL(send_payload(pair.client, payload_bytes, id), 0);
    CHECK(receive_is(pair.server, id, payload_bytes));
  }
  close_pair(pair);
}

/* ---- a peer that scribbles over what both share ---- */

struct scribble {
  uint64_t tail, head;
  uint32_t length;
  int expected;
};

static void impossible_positions_and_lengths_are_refused(void) {
  const struct scribble cases[] = {
      {4097, 0, 60, -EPROTO},       {UINT64_MAX, 0, 60, -EPROTO}, {3, 0, 60, -EPROTO},   {31, 0, 28, -EPROTO},
      {32, 0, 28, 0},               {4096, 0, 4092, 0},           {4096, 0, 4093, -EPROTO}, {64, 0, 27, -EPROTO},
      {64, 0, 0, -EPROTO},          {64, 0, 61, -EPROTO},         {64, 0, UINT32_MAX, -EPROTO}, {4096, 0, FRAME_BODY_LIMIT, -EPROTO},
      {4096, 0, FRAME_BODY_LIMIT + 1, -EPROTO},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct channel_settings settings = settings_for(64, 4096);
    struct pair pair = open_pair(&ring_ops, &settings);
    struct consumer *in = &ring_of(pair.server)->in;
    struct arrival arrival;
    memcpy((uint8_t *)in->data, &cases[i].length, sizeof cases[i].length);
    atomic_store(&in->ring->tail, cases[i].tail);
    CHECK_EQUAL(ring_ops.try_receive(pair.server, &arrival), cases[i].expected);
    close_pair(pair);
  }
}

static void impossible_heads_are_refused(void) {
  const uint64_t heads[] = {1, 4096, UINT64_MAX - 128, UINT64_MAX - 4095, UINT64_C(1) << 63}; /* from the tail */
  for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
    struct channel_settings settings = settings_for(64, 128);
    struct pair pair = open_pair(&ring_ops, &settings);
    uint8_t *frame = make_frame(64, 1);
    CHECK_EQUAL(ring_ops.try_send(pair.client, frame, 96), 0);
    atomic_store(&ring_of(pair.client)->out.ring->head, heads[i] + 96);
    CHECK_EQUAL(ring_ops.try_send(pair.client, frame, 96), -EPROTO);
    CHECK_EQUAL(ring_ops.wait(pair.client, WRITABLE, LONG_SLICE_NS), 0);
    free(frame);
    close_pair(pair);
  }
}

/* Random positions near and far, random bytes: any answer but a read outside, which the guard pages would tell. */
static void random_scribbles_do_no_harm(void) {
  srand(20240607);
  for (int round = 0; round < 3000; round++) {
    struct channel_settings settings = settings_for(64, 4096);
    struct pair pair = open_pair(&ring_ops, &settings);
    struct ring_channel *self = ring_of(pair.server);
    struct arrival arrival;
    uint8_t *frame = make_frame(64, 1);
    for (int step = 0; step < 20; step++) {
      uint64_t position = self->in.head + (uint64_t)(rand() % 3 == 0 ? rand() : rand() % 5000);
      uint32_t word = rand() % 2 ? (uint32_t)(rand() % 4100) : (uint32_t)rand() * 3u;
      memcpy((uint8_t *)self->in.data + (rand() % 2 ? self->in.head & 4092 : (size_t)rand() % 4093), &word, sizeof word);
      atomic_store(rand() % 2 ? &self->in.ring->tail : &self->out.ring->head, position);
      self->shm.object.header->capacity = (uint64_t)rand();
      int received = ring_ops.try_receive(pair.server, &arrival);
      CHECK(received == 0 || received == -EAGAIN || received == -EPROTO);
      if (received == 0) CHECK(arrival.body_bytes <= 4092 && arrival.body[arrival.body_bytes - 1] < 256);
      int sent = ring_ops.try_send(pair.server, frame, 96);
      CHECK(sent == 0 || sent == -EAGAIN || sent == -EPROTO);
    }
    free(frame);
    close_pair(pair);
  }
}

static int send_many(struct channel *channel, const void *context) {
  const uint64_t count = *(const uint64_t *)context;
  for (uint64_t id = 0; id < count; id++) {
    int rc = send_payload(channel, 64, id);
    if (rc != 0) return rc;
  }
  return 0;
}

/* One side that spins is not woken, the other that sleeps is; through a ring that is full all the time and then empty. */
static void a_sleeper_is_woken_by_a_spinner(void) {
  for (int kinds = 0; kinds < 4; kinds++) {
    struct channel_settings settings = settings_for(64, 256);
    struct channel *server = make_channel(&ring_ops), *client = make_channel(&ring_ops);
    server->wait_kind = kinds & 1 ? WAIT_SPIN : WAIT_BLOCK;
    client->wait_kind = kinds & 2 ? WAIT_SPIN : WAIT_BLOCK;
    CHECK_EQUAL(ring_ops.listen(server, &settings), 0);
    CHECK_EQUAL(ring_ops.connect(client, &settings), 0);
    CHECK_EQUAL(ring_ops.accept(server, NS_PER_SECOND), 0);
    const uint64_t messages = rounds / 10;
    struct errand errand = {.run = send_many, .channel = client, .context = &messages};
    start_errand(&errand);
    int64_t longest_ns = 0;
    for (uint64_t id = 0; id < messages; id++) {
      struct arrival arrival;
      int64_t start_ns = clock_now_ns();
      CHECK_EQUAL(receive_frame(server, &arrival), 0);
      CHECK(is_message(&arrival, id, 64));
      int64_t taken_ns = clock_now_ns() - start_ns;
      if (taken_ns > longest_ns) longest_ns = taken_ns;
    }
    CHECK(longest_ns < LONG_SLICE_NS);
    CHECK_EQUAL(finish_errand(&errand), 0);
    close_pair((struct pair){server, client});
  }
}

int main(int count, char **arguments) {
  read_rounds(count, arguments);
  run_suite(&ring_ops);
  capacities_are_powers_of_two();
  a_full_ring_takes_no_more();
  only_so_many_messages_are_taken_along();
  looks_that_were_put_off_are_made_up_for();
  no_burst_is_slept_through();
  frames_wrap_at_every_offset();
  impossible_positions_and_lengths_are_refused();
  impossible_heads_are_refused();
  random_scribbles_do_no_harm();
  a_sleeper_is_woken_by_a_spinner();
  return check_report();
}
