/*
 * A waiter lets an event loop sleep on what is no file descriptor: a thread that waits in the loop's stead and calls back
 * when the loop should look again. It sleeps without a timeout while nothing is asked of it.
 */
#pragma once

#include "session/setup.h"

enum waiter_task { WAITER_READABLE = READABLE, WAITER_WRITABLE = WRITABLE, WAITER_PAUSE, WAITER_CLIENT, WAITER_IDLE };

struct waiter;

/* `callback` is called from the waiter's thread, once for each waiter_arm, with 0 or the reason why waiting has no point any
 * more (-ECANCELED, -ETIMEDOUT, -EPIPE, -EOWNERDEAD, …). NULL: no thread could be had. */
struct waiter *waiter_open(struct session *session, void (*callback)(int32_t));
/* Not while an earlier task is under way. */
void waiter_arm(struct waiter *waiter, int32_t task);
/* Ends the wait under way, joins the thread; no callback begins after it returns. */
void waiter_close(struct waiter *waiter);
