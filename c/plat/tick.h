/*
 * Waits without a deadline of their own. Arming a timer for a wait and disarming it costs half a microsecond a message, more
 * than the rest of what we do (bun run fidelity shows it). So one periodic timer interrupts the system calls of the thread
 * instead, and each then looks around, as it would at the end of a slice. A tick that comes right before a call goes to
 * sleep is missed; the next one ends it.
 */
#pragma once

/* Begins to interrupt the calling thread every WAIT_SLICE_NS; calls nest. 0 or a negative errno, -ENOTSUP but on Linux. */
int tick_start(void);
/* By the same thread, once for each tick_start that returned 0. */
void tick_stop(void);
