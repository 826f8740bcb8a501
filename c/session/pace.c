/* The open loop: a message goes when the schedule says so. */
#include "session/state.h"

#include <errno.h>

/* While a scheduled sender has no room: long enough not to burn its CPU, short enough not to be late. */
#define RECEIVE_SOON_NS INT64_C(100000)

/* A short window says little about how long its sender needs to catch up. */
#define LEAST_OVERTIME_NS NS_PER_SECOND

/*
 * The moment of a message decides whether it belongs to the window, and not when it went: what a stall made late would else be left
 * out. A sender that is behind at the end goes on, for as long again at most.
 */
int32_t session_sent_on_schedule(struct session *session) {
  struct ledger *ledger = session->ledgers.own;
  struct pace *pace = &session->pace;
  int64_t sent_ns = session->outgoing.stamp_ns;
  int64_t duration_ns = session->settings.duration_ns;
  pace->in_flight++;
  distribution_record(&ledger->lateness, (uint64_t)(sent_ns - pace->due_ns));
  ledger->schedule_start_ns = pace->start_ns;
  ledger->scheduled_span_ns = pace->due_ns - pace->start_ns;
  if (duration_ns <= 0 || sent_ns < pace->start_ns + duration_ns) return 0;
  if (pace->give_up_ns == 0) pace->give_up_ns = sent_ns + (duration_ns > LEAST_OVERTIME_NS ? duration_ns : LEAST_OVERTIME_NS);
  return sent_ns >= pace->give_up_ns ? WINDOW_OVER : 0;
}

/*
 * Waits a stretch of the way to the moment: asleep as long as that is far off, then spinning. A reply that is under way ends it: its
 * type, or -EAGAIN. Nothing else is worth a look, as looks are system calls.
 */
static int32_t wait_towards(struct session *session, int64_t now_ns, int64_t left_ns, int awaits_reply) {
  if (left_ns <= CLOCK_SPIN_TAIL_NS || session->channel->wait_kind == WAIT_SPIN) {
    cpu_relax();
    return awaits_reply ? session_receive_now(session) : -EAGAIN;
  }
  int64_t nap_ns = left_ns - CLOCK_SPIN_TAIL_NS < WAIT_SLICE_NS ? left_ns - CLOCK_SPIN_TAIL_NS : WAIT_SLICE_NS;
  session->pause.has_slept = 1;
  if (awaits_reply) return session_receive_by(session, now_ns + nap_ns);
  clock_sleep(nap_ns);
  return -EAGAIN;
}

/* What a receive came to, in the terms of a wait for a moment. */
static int32_t due_of(int32_t type_or_error) { return type_or_error < 0 ? type_or_error : DUE_RECEIVED; }

/* What the peer sent before it went. */
static int32_t receive_after(struct session *session, int32_t error) {
  int32_t rc = session_receive_now(session);
  return rc == -EAGAIN ? error : rc;
}

/*
 * Whether to look for a message before anything else. A blocking session waits for a reply anyway, unless it is late; with nothing
 * under way it only hears of its peer's end like that, once a slice.
 */
static int looks_first(const struct session *session, int64_t left_ns, int awaits_reply) {
  if (!session->settings.blocking) return 1;
  return awaits_reply ? left_ns <= 0 : left_ns >= WAIT_SLICE_NS;
}

int32_t session_until_due(struct session *session, double id_number, double is_receiving) {
  uint64_t id = id_of(id_number);
  int receiving = is_receiving != 0;
  int64_t after_ns = schedule_due_ns(&session->pace.schedule, id);
  session->pace.due_ns = session->pace.start_ns + after_ns;
  if (session->settings.duration_ns > 0 && after_ns >= session->settings.duration_ns) return DUE_WINDOW_OVER;
  for (;;) {
    if (is_stopping(&session->ledgers.file->stop)) return -ECANCELED;
    int64_t now_ns = clock_now_ns();
    int64_t left_ns = session->pace.due_ns - now_ns;
    int awaits_reply = receiving && session->pace.in_flight > 0;
    if (receiving && looks_first(session, left_ns, awaits_reply)) {
      int32_t rc = session_receive_now(session);
      if (rc != -EAGAIN) return due_of(rc);
    }
    int is_full = receiving && session->pace.in_flight >= MAX_IN_FLIGHT;
    if (left_ns <= 0 && !is_full) return DUE_NOW;
    if (is_full || left_ns >= PEER_LOOK_ROOM_NS) {
      int rc = session->settings.blocking || is_full ? session_watch_peer(session, now_ns) : 0;
      if (rc != 0) return receiving ? due_of(receive_after(session, rc)) : rc;
    }
    if (is_full) left_ns = RECEIVE_SOON_NS;
    if (!session->settings.blocking && left_ns > CLOCK_SPIN_TAIL_NS + PAUSE_LEAD_NS) {
      session->pause.until_ns = session->pace.due_ns;
      session->pause.has_slept = 1;
      return -EAGAIN;
    }
    if (!session->settings.blocking && awaits_reply) return DUE_SOON;
    int32_t rc = wait_towards(session, now_ns, left_ns, awaits_reply);
    if (rc != -EAGAIN) return due_of(rc);
  }
}

int32_t session_receive_soon(struct session *session) {
  if (is_stopping(&session->ledgers.file->stop)) return -ECANCELED;
  int32_t rc = session_receive_now(session);
  if (rc != -EAGAIN || !session->settings.blocking) return rc;
  /* It is asked for again and again while there is no room, which the dead do not make. */
  int gone = session_watch_peer(session, clock_now_ns());
  if (gone == 0) session->channel->ops->wait(session->channel, READABLE, RECEIVE_SOON_NS);
  return receive_after(session, gone == 0 ? -EAGAIN : gone);
}
