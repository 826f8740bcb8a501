/* Names that outlive a process: of shared memory and of message queues. They are removed by whoever is left when their owner could not. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* How things of one kind are opened for reading and writing (a descriptor, or less than 0 and errno), and how their names are removed. */
struct name_kind {
  int (*open)(const char *name);
  int (*remove)(const char *name);
};

/* `endpoint` with a slash in front and `suffix` behind, cut off at `capacity`; its length. */
int name_write(char *name, size_t capacity, const char *endpoint, const char *suffix);

/* 0 also if there is none. */
int name_remove(const struct name_kind *kind, const char *name);
/* Only if the name still stands for what `fd` is, as the other side may have removed it and somebody else taken it. */
void name_remove_own(const struct name_kind *kind, const char *name, int fd);

/* A byte that nobody else claims (life.h): of several that find a dead object, the one who has it may remove the name. */
#define HEIR_BYTE 7
/* Removes the name if nobody holds `owner_byte` of `fd`, which was found under it. 0, or -EADDRINUSE if its owner lives. */
int name_inherit(const struct name_kind *kind, const char *name, int fd, int owner_byte, const _Atomic int64_t *owner_pid);
