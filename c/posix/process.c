#include "plat/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

/* ---- CPUs ---- */

int32_t process_allowed_cpus(uint64_t *words, int32_t word_count) {
  memset(words, 0, (size_t)word_count * sizeof *words);
#if defined(__linux__)
  /* The system call, unlike its wrapper, takes any size and says how much it wrote. */
  long bytes = syscall(SYS_sched_getaffinity, 0, (size_t)word_count * sizeof *words, words);
  return bytes < 0 ? -errno : 0;
#else
  return -ENOTSUP;
#endif
}

int32_t process_pin(int32_t cpu) {
#if defined(__linux__)
  uint64_t words[LEDGER_CPU_WORDS] = {0};
  if (cpu < 0 || cpu >= LEDGER_CPU_WORDS * 64) return -EINVAL;
  words[cpu / 64] = UINT64_C(1) << (cpu % 64);
  int32_t rc = process_keep_to(words, LEDGER_CPU_WORDS);
  if (rc == 0) ledger_keep_to_cpu(cpu);
  return rc;
#else
  (void)cpu;
  return -ENOTSUP;
#endif
}

int32_t process_keep_to(const uint64_t *words, int32_t word_count) {
  ledger_keep_to_cpu(-1);
#if defined(__linux__)
  return syscall(SYS_sched_setaffinity, 0, (size_t)word_count * sizeof *words, words) < 0 ? -errno : 0;
#else
  (void)words;
  (void)word_count;
  return -ENOTSUP;
#endif
}

/* ---- descriptors ---- */

int32_t process_own_descriptors(void) {
#if defined(__linux__)
  return unshare(CLONE_FILES) < 0 ? -errno : 0;
#else
  return -ENOTSUP;
#endif
}

/* ---- life and death ---- */

static stop_flag *stop_on_signal;

static void on_signal(int number) {
  (void)number;
  atomic_store_explicit(stop_on_signal, 1, memory_order_relaxed);
}

int32_t process_become_role(struct ledger_file *file, int32_t parent_pid, int32_t catch_signals) {
  stop_on_signal = &file->stop;
  if (catch_signals) {
    /* No SA_RESTART: a system call that sleeps returns at once and finds the flag. */
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
      if (sigaction(numbers[i], &action, NULL) != 0) return -errno;
    }
  }
#if defined(__GLIBC__)
  /* Frames of 16 MiB come and go; from the first that is freed the allocator would learn to keep blocks of that size for good. */
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
#if defined(__linux__)
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  if (parent_pid > 0 && prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0) return -errno;
#endif
  return parent_pid > 0 && getppid() != parent_pid ? -ECANCELED : 0;
}

/* ---- the ledger's memory ---- */

static int anonymous_memory(void) {
#if defined(__linux__) && defined(SYS_memfd_create)
  int fd = (int)syscall(SYS_memfd_create, "ipc-benchmark-ledger", 0u);
  if (fd >= 0) return fd;
#endif
  /* Unlinked before anything can go wrong; also where a seccomp filter refuses memfd_create. */
  char name[32];
  snprintf(name, sizeof name, "/ipcb-ledger-%llx", (unsigned long long)clock_now_ns() * 0x9E3779B97F4A7C15u ^ (unsigned)getpid());
  int shared = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
  if (shared < 0) return -errno;
  shm_unlink(name);
  fcntl(shared, F_SETFD, 0);
  return shared;
}

static struct ledger_file *map(int fd, size_t bytes, int flags, int32_t *error) {
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
  *error = memory == MAP_FAILED ? -errno : 0;
  return memory == MAP_FAILED ? NULL : memory;
}

/* Writes to every page without changing it, as another process may already use the memory. */
static void touch_pages(void *start, size_t length) {
  size_t offset = (uintptr_t)start % (size_t)sysconf(_SC_PAGESIZE);
  uint8_t *memory = (uint8_t *)start - offset;
  size_t bytes = length + offset;
#if defined(MADV_POPULATE_WRITE)
  if (madvise(memory, bytes, MADV_POPULATE_WRITE) == 0) return;
#endif
  size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
  for (size_t at = 0; at < bytes; at += page_bytes) {
    atomic_fetch_add_explicit((_Atomic uint64_t *)(memory + at), 0, memory_order_relaxed);
  }
}

int32_t ledger_file_create(int32_t sheet_count, int32_t ring_capacity) {
  int fd = anonymous_memory();
  if (fd < 0) return fd;
  size_t bytes = ledger_file_bytes((uint32_t)sheet_count, (uint64_t)ring_capacity);
  int32_t error = ftruncate(fd, (off_t)bytes) != 0 ? -errno : 0;
  struct ledger_file *file = error != 0 ? NULL : map(fd, bytes, MAP_SHARED, &error);
  if (file == NULL) {
    close(fd);
    return error;
  }
  ledger_file_init(file, (uint32_t)sheet_count, (uint64_t)ring_capacity);
  munmap(file, bytes);
  return fd;
}

struct ledger_file *ledger_file_map(int32_t fd, int32_t *error) {
  struct stat status;
  *error = fstat(fd, &status) != 0 ? -errno : status.st_size < (off_t)sizeof(struct ledger_file) ? -EPROTO : 0;
  struct ledger_file *file = *error != 0 ? NULL : map(fd, (size_t)status.st_size, MAP_SHARED, error);
  if (file == NULL) return NULL;
  if (file->magic == LEDGER_MAGIC && file->bytes == (uint64_t)status.st_size) return file;
  munmap(file, (size_t)status.st_size);
  *error = -EPROTO;
  return NULL;
}

void ledger_file_touch(struct ledger_file *file, int32_t first_sheet, int32_t sheet_count) {
  touch_pages(file, sizeof *file);
  touch_pages(&file->sheets[first_sheet], (size_t)sheet_count * sizeof file->sheets[0]);
  if (file->ring_capacity == 0 || sheet_count == 0) return;
  uint8_t *first = (uint8_t *)ledger_ring(file, (uint32_t)first_sheet);
  size_t ring_bytes = (size_t)(file->bytes - ledger_file_bytes((uint32_t)file->sheet_count, 0)) / file->sheet_count;
  touch_pages(first, (size_t)sheet_count * ring_bytes);
}

void ledger_file_unmap(struct ledger_file *file) { munmap(file, file->bytes); }

struct ledger_file *ledger_file_private(int32_t sheet_count) {
  int32_t error;
  struct ledger_file *file = map(-1, ledger_file_bytes((uint32_t)sheet_count, 0), MAP_SHARED | MAP_ANONYMOUS, &error);
  if (file == NULL) return NULL;
  ledger_file_init(file, (uint32_t)sheet_count, 0);
  touch_pages(file, file->bytes);
  return file;
}
