/* Part of shm_suite.h: peers of a shared-memory channel that die or stop, at every kind of moment. */
#pragma once

/* Whether the peer's end is told within a second, and how. */
static int learn_of_end(struct channel *server) {
  struct arrival arrival;
  int64_t until_ns = clock_now_ns() + NS_PER_SECOND;
  while (clock_now_ns() < until_ns) {
    int rc = server->ops->try_receive(server, &arrival);
    if (rc == -EAGAIN) rc = server->ops->wait(server, READABLE, WAIT_SLICE_NS);
    if (rc == -EAGAIN) rc = server->ops->check_peer(server);
    if (rc < 0 && rc != -EAGAIN) return rc;
  }
  return 0;
}

static void idle(struct channel *client) {
  (void)client;
  say_ready();
}
static void hold_reading_lock(struct channel *client) {
  CHECK_EQUAL(park_lock(park_of(client, READABLE), LONG_SLICE_NS), 0);
  say_ready();
}
static void hold_writing_lock(struct channel *client) {
  CHECK_EQUAL(park_lock(park_of(client, WRITABLE), LONG_SLICE_NS), 0);
  say_ready();
}
static void sleep_reading(struct channel *client) {
  say_ready();
  client->ops->wait(client, READABLE, LONG_SLICE_NS);
}
static void sleep_writing(struct channel *client) {
  fill(client);
  say_ready();
  client->ops->wait(client, WRITABLE, LONG_SLICE_NS);
}
static void leave(struct channel *client) {
  client->ops->close(client);
  say_ready();
}
static struct channel *listen_for_peer(const struct channel_ops *ops, const struct channel_settings *settings) {
  struct channel *server = make_channel(ops);
  CHECK_EQUAL(ops->listen(server, settings), 0);
  return server;
}

static void a_dead_peer_is_told(const struct channel_ops *ops) {
  void (*const moments[])(struct channel *) = {idle, hold_reading_lock, hold_writing_lock, sleep_reading, sleep_writing, leave};
  for (int moment = 0; moment < 6; moment++) {
    struct channel_settings settings = settings_for(64, 4096);
    struct channel *server = listen_for_peer(ops, &settings);
    pid_t child = start_peer(server, &settings, moments[moment]);
    CHECK_EQUAL(ops->accept(server, NS_PER_SECOND), 0);
    pause_ms(2);
    kill(child, SIGKILL);
    /* Not reaped: a zombie is dead as well, but its pid does not say so. */
    if (!PARK_FUTEX) waitpid(child, NULL, 0);
    CHECK_EQUAL(learn_of_end(server), moments[moment] == leave ? -EPIPE : -EOWNERDEAD);
    if (PARK_FUTEX) waitpid(child, NULL, 0);
    CHECK_EQUAL(ops->check_peer(server), moments[moment] == leave ? -EPIPE : -EOWNERDEAD);
    int64_t start_ns = clock_now_ns();
    free_channel(server);
    /* A lock that the peer died with costs a slice in each direction. */
    CHECK(clock_now_ns() - start_ns < 2 * WAIT_SLICE_NS + SOON_NS);
    CHECK(!name_exists(&settings));
  }
}

#if PARK_FUTEX

static void echo(struct channel *client) {
  struct arrival arrival;
  say_ready();
  while (receive_frame(client, &arrival) == 0) {
    send_frame(client, arrival.body - FRAME_LENGTH_BYTES, arrival.body_bytes + FRAME_LENGTH_BYTES);
  }
}

static void a_peer_killed_while_busy_is_told(const struct channel_ops *ops) {
  for (int round = 0; round < 100; round++) {
    struct channel_settings settings = settings_for(64, 4096);
    struct channel *server = listen_for_peer(ops, &settings);
    pid_t child = start_peer(server, &settings, echo);
    CHECK_EQUAL(ops->accept(server, NS_PER_SECOND), 0);
    int64_t kill_ns = clock_now_ns() + round * 7919 % 1000000;
    struct arrival arrival;
    for (uint64_t id = 0; clock_now_ns() < kill_ns; id++) {
      CHECK_EQUAL(send_payload(server, 64, id), 0);
      CHECK_EQUAL(receive_frame(server, &arrival), 0);
    }
    /* It is in the middle of this one, more or less. */
    CHECK_EQUAL(send_payload(server, 64, 0), 0);
    for (volatile int turns = round * 100; turns > 0; turns--) {}
    kill_peer(child);
    CHECK_EQUAL(learn_of_end(server), -EOWNERDEAD);
    free_channel(server);
  }
}

#endif

static void a_stopped_peer_costs_slices_only(const struct channel_ops *ops) {
  void (*const moments[])(struct channel *) = {hold_reading_lock, hold_writing_lock};
  for (int moment = 0; moment < 2; moment++) {
    struct channel_settings settings = settings_for(64, 4096);
    struct channel *server = listen_for_peer(ops, &settings);
    struct arrival arrival;
    pid_t child = start_peer(server, &settings, moments[moment]);
    CHECK_EQUAL(ops->accept(server, NS_PER_SECOND), 0);
    kill(child, SIGSTOP);
    int64_t start_ns = clock_now_ns();
    fill(server);
    CHECK_EQUAL(ops->wait(server, READABLE, 20 * NS_PER_MS), -EAGAIN);
    ops->wait(server, WRITABLE, 20 * NS_PER_MS);
    CHECK_EQUAL(ops->try_receive(server, &arrival), -EAGAIN);
    CHECK_EQUAL(ops->check_peer(server), 0);
    ops->wake(server);
    free_channel(server);
    CHECK(clock_now_ns() - start_ns < 2 * SOON_NS);
    kill_peer(child);
  }
}

static void a_dead_server_is_no_server(const struct channel_ops *ops) {
  struct channel_settings settings = settings_for(64, 4096);
  CHECK(pipe(child_says) == 0);
  pid_t child = fork();
  if (child == 0) {
    listen_for_peer(ops, &settings);
    say_ready();
    for (;;) pause();
  }
  char byte;
  CHECK_EQUAL(read(child_says[0], &byte, 1), 1);
  close(child_says[0]);
  close(child_says[1]);
  kill_peer(child);
  struct channel *client = make_channel(ops);
  CHECK_EQUAL(ops->connect(client, &settings), -ECONNREFUSED);
  free_channel(client);
  CHECK(name_exists(&settings));
  shm_unlink(settings.endpoint);
}
