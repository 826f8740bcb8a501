/* Names that outlive a process: removed by whoever is left when their owner could not. */
#ifndef IPC_ENDPOINT_H
#define IPC_ENDPOINT_H

#include <stdint.h>

/* Removes what a listener of this mechanism (enum mechanism) leaves in the system. 0 also if there is nothing. */
int32_t endpoint_remove(int32_t mechanism, const char *endpoint);

#endif
