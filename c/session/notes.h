/* Notes: what peers say to each other beside messages, as the payload of a Ping or Pong. */
#pragma once

#include <stdint.h>

/* Room that every connection has for a note: the JSON that peers say hello with. */
#define NOTE_BYTES 512

struct session;

/* A message with a payload of the caller's, at most NOTE_BYTES. */
int32_t session_send_note(struct session *session, int32_t type, const uint8_t *note, int32_t bytes);
/* Of the message just received: its payload's length, and a copy of at most `capacity` bytes (-EMSGSIZE: there are more); returns how many. */
double session_payload_bytes(const struct session *session);
int32_t session_read_note(struct session *session, uint8_t *to, int32_t capacity);
