/* Blocking sockets against each other and against raw peers: partial writes, any split, closing, lengths, files, buffers. */
#include <sys/stat.h>

#include "sockets.h"

/* ---- whole exchanges ---- */

struct batch {
  size_t payload_bytes;
  uint64_t count;
};

static int send_batch(struct channel *channel, const void *context) {
  const struct batch *batch = context;
  for (uint64_t id = 0; id < batch->count; id++) {
    uint8_t *frame = make_frame(batch->payload_bytes, id);
    int rc = channel_send(channel, frame, batch->payload_bytes + FRAME_OVERHEAD);
    free(frame);
    if (rc != 0) return rc;
  }
  return 0;
}

static uint64_t receive_batch(struct channel *channel, const struct batch *batch) {
  struct arrival arrival;
  uint64_t whole = 0;
  while (whole < batch->count && channel_receive(channel, &arrival) == 0 && is_message(&arrival, whole, batch->payload_bytes)) whole++;
  return whole;
}

/* One byte of buffer is what the kernel's minimum is asked with: every frame goes in parts. */
static void frames_pass_through_the_smallest_buffers(const struct channel_ops *ops) {
  const struct batch batches[] = {{1, 2000}, {8, 500}, {4097, 300}, {65536, 60}, {1024 * 1024, 8}, {FRAME_PAYLOAD_LIMIT, 1}};
  for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) {
    struct pair pair = open_sockets(ops, batches[i].payload_bytes, 1);
    struct errand there = {.run = send_batch, .channel = pair.client, .context = &batches[i]};
    start_errand(&there);
    CHECK_EQUAL(receive_batch(pair.server, &batches[i]), batches[i].count);
    CHECK_EQUAL(finish_errand(&there), 0);
    close_pair(pair);
  }
}

static int ask_batch(struct channel *channel, const void *context) {
  const struct batch *batch = context;
  for (uint64_t id = 0; id < batch->count; id++) {
    if (send_payload(channel, batch->payload_bytes, id) != 0 || !receive_is(channel, id, batch->payload_bytes)) return -EPROTO;
  }
  return 0;
}

/* From where the request lies, as a session does it. */
static void replies_come_back(const struct channel_ops *ops) {
  const struct batch batch = {5000, 400};
  struct pair pair = open_sockets(ops, batch.payload_bytes, 0);
  struct errand there = {.run = ask_batch, .channel = pair.client, .context = &batch};
  start_errand(&there);
  for (uint64_t id = 0; id < batch.count; id++) {
    struct arrival arrival;
    if (!CHECK_EQUAL(channel_receive(pair.server, &arrival), 0)) break;
    CHECK_EQUAL(channel_send(pair.server, arrival.body - FRAME_LENGTH_BYTES, arrival.body_bytes + FRAME_LENGTH_BYTES), 0);
  }
  CHECK_EQUAL(finish_errand(&there), 0);
  close_pair(pair);
}

/* A try that finds no room keeps its place in the frame. */
static void a_send_goes_on_where_it_stopped(const struct channel_ops *ops) {
  struct pair pair = open_sockets(ops, 300000, 1);
  uint8_t *frame = make_frame(300000, 7);
  struct arrival arrival;
  int turns = 0, sent = -EAGAIN, received = -EAGAIN;
  while (received == -EAGAIN && turns++ < 100000) {
    if (sent == -EAGAIN) sent = ops->try_send(pair.client, frame, 300000 + FRAME_OVERHEAD);
    received = ops->try_receive(pair.server, &arrival);
  }
  CHECK_EQUAL(sent, 0);
  CHECK(turns > 3);
  CHECK(received == 0 && is_message(&arrival, 7, 300000));
  free(frame);
  close_pair(pair);
}

/* ---- raw peers ---- */

static void frames_arrive_byte_by_byte(const struct channel_ops *ops) {
  struct raw raw = open_raw(ops);
  struct arrival arrival;
  uint8_t *frame = make_frame(50, 3);
  for (size_t at = 0; at < 50 + FRAME_OVERHEAD; at++) {
    CHECK_EQUAL(ops->try_receive(raw.server, &arrival), -EAGAIN);
    write_all(raw.fd, frame + at, 1);
    if (ops == &tcp_ops) ops->wait(raw.server, READABLE, 20 * NS_PER_MS);
  }
  CHECK(receive_is(raw.server, 3, 50));
  free(frame);
  close_raw(raw);
}

static void one_read_brings_many_frames(const struct channel_ops *ops) {
  struct raw raw = open_raw(ops);
  uint8_t many[20 * (30 + FRAME_OVERHEAD)];
  for (uint64_t id = 0; id < 20; id++) {
    uint8_t *frame = make_frame(30, id);
    memcpy(many + id * (30 + FRAME_OVERHEAD), frame, 30 + FRAME_OVERHEAD);
    free(frame);
  }
  write_all(raw.fd, many, sizeof many);
  for (uint64_t id = 0; id < 20; id++) CHECK(receive_is(raw.server, id, 30));
  close_raw(raw);
}

static void a_peer_that_closes_is_told_after_its_last_frame(const struct channel_ops *ops) {
  struct raw raw = open_raw(ops);
  struct arrival arrival;
  uint8_t *frame = make_frame(10, 0);
  write_all(raw.fd, frame, 10 + FRAME_OVERHEAD);
  write_all(raw.fd, frame, 10);
  close(raw.fd);
  raw.fd = -1;
  CHECK(receive_is(raw.server, 0, 10));
  CHECK_EQUAL(channel_receive(raw.server, &arrival), -EPIPE);
  CHECK_EQUAL(channel_receive(raw.server, &arrival), -EPIPE);
  int rc = 0;
  for (int i = 0; i < 10 && rc == 0; i++) rc = channel_send(raw.server, frame, 10 + FRAME_OVERHEAD), pause_ms(5);
  CHECK_EQUAL(rc, -EPIPE);
  free(frame);
  close_raw(raw);
}

static void impossible_lengths_are_refused(const struct channel_ops *ops) {
  const uint32_t lengths[] = {0, 27, FRAME_BODY_LIMIT + 1, UINT32_MAX};
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    struct raw raw = open_raw(ops);
    struct arrival arrival;
    write_all(raw.fd, (const uint8_t *)&lengths[i], 4);
    CHECK_EQUAL(channel_receive(raw.server, &arrival), -EPROTO);
    close_raw(raw);
  }
}

/* ---- names ---- */

static void the_socket_file_is_private_and_goes_with_its_owner(void) {
  struct channel_settings settings = socket_settings(&uds_ops, 10, 0);
  struct channel *server = make_listener(&uds_ops, &settings), *other = make_socket(&uds_ops);
  struct stat status;
  CHECK_EQUAL(stat(settings.endpoint, &status), 0);
  CHECK_EQUAL(status.st_mode & 0777, 0600);
  CHECK_EQUAL(uds_ops.listen(other, &settings), -EADDRINUSE);
  free_channel(other);
  CHECK_EQUAL(stat(settings.endpoint, &status), 0);
  free_channel(server);
  CHECK_EQUAL(stat(settings.endpoint, &status), -1);
  struct channel *client = make_socket(&uds_ops);
  CHECK_EQUAL(uds_ops.connect(client, &settings), -ENOENT);
  free_channel(client);
}

static void a_path_too_long_is_refused(void) {
  struct channel_settings settings = socket_settings(&uds_ops, 10, 0);
  memset(settings.endpoint, 'x', 120);
  struct channel *server = make_socket(&uds_ops);
  CHECK_EQUAL(uds_ops.listen(server, &settings), -ENAMETOOLONG);
  free_channel(server);
}

static void a_port_without_a_listener_refuses(void) {
  struct channel_settings settings = socket_settings(&tcp_ops, 10, 0);
  free_channel(make_listener(&tcp_ops, &settings));
  struct channel *client = make_socket(&tcp_ops);
  CHECK_EQUAL(tcp_ops.connect(client, &settings), -ECONNREFUSED);
  free_channel(client);
}

static void asked_for_buffers_are_read_back(const struct channel_ops *ops) {
  struct pair pair = open_sockets(ops, 10, 100000);
  struct channel *sides[] = {pair.server, pair.client};
  for (int i = 0; i < 2; i++) {
    struct channel_effective effective;
    ops->effective(sides[i], &effective);
    CHECK(effective.send_buffer_bytes >= 100000 && effective.send_buffer_bytes <= 400000);
    CHECK(effective.receive_buffer_bytes >= 100000 && effective.receive_buffer_bytes <= 400000);
  }
  close_pair(pair);
}

int main(void) {
  for (size_t i = 0; i < 2; i++) {
    const struct channel_ops *ops = sockets[i];
    frames_pass_through_the_smallest_buffers(ops);
    replies_come_back(ops);
    a_send_goes_on_where_it_stopped(ops);
    frames_arrive_byte_by_byte(ops);
    one_read_brings_many_frames(ops);
    a_peer_that_closes_is_told_after_its_last_frame(ops);
    impossible_lengths_are_refused(ops);
    asked_for_buffers_are_read_back(ops);
  }
  the_socket_file_is_private_and_goes_with_its_owner();
  a_path_too_long_is_refused();
  a_port_without_a_listener_refuses();
  return check_report();
}
