/* What a measuring process asks of the kernel about itself. Negative errno on failure. */
#ifndef IPC_PROCESS_H
#define IPC_PROCESS_H

#include <stdint.h>

#include "record/ledger.h"

/* CPUs that the calling thread may use, a bit each; CPU numbers beyond the array are left out. */
int32_t process_allowed_cpus(uint64_t *words, int32_t word_count);
/* Pins the calling thread, which runs the measuring loop; threads it creates later inherit it. */
int32_t process_pin(int32_t cpu);
/* Keeps the calling thread, and those that it creates later, to these CPUs, a bit each. */
int32_t process_keep_to(const uint64_t *words, int32_t word_count);

/* From now on the calling thread has a table of descriptors of its own, and the threads that it creates later share that one:
 * in a table that threads share the kernel counts each use of a descriptor, 15 ns for every end of a system call. What was
 * open stays open in both, so this belongs before a role's first socket. Linux only, elsewhere -ENOTSUP. */
int32_t process_own_descriptors(void);

/* Ends with the parent (Linux: SIGTERM when it dies, sent also if it is gone already), precise timers, and SIGINT, SIGTERM
 * and SIGHUP turned into the stop flag when `catch_signals`. */
int32_t process_become_role(struct ledger_file *file, int32_t parent_pid, int32_t catch_signals);

/* Anonymous shared memory for `sheet_count` ledgers and their rings of records (a power of two, or 0); a file descriptor without a name that children can inherit. */
int32_t ledger_file_create(int32_t sheet_count, int32_t ring_capacity);
/* NULL with *error set. */
struct ledger_file *ledger_file_map(int32_t fd, int32_t *error);
/* Sees to it that these sheets, with their rings, are in memory, so that no measured message pays for a first touch. */
void ledger_file_touch(struct ledger_file *file, int32_t first_sheet, int32_t sheet_count);
void ledger_file_unmap(struct ledger_file *file);
struct ledger_file *ledger_file_private(int32_t sheet_count);

#endif
