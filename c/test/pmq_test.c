#include "mechanism/pmq.c"

#include <sys/resource.h>
#include <sys/wait.h>

#include "pair.h"

static int name_exists(const struct channel_settings *settings, const char *suffix) {
  char name[ENDPOINT_BYTES + 8];
  snprintf(name, sizeof name, "/%s%s", settings->endpoint, suffix);
  mqd_t fd = mq_open(name, O_RDONLY);
  if (fd >= 0) mq_close(fd);
  return fd >= 0;
}

/* ---- messages ---- */

static int send_many(struct channel *channel, const void *settings) {
  size_t largest = ((const struct channel_settings *)settings)->frame_bytes - FRAME_OVERHEAD;
  for (uint64_t id = 0; id < 2000; id++) {
    uint8_t *frame = make_frame(id * 37 % (largest + 1), id);
    int rc;
    while ((rc = channel->ops->send(channel, frame, id * 37 % (largest + 1) + FRAME_OVERHEAD, LONG_SLICE_NS)) == -EAGAIN) {}
    free(frame);
    if (rc != 0) return rc;
  }
  return 0;
}

static void every_message_arrives_both_ways(void) {
  struct channel_settings settings = settings_for(8100, 0);
  struct pair pair = open_pair(&pmq_ops, &settings);
  struct channel *ends[2] = {pair.client, pair.server};
  for (int from = 0; from < 2; from++) {
    struct errand errand = {.run = send_many, .channel = ends[from], .context = &settings};
    start_errand(&errand);
    for (uint64_t id = 0; id < 2000; id++) {
      struct arrival arrival;
      /* Half of them as the event loop does. */
      int rc = id % 2 ? receive_frame(ends[1 - from], &arrival) : pmq_ops.receive(ends[1 - from], &arrival, LONG_SLICE_NS);
      CHECK_EQUAL(rc, 0);
      CHECK(is_message(&arrival, id, id * 37 % 8101));
    }
    CHECK_EQUAL(finish_errand(&errand), 0);
  }
  close_pair(pair);
}

static void a_full_queue_takes_no_more(void) {
  struct channel_settings settings = settings_for(64, 0);
  struct pair pair = open_pair(&pmq_ops, &settings);
  struct channel_effective effective;
  struct arrival arrival;
  uint8_t *frame = make_frame(64, 1);
  uint32_t count = 0;
  pmq_ops.effective(pair.client, &effective);
  CHECK_EQUAL(effective.queue_depth, 10);
  CHECK_EQUAL(effective.send_buffer_bytes, 92);
  CHECK_EQUAL(pmq_ops.try_receive(pair.server, &arrival), -EAGAIN);
  CHECK_EQUAL(pmq_ops.wait(pair.server, READABLE, NS_PER_MS), -EAGAIN);
  while (pmq_ops.try_send(pair.client, frame, 96) == 0) count++;
  CHECK_EQUAL(count, effective.queue_depth);
  CHECK_EQUAL(pmq_ops.try_send(pair.client, frame, 96), -EAGAIN);
  CHECK_EQUAL(pmq_ops.wait(pair.client, WRITABLE, NS_PER_MS), -EAGAIN);
  int64_t start_ns = clock_now_ns();
  CHECK_EQUAL(pmq_ops.send(pair.client, frame, 96, 30 * NS_PER_MS), -EAGAIN);
  CHECK(clock_now_ns() - start_ns >= 20 * NS_PER_MS && clock_now_ns() - start_ns < SOON_NS);
  CHECK(receive_is(pair.server, 1, 64));
  CHECK_EQUAL(pmq_ops.wait(pair.client, WRITABLE, LONG_SLICE_NS), 0);
  CHECK_EQUAL(pmq_ops.try_send(pair.client, frame, 96), 0);
  CHECK_EQUAL(pmq_ops.try_send(pair.client, frame, 96 + 4), -EMSGSIZE);
  free(frame);
  close_pair(pair);
}

static void priorities_reach_the_queue(void) {
  struct channel_settings settings = settings_for(64, 0);
  struct pair pair = open_pair(&pmq_ops, &settings);
  struct pmq_channel *sender = pmq_of(pair.client);
  for (unsigned priority = 0; priority < 3; priority++) {
    sender->priority = priority;
    CHECK_EQUAL(send_payload(pair.client, 64, priority), 0);
  }
  for (unsigned priority = 3; priority-- > 0;) CHECK(receive_is(pair.server, priority, 64));
  close_pair(pair);
  settings.priority = 5;
  pair = open_pair(&pmq_ops, &settings);
  CHECK_EQUAL(send_payload(pair.client, 64, 0), 0);
  char body[92];
  unsigned priority = 0;
  CHECK_EQUAL(mq_receive(pmq_of(pair.server)->in.fd, body, sizeof body, &priority), 92);
  CHECK_EQUAL(priority, 5);
  close_pair(pair);
}

static void a_message_that_is_no_frame_is_refused(void) {
  struct channel_settings settings = settings_for(64, 0);
  struct pair pair = open_pair(&pmq_ops, &settings);
  struct arrival arrival;
  CHECK_EQUAL(mq_send(pmq_of(pair.client)->out.fd, "short", 5, 0), 0);
  CHECK_EQUAL(pmq_ops.try_receive(pair.server, &arrival), -EPROTO);
  close_pair(pair);
}

/* ---- set-up ---- */

static void names_live_as_long_as_they_should(void) {
  struct channel_settings settings = settings_for(64, 0);
  struct channel *server = make_channel(&pmq_ops), *client = make_channel(&pmq_ops);
  CHECK_EQUAL(pmq_ops.connect(client, &settings), -ENOENT);
  CHECK_EQUAL(pmq_ops.listen(server, &settings), 0);
  struct channel *second = make_channel(&pmq_ops);
  CHECK_EQUAL(pmq_ops.listen(second, &settings), -EEXIST);
  free_channel(second);
  settings.frame_bytes++;
  CHECK_EQUAL(pmq_ops.connect(client, &settings), -EMSGSIZE);
  settings.frame_bytes--;
  CHECK(name_exists(&settings, "_req") && name_exists(&settings, "_resp"));
  CHECK_EQUAL(pmq_ops.connect(client, &settings), 0);
  CHECK_EQUAL(pmq_ops.accept(server, 0), 0);
  pmq_ops.unlink(server);
  pmq_ops.unlink(server);
  CHECK(!name_exists(&settings, "_req") && !name_exists(&settings, "_resp"));
  struct channel *next = make_channel(&pmq_ops);
  CHECK_EQUAL(pmq_ops.listen(next, &settings), 0);
  pmq_ops.unlink(client);
  free_channel(client);
  free_channel(server);
  CHECK(name_exists(&settings, "_req") && name_exists(&settings, "_resp"));
  free_channel(next);
  CHECK(!name_exists(&settings, "_req") && !name_exists(&settings, "_resp"));
}

static void sizes_are_refused_or_followed(void) {
  struct channel_settings settings = settings_for(64, 91);
  struct channel *server = make_channel(&pmq_ops);
  struct channel_effective effective;
  CHECK_EQUAL(pmq_ops.listen(server, &settings), -EMSGSIZE);
  settings.buffer_bytes = 4096;
  CHECK_EQUAL(pmq_ops.listen(server, &settings), 0);
  pmq_ops.effective(server, &effective);
  CHECK_EQUAL(effective.receive_buffer_bytes, 4096);
  pmq_ops.close(server);
  settings.buffer_bytes = 64 * 1024 * 1024;
  CHECK(pmq_ops.listen(server, &settings) < 0);
  CHECK(!name_exists(&settings, "_req") && !name_exists(&settings, "_resp"));
  free_channel(server);
}

/* In a child, since a limit once lowered stays. */
static int depth_under_limit(rlim_t bytes) {
  int status = 0;
  pid_t child = fork();
  if (child == 0) {
    struct rlimit limit = {bytes, bytes};
    struct channel_settings settings = settings_for(8100, 0);
    struct channel *server = make_channel(&pmq_ops);
    /* Only there do the user's other queues not count; where that is not allowed there must be none. */
    unshare(CLONE_NEWUSER);
    setrlimit(RLIMIT_MSGQUEUE, &limit);
    int rc = pmq_ops.listen(server, &settings);
    struct channel_effective effective = {0};
    pmq_ops.effective(server, &effective);
    pmq_ops.close(server);
    _exit(rc == 0 ? (int)effective.queue_depth : rc == -EMFILE ? 100 : 101);
  }
  waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

static void the_depth_follows_the_limit(void) {
  /* A message of 8128 bytes takes 8224 with the kernel's own; both queues count. */
  CHECK_EQUAL(depth_under_limit(819200), 10);
  CHECK_EQUAL(depth_under_limit(2 * 8224 * 10), 10);
  CHECK_EQUAL(depth_under_limit(2 * 8224 * 10 - 1), 9);
  CHECK_EQUAL(depth_under_limit(2 * 8224), 1);
  CHECK_EQUAL(depth_under_limit(2 * 8224 - 1), 100);
  CHECK_EQUAL(depth_under_limit(0), 100);
}

/* ---- waiting, and peers that die ---- */

static int wait_long(struct channel *channel, const void *readiness) {
  int64_t start_ns = clock_now_ns();
  int rc = pmq_ops.wait(channel, *(const enum readiness *)readiness, LONG_SLICE_NS);
  CHECK(clock_now_ns() - start_ns < SOON_NS);
  return rc;
}

static void waking_ends_a_wait(void) {
  static const enum readiness kinds[] = {READABLE, WRITABLE};
  struct channel_settings settings = settings_for(64, 0);
  struct pair pair = open_pair(&pmq_ops, &settings);
  uint8_t *frame = make_frame(64, 1);
  while (pmq_ops.try_send(pair.client, frame, 96) == 0) {}
  free(frame);
  for (int kind = 0; kind < 2; kind++) {
    struct errand errand = {.run = wait_long, .channel = pair.client, .context = &kinds[kind]};
    start_errand(&errand);
    pause_ms(20);
    pmq_ops.wake(pair.client);
    CHECK_EQUAL(finish_errand(&errand), -EAGAIN);
    pmq_ops.wake(pair.client);
    CHECK_EQUAL(wait_long(pair.client, &kinds[kind]), -EAGAIN);
    int64_t start_ns = clock_now_ns();
    CHECK_EQUAL(pmq_ops.wait(pair.client, kinds[kind], 20 * NS_PER_MS), -EAGAIN);
    CHECK(clock_now_ns() - start_ns >= 20 * NS_PER_MS);
  }
  close_pair(pair);
}

static void a_dead_peer_is_told_by_its_claim(void) {
  struct channel_settings settings = settings_for(64, 0);
  struct channel *server = make_channel(&pmq_ops);
  CHECK_EQUAL(pmq_ops.listen(server, &settings), 0);
  CHECK_EQUAL(pmq_ops.accept(server, 0), -EAGAIN);
  CHECK_EQUAL(pmq_ops.check_peer(server), 0);
  pid_t child = fork();
  if (child == 0) {
    struct channel *client = make_channel(&pmq_ops);
    if (pmq_ops.connect(client, &settings) != 0) _exit(1);
    for (;;) pause();
  }
  CHECK_EQUAL(pmq_ops.accept(server, 10 * NS_PER_SECOND), 0);
  CHECK_EQUAL(pmq_ops.accept(server, 0), 0);
  CHECK_EQUAL(pmq_ops.check_peer(server), 0);
  kill_peer(child);
  CHECK_EQUAL(pmq_ops.check_peer(server), -EOWNERDEAD);
  free_channel(server);
}

static void queues_are_for_one_client_only(void) {
  struct channel_settings settings = settings_for(64, 0);
  struct pair pair = {make_channel(&pmq_ops), make_channel(&pmq_ops)};
  struct channel *second = make_channel(&pmq_ops);
  CHECK_EQUAL(pmq_ops.listen(pair.server, &settings), 0);
  CHECK_EQUAL(pmq_ops.connect(pair.client, &settings), 0);
  CHECK_EQUAL(pmq_ops.connect(second, &settings), -EBUSY);
  CHECK_EQUAL(pmq_ops.accept(pair.server, NS_PER_SECOND), 0);
  CHECK_EQUAL(pmq_ops.connect(second, &settings), -EBUSY);
  free_channel(pair.client);
  /* Also when the first is gone. */
  CHECK_EQUAL(pmq_ops.connect(second, &settings), -EBUSY);
  CHECK_EQUAL(pmq_ops.check_peer(pair.server), -EOWNERDEAD);
  free_channel(second);
  free_channel(pair.server);
}

static int accept_at_any_moment(struct channel *server, const void *none) {
  (void)none;
  int rc;
  while ((rc = pmq_ops.accept(server, 0)) == -EAGAIN) {}
  return rc;
}

/* Its server looks for a claim every now and then, thus also right after it was made. */
static void a_client_is_never_kept_out_by_its_own_arrival(void) {
  for (int round = 0; round < 300; round++) {
    struct channel_settings settings = settings_for(64, 0);
    struct pair pair = {make_channel(&pmq_ops), make_channel(&pmq_ops)};
    CHECK_EQUAL(pmq_ops.listen(pair.server, &settings), 0);
    struct errand errand = {.run = accept_at_any_moment, .channel = pair.server};
    start_errand(&errand);
    CHECK_EQUAL(pmq_ops.connect(pair.client, &settings), 0);
    CHECK_EQUAL(finish_errand(&errand), 0);
    CHECK_EQUAL(pmq_ops.check_peer(pair.server), 0);
    close_pair(pair);
  }
}

int main(void) {
  a_dead_peer_is_told_by_its_claim();
#if !defined(__SANITIZE_THREAD__) /* whose own thread keeps a process in its user namespace */
  the_depth_follows_the_limit();
#endif
  every_message_arrives_both_ways();
  a_full_queue_takes_no_more();
  priorities_reach_the_queue();
  a_message_that_is_no_frame_is_refused();
  names_live_as_long_as_they_should();
  sizes_are_refused_or_followed();
  waking_ends_a_wait();
  queues_are_for_one_client_only();
  a_client_is_never_kept_out_by_its_own_arrival();
  return check_report();
}
