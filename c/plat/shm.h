/* Shared memory, with a name and without. Descriptors are more than 0; functions return 0 or a negative errno. */
#pragma once

#include "plat/names.h"

extern const struct name_kind shm_names;

/* New and empty, for its owner alone; with "" for a name nobody can find it (Linux). A descriptor. */
int shm_create(const char *name);
/* What lies under that name. */
int shm_find(const char *name);
/* New, without a name, for children to inherit. */
int shm_create_inherited(void);
void shm_close(int fd);

/* Whether pages are there from the start: where they are short, shm_resize then says ENOSPC, and not SIGBUS later. */
enum shm_pages { SHM_SPARSE, SHM_WHOLE };
int shm_resize(int fd, size_t bytes, enum shm_pages pages);
int64_t shm_bytes(int fd);

#define SHM_PRIVATE (-1) /* in place of a descriptor: memory of this process and its children */
/* NULL with *error set. */
void *shm_map(int fd, size_t bytes, enum shm_pages pages, int *error);
void shm_unmap(void *start, size_t bytes);

/* Makes zeros of it, and gives whole pages back. */
void shm_discard(void *start, size_t bytes);
