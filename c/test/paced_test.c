/* Sessions that wait for a moment instead of for a message: they hear of their peer's death, and of what it sent before. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "record/ledger_file.h"
#include "session/state.h"
#include "session/waiter.h"
#include "check.h"

/* How far off the moments are that nobody lives to see. */
#define FAR_NS (60 * NS_PER_SECOND)
/* Far less, and enough for a machine that has much else to do. */
#define SOON_NS (5 * NS_PER_SECOND)
#define REPLIES 3

static const uint32_t mechanisms[] = {
    MECHANISM_SHM_RING, MECHANISM_SHM_DIRECT,
#if defined(__linux__)
    MECHANISM_PMQ,
#endif
};

struct meeting {
  struct session_settings settings;
  struct ledger_file *file;
  struct session *session;
  pid_t peer;
};

static struct session_settings settings_of(uint32_t mechanism, uint32_t blocking) {
  struct session_settings settings = {
      .payload_bytes = 8,
      .reply_payload_bytes = 8,
      .rate_microhertz = UINT64_C(1000000000000000) / (uint64_t)FAR_NS,
      .blocking = blocking,
      .peer_sheet = NO_SHEET,
      .trusts_peer = 1,
  };
  settings.channel.mechanism = mechanism;
  settings.channel.silence_ns = FAR_NS;
  snprintf(settings.channel.endpoint, ENDPOINT_BYTES, "ipc-test-%d", (int)getpid());
  return settings;
}

static void say_as_peer(struct session_settings settings, int count, int fd) {
  settings.blocking = 1;
  struct session *session = session_open(&settings, ledger_file_private(1));
  if (session == NULL || session_connect(session) != 0) _exit(1);
  for (int id = 0; id < count; id++) {
    if (session_send(session, id, FRAME_RESPONSE) < 0) _exit(2);
  }
  char byte = 1;
  if (write(fd, &byte, 1) != 1) _exit(3);
  for (;;) pause();
}

/* A session whose peer has sent `count` messages. */
static struct meeting meet(uint32_t mechanism, uint32_t blocking, int count) {
  struct meeting meeting = {.settings = settings_of(mechanism, blocking), .file = ledger_file_private(1)};
  int says[2];
  meeting.session = session_open(&meeting.settings, meeting.file);
  CHECK(meeting.session != NULL && pipe(says) == 0);
  CHECK_EQUAL(session_listen(meeting.session), 0);
  meeting.peer = fork();
  if (meeting.peer == 0) say_as_peer(meeting.settings, count, says[1]);
  close(says[1]);
  char byte;
  CHECK_EQUAL(read(says[0], &byte, 1), 1);
  close(says[0]);
  CHECK_EQUAL(session_accept(meeting.session, 1000), 0);
  session_unlink(meeting.session);
  meeting.session->pace.start_ns = clock_now_ns();
  return meeting;
}

static void kill_peer(struct meeting *meeting) {
  kill(meeting->peer, SIGKILL);
  waitpid(meeting->peer, NULL, 0);
}

static void part(struct meeting *meeting) {
  session_close(meeting->session);
  munmap(meeting->file, meeting->file->bytes);
}

/* A slot takes one message at a time. */
static int room_of(uint32_t mechanism) { return mechanism == MECHANISM_SHM_DIRECT ? 1 : REPLIES; }

static void the_schedule_hears_of_a_death(uint32_t mechanism, uint32_t wait, int receiving) {
  int count = receiving ? room_of(mechanism) : 0;
  struct meeting meeting = meet(mechanism, 1, count);
  meeting.session->channel->wait_kind = wait;
  kill_peer(&meeting);
  int64_t start_ns = clock_now_ns();
  for (int i = 0; i < count; i++) {
    CHECK_EQUAL(session_until_due(meeting.session, 1, receiving), DUE_RECEIVED);
    CHECK_EQUAL(session_received_type(meeting.session), FRAME_RESPONSE);
  }
  CHECK_EQUAL(session_until_due(meeting.session, 1, receiving), -EOWNERDEAD);
  CHECK(clock_now_ns() - start_ns < SOON_NS);
  part(&meeting);
}

static void a_pause_hears_of_a_death(uint32_t mechanism) {
  struct meeting meeting = meet(mechanism, 1, 0);
  kill_peer(&meeting);
  int64_t start_ns = clock_now_ns();
  CHECK_EQUAL(session_pause(meeting.session, (double)FAR_NS), -EOWNERDEAD);
  CHECK(clock_now_ns() - start_ns < SOON_NS);
  part(&meeting);
}

/* Each far shorter than a slice: together they are long. */
static void short_pauses_hear_of_a_death(uint32_t mechanism) {
  struct meeting meeting = meet(mechanism, 1, 0);
  CHECK_EQUAL(session_pause(meeting.session, 2e6), 0);
  kill_peer(&meeting);
  int64_t start_ns = clock_now_ns();
  int32_t rc = 0;
  while (rc == 0 && clock_now_ns() - start_ns < SOON_NS) rc = session_pause(meeting.session, 2e6);
  CHECK_EQUAL(rc, -EOWNERDEAD);
  part(&meeting);
}

/* As a sender asks that found no room for a request. */
static void receiving_soon_hears_of_a_death(uint32_t mechanism) {
  struct meeting meeting = meet(mechanism, 1, room_of(mechanism));
  kill_peer(&meeting);
  for (int i = 0; i < room_of(mechanism); i++) CHECK_EQUAL(session_receive_soon(meeting.session), FRAME_RESPONSE);
  int64_t start_ns = clock_now_ns();
  int32_t rc = -EAGAIN;
  while (rc == -EAGAIN && clock_now_ns() - start_ns < SOON_NS) rc = session_receive_soon(meeting.session);
  CHECK_EQUAL(rc, -EOWNERDEAD);
  part(&meeting);
}

static _Atomic int last_status;

static void called(int32_t status) { atomic_store(&last_status, status); }

static void a_waiter_hears_of_a_death(uint32_t mechanism) {
  struct meeting meeting = meet(mechanism, 0, 0);
  struct waiter *waiter = waiter_open(meeting.session, called);
  atomic_store(&last_status, 1);
  CHECK_EQUAL(session_pause(meeting.session, (double)FAR_NS), -EAGAIN);
  waiter_arm(waiter, WAITER_PAUSE);
  kill_peer(&meeting);
  int64_t start_ns = clock_now_ns();
  while (atomic_load(&last_status) == 1 && clock_now_ns() - start_ns < SOON_NS) clock_sleep(NS_PER_MS);
  CHECK_EQUAL(atomic_load(&last_status), -EOWNERDEAD);
  waiter_close(waiter);
  part(&meeting);
}

static int looks;

static int find_it_gone(struct channel *channel) {
  (void)channel;
  looks++;
  return -EPIPE;
}

/* Not more often than once a slice; and nobody complains of a peer that leaves because all is to stop. */
static void looks_are_rare_and_stopping_goes_before(void) {
  struct channel_ops ops = null_ops;
  stop_flag stop = 0;
  struct channel channel = {.ops = &ops, .stop = &stop};
  int64_t looked_ns = 0, now_ns = clock_now_ns();
  CHECK_EQUAL(channel_watch_peer(&channel, &looked_ns, now_ns), 0);
  ops.check_peer = find_it_gone;
  for (int64_t ns = 1; ns <= NS_PER_SECOND; ns += 100000) channel_watch_peer(&channel, &looked_ns, now_ns + ns);
  CHECK_EQUAL(looks, 9);
  CHECK_EQUAL(channel_watch_peer(&channel, &looked_ns, now_ns + 2 * NS_PER_SECOND), -EPIPE);
  stop = 1;
  CHECK_EQUAL(channel_watch_peer(&channel, &looked_ns, now_ns + 3 * NS_PER_SECOND), -ECANCELED);
}

int main(void) {
  looks_are_rare_and_stopping_goes_before();
  for (size_t i = 0; i < sizeof mechanisms / sizeof mechanisms[0]; i++) {
    for (int receiving = 0; receiving < 2; receiving++) {
      the_schedule_hears_of_a_death(mechanisms[i], WAIT_BLOCK, receiving);
      the_schedule_hears_of_a_death(mechanisms[i], WAIT_SPIN, receiving);
    }
    a_pause_hears_of_a_death(mechanisms[i]);
    short_pauses_hear_of_a_death(mechanisms[i]);
    receiving_soon_hears_of_a_death(mechanisms[i]);
    a_waiter_hears_of_a_death(mechanisms[i]);
  }
  return check_report();
}
