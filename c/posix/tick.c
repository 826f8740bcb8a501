#include "plat/tick.h"

#include <errno.h>

int tick_start(void) { return -ENOTSUP; }
void tick_stop(void) {}
