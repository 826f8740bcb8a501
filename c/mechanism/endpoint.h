/* Names that outlive a process: removed by whoever is left when their owner could not. */
#ifndef IPC_ENDPOINT_H
#define IPC_ENDPOINT_H

#include <stdint.h>

/* Removes what a listener of this mechanism (enum mechanism) leaves in the system. 0 also if there is nothing. */
int32_t endpoint_remove(int32_t mechanism, const char *endpoint);

/*
 * Makes room for a server that is to have a name of its own choice: removes what one that is dead left under it. 0, also if there
 * is nothing; -EADDRINUSE if its owner lives; -EEXIST if it is nothing that a server of this program made. Queues of another
 * program have no mark of life: the caller must know that nobody has them open.
 */
int32_t endpoint_take_over(int32_t mechanism, const char *endpoint);

#endif
