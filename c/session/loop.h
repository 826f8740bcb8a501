/*
 * What the measuring loops call. Numbers that TypeScript passes for every message are whole doubles (src/native/symbols.ts).
 * Id -1 is UNRECORDED_ID.
 */
#pragma once

#include <stdint.h>

/* What send functions return when the message went and the measured window of `duration_ns` is over. With a schedule
 * session_until_due tells that, and this a sender that can't catch up. */
#define WINDOW_OVER 1
/* What session_send_many returns when a frame of another type came where a reply was due: session_received_type. */
#define NO_REPLY 2

/* What session_until_due returns. */
enum due {
  DUE_NOW = 0,
  DUE_WINDOW_OVER, /* that moment lies after the window, which begins with the schedule */
  DUE_SOON,        /* not blocking and receiving: too soon to sleep, so take turns of the event loop */
  DUE_RECEIVED,    /* a message came meanwhile: session_received_type */
};

struct session;

/*
 * The measured phase begins with the next message: notes the offset between the clocks. Where several clients begin at once
 * (ledger_await_start) `shift_ns` is how much later than the first this one does; else less than 0.
 */
void session_start(struct session *session, double shift_ns);

/* 0, WINDOW_OVER or a negative errno. */
int32_t session_send(struct session *session, double id, double type);
/* Goes on with a send that returned -EAGAIN. */
int32_t session_flush(struct session *session);
/* Answers the message just received: its payload again, or none. */
int32_t session_reply(struct session *session, double with_payload);
/* The type of the message received (enum frame_type), or a negative errno. */
int32_t session_receive(struct session *session);
/* The type of the last message received, where a call does not return it. */
int32_t session_received_type(const struct session *session);

/* ---- stretches ---- */

/*
 * The innermost loops of a blocking session: a stretch of messages in one call, since on one CPU the way through TypeScript
 * between two of them would show in every latency (docs/methodology.md).
 *
 * Messages `id`, `id` + 1 … (or `count` times UNRECORDED_ID), requests each after the reply to the one before, with a pause of
 * `pause_ns` between two of them. 0, WINDOW_OVER, NO_REPLY or a negative errno.
 */
int32_t session_send_many(struct session *session, double id, double count, double type, double pause_ns);
/* Receives one-way messages and answers requests until something else comes: its type, or a negative errno. */
int32_t session_answer_many(struct session *session, double with_payload);
/*
 * After the last message: leaves the CPU to the peer until that has taken all of them in, a tenth of a second at most. What this side
 * does next would else lie in the latency of the last ones, where both share a CPU.
 */
void session_rest(struct session *session);

/* ---- moments ---- */

/* The pause after a message. Blocking: waits. Else -EAGAIN, and once a waiter has slept, session_end_pause spins the
 * last stretch. 0, WINDOW_OVER, -ECANCELED or what became of the peer. */
int32_t session_pause(struct session *session, double length_ns);
int32_t session_end_pause(struct session *session);

/* With a schedule: waits for the moment of message `id`, and meanwhile receives if `receiving`. One of enum due, or a
 * negative errno; -EAGAIN (not blocking): call again when a message came or a waiter has paused. */
int32_t session_until_due(struct session *session, double id, double receiving);
/* Sends without waiting for room, also in a blocking session: -EAGAIN, then session_flush_now. */
int32_t session_send_now(struct session *session, double id, double type);
int32_t session_flush_now(struct session *session);
/* Receives what is there; a blocking session waits a moment for it. -EAGAIN if nothing came and the peer may live. */
int32_t session_receive_soon(struct session *session);
