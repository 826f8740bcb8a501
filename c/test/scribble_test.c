/* A peer that scribbles over everything it shares with us, at random: whatever it writes, a call of ours ends in time, with a
 * message that lies in our own buffer or with an error, and never reads outside the mapping, around which lie pages that
 * nobody may touch. Takes the number of rounds and a seed. */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>

#include "pair.h"
#include "random.h"
#include "shm_hooks.h"

#if defined(__SANITIZE_THREAD__)
#define ROUNDS 100
#else
#define ROUNDS 200
#endif

#define STEPS 24
#define CALL_LIMIT_NS (2 * NS_PER_SECOND)

static volatile uint8_t sink;

/* ---- the peer's view ---- */

/* All words of the object, as the peer has them mapped. */
struct view {
  uint32_t *words;
  size_t count;
};

static struct view open_view(const char *name) {
  struct stat status;
  int fd = shm_open(name, O_RDWR, 0);
  CHECK(fd >= 0 && fstat(fd, &status) == 0);
  struct view view = {.count = (size_t)status.st_size / sizeof *view.words};
  view.words = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  return view;
}

static void close_view(struct view view) { munmap(view.words, view.count * sizeof *view.words); }

static uint32_t nasty_word(void) {
  static const uint32_t words[] = {0, 1, 2, 3, 4, 27, 28, 29, 60, 92, 127, 128, 4095, 4096, 4097, 65535, 65536, 0x1000000,
                                   0x1000001, 0x7fffffff, 0x80000000, 0xffffff80, 0xfffffffc, 0xfffffffe, UINT32_MAX};
  switch (random_below(4)) {
    case 0: return (uint32_t)random_u64();
    case 1: return (uint32_t)random_below(5000);
    default: return words[random_below(sizeof words / sizeof *words)];
  }
}

/* Mostly near the start, where the headers, positions, locks and sleepers are, and where the first bodies lie. */
static void scribble(struct view view) {
  size_t near = view.count < 1100 ? view.count : 1100;
  for (uint64_t times = 1 + random_below(6); times > 0; times--) {
    size_t at = random_below(random_below(8) == 0 ? view.count : near);
    uint32_t word = nasty_word();
    if (random_below(8) == 0) word = view.words[at] + (uint32_t)random_below(9) - 4; /* off by little */
    __atomic_store_n(&view.words[at], word, __ATOMIC_RELAXED);
  }
}

static void scribble_over_all(struct view view) {
  for (size_t at = 0; at < view.count && at < 1100; at++) __atomic_store_n(&view.words[at], (uint32_t)random_u64(), __ATOMIC_RELAXED);
}

/* ---- what must hold whatever it wrote ---- */

static int is_known(int rc) {
  return rc == 0 || rc == -EAGAIN || rc == -EPROTO || rc == -EPIPE || rc == -EOWNERDEAD || rc == -EMSGSIZE || rc == -ENOMEM;
}

static int lies_whole(const struct arrival *arrival) {
  uint8_t sum = 0;
  for (size_t i = 0; i < arrival->body_bytes; i++) sum = (uint8_t)(sum + arrival->body[i]);
  sink = sum;
  return arrival->body_bytes <= FRAME_BODY_LIMIT;
}

static int use(struct channel *channel, const uint8_t *frame, size_t frame_bytes) {
  const struct channel_ops *ops = channel->ops;
  struct arrival arrival;
  int64_t start_ns = clock_now_ns();
  int rc = 0, holds = 1;
  switch (random_below(6)) {
    case 0: rc = ops->try_send(channel, frame, frame_bytes); break;
    case 1: rc = ops->wait(channel, READABLE, 1000); break;
    case 2: rc = ops->wait(channel, WRITABLE, 1000); break;
    case 3: rc = ops->check_peer(channel); break;
    default:
      rc = ops->try_receive(channel, &arrival);
      if (rc == 0) holds = lies_whole(&arrival);
  }
  return holds && is_known(rc) && clock_now_ns() - start_ns < CALL_LIMIT_NS;
}

static void close_in_time(struct channel *channel) {
  int64_t start_ns = clock_now_ns();
  free_channel(channel);
  CHECK(clock_now_ns() - start_ns < CALL_LIMIT_NS);
}

/* ---- rounds ---- */

static void start_round(uint64_t seed, uint64_t round) {
  random_state = seed * UINT64_C(0x9E3779B97F4A7C15) + round + 1;
  random_u64();
}

static int scribbles_between_calls(const struct channel_ops *ops) {
  struct channel_settings settings = settings_for(64, random_below(2) ? 4096 : 0);
  struct channel *server = make_channel(ops), *client = make_channel(ops);
  CHECK_EQUAL(ops->listen(server, &settings), 0);
  struct view view = open_view(settings.endpoint);
  /* Some peers scribble before they meet. */
  if (random_below(4) == 0) scribble(view);
  int rc = ops->connect(client, &settings), holds = rc == 0 || rc == -EPROTO || rc == -EPROTOTYPE || rc == -ECONNREFUSED || rc == -EBUSY || rc == -EMSGSIZE;
  if (rc == 0) rc = ops->accept(server, 1000);
  uint8_t *frame = make_frame(64, 1);
  for (int step = 0; step < STEPS && rc == 0 && holds; step++) {
    if (random_below(2)) scribble(view);
    if (step == STEPS / 2 && random_below(8) == 0) scribble_over_all(view);
    holds = use(random_below(2) ? server : client, frame, 96);
  }
  free(frame);
  close_view(view);
  close_in_time(client);
  close_in_time(server);
  shm_unlink(settings.endpoint);
  return holds;
}

#if !defined(__SANITIZE_THREAD__)

/* ThreadSanitizer would be right: nothing orders these writes. */
static _Atomic int scribbling;

static void *scribble_on(void *view) {
  /* Its own numbers: the round's stay the same however long this goes on. */
  uint64_t state = random_state | 1;
  const struct view *shared = view;
  while (atomic_load(&scribbling)) {
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    size_t at = (size_t)(state >> 33) % (shared->count < 1100 ? shared->count : 1100);
    __atomic_store_n(&shared->words[at], (uint32_t)(state >> (state & 31)), __ATOMIC_RELAXED);
  }
  return NULL;
}

static int scribbles_during_calls(const struct channel_ops *ops) {
  struct channel_settings settings = settings_for(64, 4096);
  struct channel *server = make_channel(ops), *client = make_channel(ops);
  CHECK_EQUAL(ops->listen(server, &settings), 0);
  struct view view = open_view(settings.endpoint);
  CHECK_EQUAL(ops->connect(client, &settings), 0);
  CHECK_EQUAL(ops->accept(server, NS_PER_SECOND), 0);
  atomic_store(&scribbling, 1);
  pthread_t thread;
  pthread_create(&thread, NULL, scribble_on, &view);
  uint8_t *frame = make_frame(64, 1);
  int holds = 1;
  for (int step = 0; step < 4 * STEPS && holds; step++) holds = use(step % 2 ? server : client, frame, 96);
  free(frame);
  close_in_time(client);
  close_in_time(server);
  atomic_store(&scribbling, 0);
  pthread_join(thread, NULL);
  close_view(view);
  shm_unlink(settings.endpoint);
  return holds;
}

#endif

/* ---- message queues: the peer can only send what it likes ---- */

#if defined(__linux__)

static int strange_messages(void) {
  struct channel_settings settings = settings_for(64, 0);
  struct channel *server = make_channel(&pmq_ops);
  char name[ENDPOINT_BYTES + 8];
  snprintf(name, sizeof name, "/%s_req", settings.endpoint);
  CHECK_EQUAL(pmq_ops.listen(server, &settings), 0);
  mqd_t queue = mq_open(name, O_WRONLY | O_NONBLOCK);
  CHECK(queue >= 0);
  struct mq_attr attributes;
  mq_getattr(queue, &attributes);
  uint8_t body[256];
  int holds = 1;
  for (int step = 0; step < STEPS && holds; step++) {
    for (size_t i = 0; i < sizeof body; i++) body[i] = (uint8_t)random_u64();
    uint32_t word = nasty_word();
    memcpy(body + random_below(sizeof body - 4), &word, sizeof word);
    mq_send(queue, (const char *)body, random_below((uint64_t)attributes.mq_msgsize + 1), (unsigned)random_below(32768));
    struct arrival arrival;
    struct message message;
    int rc = pmq_ops.try_receive(server, &arrival);
    holds = is_known(rc) && (rc != 0 || lies_whole(&arrival));
    if (rc == 0 && frame_parse(arrival.body, arrival.body_bytes, &message) == 0)
      holds &= message.payload_bytes + FRAME_BODY_OVERHEAD == arrival.body_bytes;
  }
  mq_close(queue);
  close_in_time(server);
  return holds;
}

/* Queues of that name that somebody else made, of any shape. */
static int strange_queues(void) {
  struct channel_settings settings = settings_for(64, 0);
  const char *suffixes[] = {"_req", "_resp"};
  char names[2][ENDPOINT_BYTES + 8];
  for (int i = 0; i < 2; i++) {
    struct mq_attr attributes = {.mq_maxmsg = 1 + (long)random_below(5), .mq_msgsize = 1 + (long)random_below(300)};
    snprintf(names[i], sizeof names[i], "/%s%s", settings.endpoint, suffixes[i]);
    mqd_t queue = mq_open(names[i], O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);
    CHECK(queue >= 0);
    if (random_below(2)) mq_send(queue, "?", 1, 0);
    mq_close(queue);
  }
  struct channel *server = make_channel(&pmq_ops), *client = make_channel(&pmq_ops);
  CHECK_EQUAL(pmq_ops.listen(server, &settings), -EEXIST);
  int rc = pmq_ops.connect(client, &settings), holds = rc == 0 || rc == -EMSGSIZE || rc == -EBUSY;
  struct arrival arrival;
  if (rc == 0) holds = is_known(pmq_ops.try_receive(client, &arrival));
  uint8_t *frame = make_frame(64, 1);
  if (rc == 0) holds &= is_known(pmq_ops.try_send(client, frame, 96));
  free(frame);
  close_in_time(client);
  close_in_time(server);
  for (int i = 0; i < 2; i++) mq_unlink(names[i]);
  return holds;
}

#endif

static int run_round(uint64_t round) {
  int holds = CHECK(scribbles_between_calls(&ring_ops)) && CHECK(scribbles_between_calls(&direct_ops));
#if !defined(__SANITIZE_THREAD__)
  if (round % 8 == 0) holds = holds && CHECK(scribbles_during_calls(&ring_ops)) && CHECK(scribbles_during_calls(&direct_ops));
#endif
#if defined(__linux__)
  if (round % 4 == 0) holds = holds && CHECK(strange_messages()) && CHECK(strange_queues());
#endif
  return holds;
}

int main(int count, char **arguments) {
  uint64_t last = count > 1 ? strtoull(arguments[1], NULL, 10) : ROUNDS;
  uint64_t seed = count > 2 ? strtoull(arguments[2], NULL, 10) : UINT64_C(0x5eed);
  for (uint64_t round = 0; round < last; round++) {
    start_round(seed, round);
    if (run_round(round)) continue;
    fprintf(stderr, "round %llu of seed %llu\n", (unsigned long long)round, (unsigned long long)seed);
    break;
  }
  return check_report();
}
