/* The measured window of a schedule: the moments of messages decide what belongs to it, however late they go. */
#include <sys/mman.h>

#include "record/ledger_file.h"
#include "session/state.h"
#include "check.h"

#define PER_SECOND UINT64_C(100000)
#define WINDOW_NS (20 * NS_PER_MS)
#define DUE_INSIDE 2000
/* So fast that nothing catches up. */
#define IMPOSSIBLE_PER_SECOND UINT64_C(1000000000)
#define MICROHERTZ UINT64_C(1000000)

static struct session *open_session(struct ledger_file *file, uint64_t per_second, int64_t duration_ns) {
  struct session_settings settings = {
      .payload_bytes = 8,
      .reply_payload_bytes = 8,
      .duration_ns = duration_ns,
      .rate_microhertz = per_second * MICROHERTZ,
      .blocking = 1,
      .peer_sheet = NO_SHEET,
  };
  settings.channel.mechanism = MECHANISM_NULL;
  settings.channel.silence_ns = NS_PER_SECOND;
  struct session *session = session_open(&settings, file);
  CHECK(session != NULL);
  CHECK_EQUAL(session_connect(session), 0);
  /* The canary, whose stamp begins the schedule. */
  CHECK_EQUAL(session_send(session, -1, FRAME_ONE_WAY), 0);
  CHECK_EQUAL(session_receive(session), FRAME_ONE_WAY);
  return session;
}

/* As the open loop of TypeScript; before message `stall_at` the sender stands still. How the window ended. */
static int32_t send_all(struct session *session, uint64_t stall_at, int64_t stall_ns) {
  for (uint64_t id = 0;; id++) {
    if (id == stall_at) clock_sleep(stall_ns);
    int32_t due = session_until_due(session, (double)id, 0);
    if (due != DUE_NOW) return due;
    int32_t sent = session_send(session, (double)id, FRAME_ONE_WAY);
    if (sent != 0) return sent;
    CHECK_EQUAL(session_receive(session), FRAME_ONE_WAY);
  }
}

static void close_all(struct session *session, struct ledger_file *file) {
  session_close(session);
  munmap(file, file->bytes);
}

static void a_stall_at_the_end_leaves_nothing_out(uint64_t stall_at) {
  struct ledger_file *file = ledger_file_private(1);
  struct session *session = open_session(file, PER_SECOND, WINDOW_NS);
  CHECK_EQUAL(send_all(session, stall_at, 2 * WINDOW_NS), DUE_WINDOW_OVER);
  const struct ledger *ledger = &file->sheets[0];
  CHECK_EQUAL(ledger->sent_count, DUE_INSIDE);
  CHECK_EQUAL(ledger->response.count, DUE_INSIDE);
  /* The first one behind the stall was due by its beginning, or right after. */
  CHECK(ledger->response.max_ns >= (uint64_t)WINDOW_NS);
  CHECK_EQUAL(ledger->scheduled_span_ns, (DUE_INSIDE - 1) * (NS_PER_SECOND / (int64_t)PER_SECOND));
  close_all(session, file);
}

/* Where a first message that goes late opened the window, more would belong to it. */
static void a_stall_at_the_start_adds_nothing(void) {
  struct ledger_file *file = ledger_file_private(1);
  struct session *session = open_session(file, PER_SECOND, WINDOW_NS);
  CHECK_EQUAL(send_all(session, 0, SCHEDULE_LEAD_NS + WINDOW_NS / 2), DUE_WINDOW_OVER);
  const struct ledger *ledger = &file->sheets[0];
  CHECK_EQUAL(ledger->sent_count, DUE_INSIDE);
  CHECK_EQUAL(ledger->schedule_start_ns, session->pace.start_ns);
  CHECK(ledger->first_send_ns - ledger->schedule_start_ns >= WINDOW_NS / 2);
  close_all(session, file);
}

/* It stops after as long again as the window, a second at least. */
static void a_sender_that_cannot_catch_up_stops(void) {
  struct ledger_file *file = ledger_file_private(1);
  struct session *session = open_session(file, IMPOSSIBLE_PER_SECOND, 100 * NS_PER_MS);
  CHECK_EQUAL(send_all(session, UINT64_MAX, 0), WINDOW_OVER);
  const struct ledger *ledger = &file->sheets[0];
  int64_t overtime_ns = ledger->last_send_ns - (ledger->schedule_start_ns + 100 * NS_PER_MS);
  CHECK(overtime_ns >= NS_PER_SECOND && overtime_ns < 3 * NS_PER_SECOND);
  /* So the rate was missed by far. */
  CHECK(ledger->scheduled_span_ns * 2 < ledger->last_send_ns - ledger->schedule_start_ns);
  close_all(session, file);
}

int main(void) {
  a_stall_at_the_end_leaves_nothing_out(DUE_INSIDE / 2);
  a_stall_at_the_end_leaves_nothing_out(DUE_INSIDE - 1);
  a_stall_at_the_start_adds_nothing();
  a_sender_that_cannot_catch_up_stops();
  return check_report();
}
