#include "session/state.h"

#include <errno.h>

int32_t session_begin_note(struct session *session, int32_t type, const uint8_t *note, int32_t bytes) {
  if (bytes < 0 || bytes > NOTE_BYTES) return -EMSGSIZE;
  frame_write(session->outgoing.buffer, UNRECORDED_ID, (size_t)bytes, (uint32_t)type);
  memcpy(frame_payload(session->outgoing.buffer), note, (size_t)bytes);
  return session_stamp(session, session->outgoing.buffer, UNRECORDED_ID, (size_t)bytes, (uint32_t)type, clock_now_ns());
}

int32_t session_send_note(struct session *session, int32_t type, const uint8_t *note, int32_t bytes) {
  int32_t frame_bytes = session_begin_note(session, type, note, bytes);
  return frame_bytes < 0 ? frame_bytes : session_flush(session);
}

double session_payload_bytes(const struct session *session) { return (double)session->arrived.message.payload_bytes; }

int32_t session_read_note(struct session *session, uint8_t *to, int32_t capacity) {
  uint64_t bytes = session->arrived.message.payload_bytes;
  if (bytes > (uint64_t)capacity) return -EMSGSIZE;
  memcpy(to, session->arrived.message.payload, bytes);
  return (int32_t)bytes;
}
