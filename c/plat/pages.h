/*
 * Memory whose pages are there before anything is measured. A page that is first written to in the measured phase costs a fault,
 * which lies in the latency of some message. So whatever that phase writes comes from here, or has passed through here.
 */
#pragma once

#include <stddef.h>

/* Zeroed, to be freed; NULL: memory is out. */
void *pages_alloc(size_t bytes);
/* Sees to it that these pages are there and may be written to, without a change: another process may use them. */
void pages_touch(void *start, size_t bytes);
