/* The life of a measuring process. */
#pragma once

#include <stdint.h>

#include "plat/wait.h"

/* Ends with the parent (Linux: SIGTERM when it dies, sent also if it is gone already), precise timers, and SIGINT, SIGTERM
 * and SIGHUP turned into the stop flag when `catch_signals`. 0 or a negative errno; -ECANCELED: the parent is gone. */
int32_t process_follow(stop_flag *stop, int32_t parent_pid, int32_t catch_signals);
