/* Waits on a blocking socket end: silence, a peer that is slow or dribbles, the stop flag, nobody who connects. */
#include "sockets.h"

static void a_silent_peer_times_out(const struct channel_ops *ops) {
  struct raw raw = open_raw(ops);
  struct arrival arrival;
  raw.server->silence_ns = 300 * NS_PER_MS;
  int64_t start_ns = clock_now_ns();
  CHECK_EQUAL(channel_receive(raw.server, &arrival), -ETIMEDOUT);
  CHECK(clock_now_ns() - start_ns >= 190 * NS_PER_MS);
  CHECK(clock_now_ns() - start_ns < 5 * NS_PER_SECOND);
  uint8_t *frame = make_frame(100, 0);
  int rc = 0;
  for (int i = 0; i < 1000000 && rc == 0; i++) rc = channel_send(raw.server, frame, 100 + FRAME_OVERHEAD);
  CHECK_EQUAL(rc, -ETIMEDOUT);
  free(frame);
  close_raw(raw);
}

struct trickle {
  int fd;
  const uint8_t *frame;
  size_t bytes;
  size_t steps;
  int step_ms;
};

static int write_slowly(struct channel *none, const void *context) {
  const struct trickle *trickle = context;
  (void)none;
  for (size_t step = 0; step < trickle->steps; step++) {
    size_t from = trickle->bytes * step / trickle->steps, to = trickle->bytes * (step + 1) / trickle->steps;
    pause_ms(trickle->step_ms);
    write_all(trickle->fd, trickle->frame + from, to - from);
  }
  return 0;
}

static int read_slowly(struct channel *none, const void *context) {
  const struct trickle *trickle = context;
  uint8_t *bytes = malloc(trickle->bytes);
  (void)none;
  for (size_t at = 0; at < trickle->bytes;) {
    pause_ms(trickle->step_ms);
    ssize_t count = recv(trickle->fd, bytes + at, trickle->bytes / trickle->steps, 0);
    if (count <= 0) break;
    at += (size_t)count;
  }
  int same = memcmp(bytes, trickle->frame, trickle->bytes) == 0;
  free(bytes);
  return same;
}

static void a_slow_peer_is_not_silent(const struct channel_ops *ops) {
  const size_t payload_bytes = 3000000;
  uint8_t *frame = make_frame(payload_bytes, 5);
  struct raw raw = open_raw(ops);
  /* Moves on well within the silence limit, and takes several times that limit for the whole; a step is longer than a slice. */
  struct trickle trickle = {raw.fd, frame, payload_bytes + FRAME_OVERHEAD, .steps = 8, .step_ms = 200};
  struct arrival arrival;
  raw.server->silence_ns = NS_PER_SECOND;
  struct errand writing = {.run = write_slowly, .context = &trickle};
  start_errand(&writing);
  int received = channel_receive(raw.server, &arrival);
  CHECK_EQUAL(received, 0);
  if (received == 0) CHECK(is_message(&arrival, 5, payload_bytes));
  finish_errand(&writing);
  struct errand reading = {.run = read_slowly, .context = &trickle};
  start_errand(&reading);
  CHECK_EQUAL(channel_send(raw.server, frame, payload_bytes + FRAME_OVERHEAD), 0);
  CHECK(finish_errand(&reading));
  free(frame);
  close_raw(raw);
}

static void a_peer_that_dribbles_is_as_good_as_silent(const struct channel_ops *ops) {
  uint8_t *frame = make_frame(100, 5);
  struct raw raw = open_raw(ops);
  struct trickle trickle = {raw.fd, frame, 60, .steps = 60, .step_ms = 50}; /* shorter than a slice */
  struct arrival arrival;
  raw.server->silence_ns = 400 * NS_PER_MS;
  struct errand dribbling = {.run = write_slowly, .context = &trickle};
  start_errand(&dribbling);
  int64_t start_ns = clock_now_ns();
  CHECK_EQUAL(channel_receive(raw.server, &arrival), -ETIMEDOUT);
  CHECK(clock_now_ns() - start_ns < NS_PER_SECOND * 3 / 2);
  finish_errand(&dribbling);
  free(frame);
  close_raw(raw);
}

static int stop_soon(struct channel *none, const void *context) {
  (void)none;
  (void)context;
  pause_ms(50);
  atomic_store(&stop, 1);
  return 0;
}

static void the_stop_flag_ends_a_wait(const struct channel_ops *ops) {
  struct raw raw = open_raw(ops);
  struct arrival arrival;
  struct errand errand = {.run = stop_soon};
  start_errand(&errand);
  int64_t start_ns = clock_now_ns();
  CHECK_EQUAL(channel_receive(raw.server, &arrival), -ECANCELED);
  CHECK(clock_now_ns() - start_ns < 5 * NS_PER_SECOND);
  finish_errand(&errand);
  atomic_store(&stop, 0);
  close_raw(raw);
}

static void nobody_connecting_is_not_yet(const struct channel_ops *ops) {
  struct channel_settings settings = socket_settings(ops, 10, 0);
  struct channel *server = make_listener(ops, &settings);
  int64_t start_ns = clock_now_ns();
  CHECK_EQUAL(ops->accept(server, 0), -EAGAIN);
  CHECK_EQUAL(ops->accept(server, 30 * NS_PER_MS), -EAGAIN);
  CHECK(clock_now_ns() - start_ns >= 29 * NS_PER_MS);
  free_channel(server);
}

int main(void) {
  for (size_t i = 0; i < 2; i++) {
    const struct channel_ops *ops = sockets[i];
    a_silent_peer_times_out(ops);
    a_slow_peer_is_not_silent(ops);
    a_peer_that_dribbles_is_as_good_as_silent(ops);
    the_stop_flag_ends_a_wait(ops);
    nobody_connecting_is_not_yet(ops);
  }
  return check_report();
}
