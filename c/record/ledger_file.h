/* The memory of a ledger. */
#pragma once

#include "record/ledger.h"

/* Anonymous shared memory for `sheet_count` ledgers and their rings of records (a power of two, or 0); a file descriptor without a name that children can inherit. */
int32_t ledger_file_create(int32_t sheet_count, int32_t ring_capacity);
/* NULL with *error set. */
struct ledger_file *ledger_file_map(int32_t fd, int32_t *error);
/* Sees to it that these sheets, with their rings, are in memory, so that no measured message pays for a first touch. */
void ledger_file_touch(struct ledger_file *file, int32_t first_sheet, int32_t sheet_count);
void ledger_file_unmap(struct ledger_file *file);
struct ledger_file *ledger_file_private(int32_t sheet_count);
