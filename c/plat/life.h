/*
 * Whether whoever had a file open lives: a lock on one byte of it (an open file description lock, Linux 3.15). The kernel drops
 * it with the last descriptor of that opening, whatever kills the process, also as seen from another pid namespace and before
 * a zombie is reaped; no thread owns it, and nobody can scribble over it. Works on shared-memory objects and message queues.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

/*
 * Where a system has no such locks (macOS), `pid` does: it lies where both sides see it, and zero means nobody. NULL: there is none.
 *
 * Needs a descriptor for writing. 0, -EBUSY if another opening has that byte, or a negative errno.
 */
int life_claim(int fd, int byte, _Atomic int64_t *pid);
/* Whether another opening of the file has claimed or marked that byte; also where nobody can tell. */
int life_is_held(int fd, int byte, const _Atomic int64_t *pid);
/* Linux only. A claim for which a descriptor for reading does: several may have such a mark, but nobody a claim beside it. */
int life_mark(int fd, int byte);
