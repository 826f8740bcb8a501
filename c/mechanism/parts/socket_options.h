/* What blocking and event-loop sockets share: options set and read back on a file descriptor. */
#pragma once

#include "mechanism/channel.h"

/* Buffer sizes only if asked for (0: leave), TCP_NODELAY where it exists. */
int32_t socket_tune(int32_t fd, double buffer_bytes);
void socket_effective(int32_t fd, struct channel_effective *effective);
