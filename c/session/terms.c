/* What a session measures, and how it judges what comes: set when it opens, and again when peers that were started by hand have agreed. */
#include <errno.h>
#include <stdlib.h>

#include "session/session.h"

/* The outgoing frame, with the pattern that payloads begin from. */
static int plan_frame(struct session *session, size_t frame_bytes) {
  uint8_t *out = malloc(frame_bytes);
  if (out == NULL) return -ENOMEM;
  free(session->out);
  session->out = out;
  payload_fill(out + FRAME_LENGTH_BYTES + FRAME_HEADER_BYTES, frame_bytes - FRAME_OVERHEAD);
  return 0;
}

double session_payload_bytes(const struct session *session) { return (double)session->message.payload_bytes; }

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
  session->sequence = (struct sequence){0};
  int rc = plan_frame(session, settings->channel.frame_bytes);
  return rc != 0 ? rc : session_open_schedule(session);
}
