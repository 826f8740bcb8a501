/* The open loop: a message goes when the schedule says so. */
#include "session/state.h"

#include <errno.h>

/* While a scheduled sender has no room: long enough not to burn its CPU, short enough not to be late. */
#define RECEIVE_SOON_NS INT64_C(100000)

/* Waits a stretch of the way to `until_ns`: asleep as long as that is far off, then spinning. */
static void wait_towards(struct session *session, int64_t left_ns, int receiving) {
  struct channel *channel = session->channel;
  if (left_ns <= CLOCK_SPIN_TAIL_NS || channel->wait_kind == WAIT_SPIN) {
    cpu_relax();
    return;
  }
  int64_t nap_ns = left_ns - CLOCK_SPIN_TAIL_NS < WAIT_SLICE_NS ? left_ns - CLOCK_SPIN_TAIL_NS : WAIT_SLICE_NS;
  if (receiving) {
    channel->ops->wait(channel, READABLE, nap_ns);
  } else {
    clock_sleep(nap_ns);
  }
}

/* What a receive came to, in the terms of a wait for a moment. */
static int32_t due_of(int32_t type_or_error) { return type_or_error < 0 ? type_or_error : DUE_RECEIVED; }

/* What the peer sent before it went. */
static int32_t receive_after(struct session *session, int32_t error) {
  int32_t rc = session_receive_now(session);
  return rc == -EAGAIN ? error : rc;
}

int32_t session_until_due(struct session *session, double id_number, double is_receiving) {
  uint64_t id = id_of(id_number);
  int receiving = is_receiving != 0;
  session->pace.due_ns = session->pace.start_ns + schedule_due_ns(&session->pace.schedule, id);
  if (has_window(session) && session->pace.due_ns >= session->pause.window_end_ns) return DUE_WINDOW_OVER;
  for (;;) {
    if (is_stopping(&session->ledgers.file->stop)) return -ECANCELED;
    if (receiving) {
      int32_t rc = session_receive_now(session);
      if (rc != -EAGAIN) return due_of(rc);
    }
    int64_t now_ns = clock_now_ns();
    int64_t left_ns = session->pace.due_ns - now_ns;
    int is_full = receiving && session->pace.in_flight >= MAX_IN_FLIGHT;
    if (left_ns <= 0 && !is_full) return DUE_NOW;
    if (is_full || left_ns >= PEER_LOOK_ROOM_NS) {
      int rc = session->settings.blocking || is_full ? session_watch_peer(session, now_ns) : 0;
      if (rc != 0) return receiving ? due_of(receive_after(session, rc)) : rc;
    }
    if (is_full) left_ns = RECEIVE_SOON_NS;
    if (!session->settings.blocking && left_ns > CLOCK_SPIN_TAIL_NS + PAUSE_LEAD_NS) {
      session->pause.until_ns = session->pace.due_ns;
      return -EAGAIN;
    }
    if (!session->settings.blocking && receiving) return DUE_SOON;
    wait_towards(session, left_ns, receiving);
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
