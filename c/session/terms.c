/* What a session measures, and how it judges what comes: set when it opens, and again when peers that were started by hand have agreed. */
#include <errno.h>
#include <stdlib.h>

#include "plat/pages.h"
#include "session/state.h"

/* The outgoing frame, with the pattern that payloads begin from. */
static int plan_frame(struct session *session, size_t frame_bytes) {
  uint8_t *out = pages_alloc(frame_bytes);
  if (out == NULL) return -ENOMEM;
  free(session->outgoing.buffer);
  session->outgoing.buffer = out;
  payload_fill(frame_payload(out), frame_bytes - FRAME_OVERHEAD);
  return 0;
}

#define REHEARSED_IDS 1000

/* Code and tables of the logarithm come into memory with its first uses, which are not to be in a message's latency. */
static void rehearse(struct schedule schedule) { schedule_due_ns(&schedule, REHEARSED_IDS); }

static int open_schedule(struct session *session) {
  const struct session_settings *settings = &session->settings;
  session->pace.schedule = session->pace.arriving = (struct schedule){0};
  session->pace.give_up_ns = 0;
  free(session->pace.sent_at_ns);
  session->pace.sent_at_ns = NULL;
  if (settings->rate_microhertz == 0) return 0;
  session->pace.schedule = (struct schedule){
      .kind = settings->arrival,
      .burst = settings->burst == 0 ? 1 : settings->burst,
      .seed = settings->seed,
      .gap_ns = 1e15 / (double)settings->rate_microhertz,
  };
  session->pace.arriving = session->pace.schedule;
  rehearse(session->pace.schedule);
  if (!settings->sends_requests) return 0;
  session->pace.sent_at_ns = pages_alloc(MAX_IN_FLIGHT * sizeof *session->pace.sent_at_ns);
  return session->pace.sent_at_ns == NULL ? -ENOMEM : 0;
}

int32_t session_agree(struct session *session, const struct session_settings *terms) {
  struct session_settings *settings = &session->settings;
  if (terms->payload_bytes > FRAME_PAYLOAD_LIMIT || terms->reply_payload_bytes > FRAME_PAYLOAD_LIMIT) return -EMSGSIZE;
  settings->payload_bytes = terms->payload_bytes;
  settings->reply_payload_bytes = terms->reply_payload_bytes;
  settings->duration_ns = terms->duration_ns;
  settings->rate_microhertz = terms->rate_microhertz;
  settings->arrival = terms->arrival;
  settings->burst = terms->burst;
  settings->seed = terms->seed;
  settings->trusts_peer = terms->trusts_peer;
  settings->clocks_differ = terms->clocks_differ;
  settings->channel.frame_bytes = (terms->payload_bytes > NOTE_BYTES ? terms->payload_bytes : NOTE_BYTES) + FRAME_OVERHEAD;
  settings->channel.silence_ns = terms->channel.silence_ns;
  if (session->channel != NULL) session->channel->silence_ns = terms->channel.silence_ns;
  session->arrived.sequence = (struct sequence){0};
  int rc = plan_frame(session, settings->channel.frame_bytes);
  return rc != 0 ? rc : open_schedule(session);
}

int32_t session_use_schedule(struct session *session, double rate_microhertz, int32_t arrival, int32_t burst, double seed) {
  struct session_settings *settings = &session->settings;
  settings->rate_microhertz = (uint64_t)rate_microhertz;
  settings->arrival = (uint32_t)arrival;
  settings->burst = (uint32_t)burst;
  settings->seed = (uint64_t)seed;
  return open_schedule(session);
}
