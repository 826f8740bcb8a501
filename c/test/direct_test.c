#include "mechanism/direct.c"

#include "shm_suite.h"

static struct park *park_of(struct channel *channel, enum readiness readiness) {
  struct direct_channel *self = direct_of(channel);
  return readiness == READABLE ? &self->in.slot->park : &self->out.slot->park;
}
static struct shm_object *object_of(struct channel *channel) { return &direct_of(channel)->shm.object; }

static void slots_follow_the_frame(void) {
  const struct { size_t payload_bytes, buffer_bytes, slot_bytes; } cases[] = {
      {0, 0, 28}, {64, 0, 92}, {64, 92, 92}, {64, 1000, 1000}, {1048576, 0, 1048604},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct channel_settings settings = settings_for(cases[i].payload_bytes, cases[i].buffer_bytes);
    struct pair pair = open_pair(&direct_ops, &settings);
    struct channel_effective effective;
    direct_ops.effective(pair.client, &effective);
    CHECK_EQUAL(effective.receive_buffer_bytes, cases[i].slot_bytes);
    CHECK_EQUAL(send_payload(pair.client, cases[i].payload_bytes, 1), 0);
    CHECK(receive_is(pair.server, 1, cases[i].payload_bytes));
    close_pair(pair);
  }
  struct channel_settings settings = settings_for(64, 91);
  struct channel *server = make_channel(&direct_ops);
  CHECK_EQUAL(direct_ops.listen(server, &settings), -EMSGSIZE);
  free_channel(server);
}

static void a_full_slot_takes_no_more(void) {
  struct channel_settings settings = settings_for(64, 0);
  struct pair pair = open_pair(&direct_ops, &settings);
  uint8_t *frame = make_frame(64, 1);
  CHECK_EQUAL(direct_ops.try_send(pair.client, frame, 96), 0);
  CHECK_EQUAL(direct_ops.try_send(pair.client, frame, 96), -EAGAIN);
  CHECK_EQUAL(direct_ops.wait(pair.client, WRITABLE, NS_PER_MS), -EAGAIN);
  CHECK(receive_is(pair.server, 1, 64));
  CHECK_EQUAL(direct_ops.wait(pair.client, WRITABLE, LONG_SLICE_NS), 0);
  CHECK_EQUAL(direct_ops.try_send(pair.client, frame, 96), 0);
  free(frame);
  close_pair(pair);
}

static void impossible_lengths_are_refused(void) {
  const uint32_t lengths[] = {0, 27, 93, 4096, FRAME_BODY_LIMIT, FRAME_BODY_LIMIT + 1, INT32_MAX, UINT32_MAX};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    struct channel_settings settings = settings_for(64, 0);
    struct pair pair = open_pair(&direct_ops, &settings);
    struct slot *slot = direct_of(pair.server)->in.slot;
    struct arrival arrival;
    slot->body_bytes = lengths[i];
    atomic_store(&slot->full, 0x80000001u);
    CHECK_EQUAL(direct_ops.try_receive(pair.server, &arrival), -EPROTO);
    /* The mutex is free again. */
    CHECK_EQUAL(park_lock(&slot->park, 0), 0);
    park_unlock(&slot->park);
    close_pair(pair);
  }
}

#if PARK_FUTEX

static void send_once(struct channel *client) {
  uint8_t *frame = make_frame(64, 5);
  CHECK_EQUAL(direct_ops.try_send(client, frame, 96), 0);
  say_ready();
}

static void the_last_message_of_the_dead_is_received(void) {
  struct channel_settings settings = settings_for(64, 0);
  struct channel *server = listen_for_peer(&direct_ops, &settings);
  pid_t child = start_peer(server, &settings, send_once);
  CHECK_EQUAL(direct_ops.accept(server, NS_PER_SECOND), 0);
  kill_peer(child);
  CHECK(receive_is(server, 5, 64));
  CHECK_EQUAL(learn_of_end(server), -EOWNERDEAD);
  free_channel(server);
}

#endif

int main(int count, char **arguments) {
  read_rounds(count, arguments);
#if PARK_FUTEX
  the_last_message_of_the_dead_is_received();
#endif
  run_suite(&direct_ops);
  slots_follow_the_frame();
  a_full_slot_takes_no_more();
  impossible_lengths_are_refused();
  return check_report();
}
