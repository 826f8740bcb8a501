/* A session from its opening to its close. */
#include "session/state.h"

#include <errno.h>
#include <stdlib.h>

#include "plat/pages.h"
#include "plat/tick.h"

static int open_session(struct session *session, struct session_settings *settings, struct ledger_file *file) {
  session->settings = *settings;
  session->ledgers.file = file;
  int error = session_use_sheets(session, (int32_t)settings->sheet, (int32_t)settings->peer_sheet);
  if (error != 0) return error;
  /* A client may have waited in a queue before this was opened, but nothing is measured that takes longer than the histogram reaches. */
  session->arrived.earliest_ns = clock_now_ns() - (int64_t)HISTOGRAM_LIMIT_NS;
  if (session->arrived.earliest_ns < 1) session->arrived.earliest_ns = 1;
  if (!settings->blocking) session->settings.channel.wait = WAIT_BLOCK;
  error = session_agree(session, settings);
  if (error != 0) return error;
  session->channel = channel_create(&session->settings.channel, &file->stop, &error);
  return error;
}

static void session_free(struct session *session) {
  free(session->pace.sent_at_ns);
  free(session->outgoing.buffer);
  free(session);
}

struct session *session_open(struct session_settings *settings, struct ledger_file *file) {
  struct session *session = pages_alloc(sizeof *session);
  settings->error = session == NULL ? -ENOMEM : open_session(session, settings, file);
  if (settings->error == 0) return session;
  if (session != NULL) session_free(session);
  return NULL;
}

void session_close(struct session *session) {
  if (session->channel->is_ticking) tick_stop();
  channel_destroy(session->channel);
  session_free(session);
}

int32_t session_listen(struct session *session) {
  return session->channel->ops->listen(session->channel, &session->settings.channel);
}

int32_t session_listen_after(struct session *session, struct session *before) {
  struct channel *channel = session->channel;
  const struct channel_settings *settings = &session->settings.channel;
  if (channel->ops->listen_after != NULL) return channel->ops->listen_after(channel, settings, before->channel);
  session_unlink(before);
  return channel->ops->listen(channel, settings);
}

int32_t session_accept(struct session *session, int32_t slice_ms) {
  return session->channel->ops->accept(session->channel, slice_ms * NS_PER_MS);
}

int32_t session_connect(struct session *session) {
  return session->channel->ops->connect(session->channel, &session->settings.channel);
}

/* Not before the peers have met: setting up is not to be interrupted. */
void session_use_thread(struct session *session) {
  struct channel *channel = session->channel;
  int sleeps = session->settings.blocking && channel->wait_kind != WAIT_SPIN && channel->ops->waits_until_tick;
  if (sleeps && !channel->is_ticking) channel->is_ticking = tick_start() == 0;
}

int32_t session_use_sheets(struct session *session, int32_t sheet, int32_t peer_sheet) {
  struct ledger_file *file = session->ledgers.file;
  if (sheet < 0 || (uint32_t)sheet >= file->sheet_count) return -EINVAL;
  session->settings.sheet = (uint32_t)sheet;
  session->ledgers.own = &file->sheets[sheet];
  session->ledgers.peer = peer_sheet >= 0 && (uint32_t)peer_sheet < file->sheet_count ? &file->sheets[peer_sheet] : NULL;
  return 0;
}

void session_unlink(struct session *session) {
  if (session->channel->ops->unlink != NULL) session->channel->ops->unlink(session->channel);
}

void session_effective(struct session *session, struct channel_effective *effective) {
  session->channel->ops->effective(session->channel, effective);
}

void session_start(struct session *session, double shift_ns) {
  int64_t start_ns = atomic_load_explicit(&session->ledgers.file->start_ns, memory_order_relaxed);
  session->pace.canary_ns = shift_ns < 0 || start_ns == 0 ? 0 : start_ns + (int64_t)shift_ns;
  session->ledgers.own->realtime_offset_ns = clock_realtime_offset_ns();
}
