/*
 * What the event loop calls whose own sockets carry the bytes (MECHANISM_FED): build and stamp a frame, hand what lies at
 * session_out to the socket, then say so; and feed what came.
 */
#pragma once

#include <stdint.h>

struct session;

/* The frame's length, or a negative errno. */
int32_t session_begin_send(struct session *session, double id, double type);
int32_t session_begin_note(struct session *session, int32_t type, const uint8_t *note, int32_t bytes);
int32_t session_begin_reply(struct session *session, double with_payload);
const uint8_t *session_out(struct session *session);
/* The socket took nothing of it, or only a part: from now on it waits for room. Said again it changes nothing. */
void session_await_room(struct session *session);
/* All of it is handed over. As session_send. */
int32_t session_end_send(struct session *session);

/* The request just answered is accounted for now instead of with the next receive: before more bytes are fed, which may move it. */
void session_settle(struct session *session);
int32_t session_feed(struct session *session, const uint8_t *bytes, int32_t count);
