/* Pauses between messages, which end with the measured window. */
#include "session/state.h"

#include <errno.h>

int session_watch_peer(struct session *session, int64_t now_ns) {
  return channel_watch_peer(session->channel, &session->pause.looked_ns, now_ns);
}

/* All but the last stretch, which clock_pause_until knows how to spin. */
static int pause_watching(struct session *session) {
  for (;;) {
    int64_t now_ns = clock_now_ns();
    int64_t left_ns = session->pause.until_ns - now_ns;
    if (left_ns <= PEER_LOOK_ROOM_NS) return 0;
    if (is_stopping(&session->ledgers.file->stop)) return -ECANCELED;
    int rc = session_watch_peer(session, now_ns);
    if (rc != 0) return rc;
    int64_t nap_ns = left_ns - CLOCK_SPIN_TAIL_NS;
    clock_sleep(nap_ns < WAIT_SLICE_NS ? nap_ns : WAIT_SLICE_NS);
  }
}

int32_t session_end_pause(struct session *session) {
  int rc = pause_watching(session);
  if (rc == 0) rc = clock_pause_until(session->pause.until_ns, &session->ledgers.file->stop);
  if (rc != 0) return rc;
  return has_window(session) && session->pause.until_ns >= session->pause.window_end_ns ? WINDOW_OVER : 0;
}

int32_t session_pause(struct session *session, double length_ns) {
  int64_t until_ns = clock_now_ns() + (int64_t)length_ns;
  if (has_window(session) && until_ns > session->pause.window_end_ns) until_ns = session->pause.window_end_ns;
  session->pause.until_ns = until_ns;
  session->pause.has_slept = length_ns > (double)CLOCK_SPIN_TAIL_NS;
  return session->settings.blocking ? session_end_pause(session) : -EAGAIN;
}
