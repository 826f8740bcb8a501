/* The schedule of sessions: when messages are due, and that working it out costs the same at the end of a run as at its start. */
#include <math.h>

/* Every gap of the Poisson process costs a logarithm: they are its steps. */
static unsigned long steps;

static double counted_log(double x) {
  steps++;
  return log(x);
}

#define log counted_log
#include "session/schedule.c"
#undef log

#include <sys/mman.h>

#include "record/ledger_file.h"
#include "session/state.h"
#include "check.h"

#define IDS UINT64_C(200000)

static struct session *open_session(struct ledger_file *file) {
  struct session_settings settings = {
      .payload_bytes = 8,
      .reply_payload_bytes = 8,
      .rate_microhertz = UINT64_C(1000000000000000), /* so fast that every moment has come */
      .seed = 7,
      .arrival = ARRIVAL_POISSON,
      .blocking = 1,
      .peer_sheet = NO_SHEET,
      .sends_requests = 1,
  };
  settings.channel.mechanism = MECHANISM_NULL;
  settings.channel.silence_ns = NS_PER_SECOND;
  struct session *session = session_open(&settings, file);
  CHECK(session != NULL);
  CHECK_EQUAL(session_connect(session), 0);
  return session;
}

/* The moment of n + 1 is asked for while n is under way, as it is by a sender that replies do not hold up. */
static void replies_do_not_set_the_sender_back(void) {
  struct ledger_file *file = ledger_file_private(1);
  struct session *session = open_session(file);
  steps = 0;
  uint64_t done = 0;
  int is_due = session_until_due(session, 0, 1) == DUE_NOW;
  for (uint64_t id = 0; is_due && id < IDS; id++, done++) {
    if (session_send_now(session, (double)id, FRAME_REQUEST) != 0) break;
    if (session_until_due(session, (double)(id + 1), 1) != DUE_RECEIVED) break;
    is_due = session_until_due(session, (double)(id + 1), 1) == DUE_NOW;
    if (steps > 8 * IDS) break;
  }
  CHECK_EQUAL(done, IDS);
  CHECK_EQUAL(file->sheets[0].response.count, IDS);
  /* One for each id on either side. */
  CHECK(steps <= 2 * IDS + 2);
  session_close(session);
  munmap(file, file->bytes);
}

static void both_sides_reckon_with_the_same_moments(void) {
  struct schedule sender = {.kind = ARRIVAL_POISSON, .seed = 99, .gap_ns = 50000};
  struct schedule receiver = sender;
  int64_t moments[64];
  for (uint64_t id = 0; id < 64; id++) moments[id] = schedule_due_ns(&sender, id);
  for (uint64_t id = 0; id < 64; id++) CHECK_EQUAL(schedule_due_ns(&receiver, id), moments[id]);
  /* A message that was overtaken. */
  CHECK_EQUAL(schedule_due_ns(&receiver, 17), moments[17]);
  CHECK_EQUAL(moments[0], 0);
}

static void the_mean_gap_is_that_of_the_rate(void) {
  struct schedule schedule = {.kind = ARRIVAL_POISSON, .seed = 3, .gap_ns = 50000};
  double mean_ns = (double)schedule_due_ns(&schedule, IDS) / (double)IDS;
  CHECK(mean_ns > 49000 && mean_ns < 51000);
}

static void bursts_share_a_moment(void) {
  struct schedule schedule = {.kind = ARRIVAL_BURST, .burst = 4, .gap_ns = 1000};
  for (uint64_t id = 0; id < 40; id++) CHECK_EQUAL(schedule_due_ns(&schedule, id), id / 4 * 4000);
}

int main(void) {
  replies_do_not_set_the_sender_back();
  both_sides_reckon_with_the_same_moments();
  the_mean_gap_is_that_of_the_rate();
  bursts_share_a_moment();
  return check_report();
}
