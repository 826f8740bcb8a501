#include "session/state.h"

#include <errno.h>

static int is_fed(const struct session *session) { return session->channel->ops == &fed_ops; }

int32_t session_begin_reply(struct session *session, double with_payload) {
  const struct message *request = &session->arrived.message;
  session->arrived.is_echoed = with_payload != 0;
  size_t payload_bytes = with_payload ? request->payload_bytes : 0;
  /* An echo is sent from where the request lies, so nothing is copied. The event loop's sockets send from one fixed place
   * only, and an empty reply must leave the payload alone, which is still to be checked. */
  uint8_t *frame = request->payload - FRAME_HEADER_BYTES - FRAME_LENGTH_BYTES;
  if (!with_payload || is_fed(session)) {
    if (payload_bytes > session->settings.channel.frame_bytes - FRAME_OVERHEAD) return -EMSGSIZE;
    memcpy(frame_payload(session->outgoing.buffer), request->payload, payload_bytes);
    frame = session->outgoing.buffer;
  }
  frame_write(frame, request->id, payload_bytes, FRAME_RESPONSE);
  /* Bears the stamp of its request: a reading of the clock would be part of the round trip. */
  return session_stamp(session, frame, request->id, payload_bytes, FRAME_RESPONSE, request->sent_ns);
}

int32_t session_reply(struct session *session, double with_payload) {
  int32_t frame_bytes = session_begin_reply(session, with_payload);
  if (frame_bytes < 0) return frame_bytes;
  int32_t rc = session_flush(session);
  session_settle(session);
  return rc;
}
