/* The hooks of park_steps.h and shm_object.c: delays in the protocol, a count of sleeps that timed out, guarded mappings. */
#pragma once

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>

static _Atomic int delays_on;
static _Atomic long timed_out_count;

void park_test_timed_out(void);
void park_test_delay(void);
void *shm_test_map(int fd, size_t bytes, int *error);
void shm_test_unmap(void *base, size_t bytes);

void park_test_timed_out(void) { atomic_fetch_add(&timed_out_count, 1); }

/* Mostly nothing, sometimes up to some microseconds, seldom the processor. */
void park_test_delay(void) {
  static _Thread_local uint32_t state;
  if (!atomic_load_explicit(&delays_on, memory_order_relaxed)) return;
  if (state == 0) state = (uint32_t)(uintptr_t)&state | 1;
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  if (state % 4096 == 0) sched_yield();
  if (state % 4 != 0) return;
  for (volatile uint32_t turns = state / 4 % 2048; turns > 0; turns--) {}
}

/* One mapping for all sides in a process, so that ThreadSanitizer sees them share it, between pages nobody may touch. */
static struct mapping {
  void *base;
  ino_t inode;
  int users;
} mappings[8];
static pthread_mutex_t mappings_mutex = PTHREAD_MUTEX_INITIALIZER;

static struct mapping *find_mapping(ino_t inode, const void *base) {
  for (int i = 0; i < 8; i++) {
    if (mappings[i].users > 0 && (base != NULL ? mappings[i].base == base : mappings[i].inode == inode)) return &mappings[i];
  }
  return NULL;
}

static void *map_guarded(int fd, size_t bytes) {
  size_t page = 4096, room = (bytes + page - 1) / page * page;
  uint8_t *base = mmap(NULL, room + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) return base;
  return mmap(base + page, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
}

void *shm_test_map(int fd, size_t bytes, int *error) {
  struct stat status;
  fstat(fd, &status);
  pthread_mutex_lock(&mappings_mutex);
  struct mapping *mapping = find_mapping(status.st_ino, NULL);
  for (int i = 0; mapping == NULL && i < 8; i++) {
    if (mappings[i].users == 0) mapping = &mappings[i];
  }
  if (mapping->users++ == 0) *mapping = (struct mapping){map_guarded(fd, bytes), status.st_ino, 1};
  void *base = mapping->base;
  if (base == MAP_FAILED) mapping->users = 0;
  pthread_mutex_unlock(&mappings_mutex);
  *error = base == MAP_FAILED ? -ENOMEM : 0;
  return base == MAP_FAILED ? NULL : base;
}

void shm_test_unmap(void *base, size_t bytes) {
  pthread_mutex_lock(&mappings_mutex);
  struct mapping *mapping = find_mapping(0, base);
  if (--mapping->users == 0) munmap((uint8_t *)base - 4096, (bytes + 4095) / 4096 * 4096 + 8192);
  pthread_mutex_unlock(&mappings_mutex);
}
