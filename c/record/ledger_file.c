#include "record/ledger_file.h"

#include <errno.h>

#include "plat/pages.h"
#include "plat/shm.h"

int32_t ledger_file_create(int32_t sheet_count, int32_t ring_capacity) {
  int fd = shm_create_inherited();
  if (fd < 0) return fd;
  size_t bytes = ledger_file_bytes((uint32_t)sheet_count, (uint64_t)ring_capacity);
  int32_t error = shm_resize(fd, bytes, SHM_SPARSE);
  struct ledger_file *file = error != 0 ? NULL : shm_map(fd, bytes, SHM_SPARSE, &error);
  if (file == NULL) {
    shm_close(fd);
    return error;
  }
  ledger_file_init(file, (uint32_t)sheet_count, (uint64_t)ring_capacity);
  shm_unmap(file, bytes);
  return fd;
}

struct ledger_file *ledger_file_map(int32_t fd, int32_t *error) {
  int64_t bytes = shm_bytes(fd);
  *error = bytes < 0 ? (int32_t)bytes : bytes < (int64_t)sizeof(struct ledger_file) ? -EPROTO : 0;
  struct ledger_file *file = *error != 0 ? NULL : shm_map(fd, (size_t)bytes, SHM_SPARSE, error);
  if (file == NULL) return NULL;
  if (file->magic == LEDGER_MAGIC && file->bytes == (uint64_t)bytes) return file;
  shm_unmap(file, (size_t)bytes);
  *error = -EPROTO;
  return NULL;
}

void ledger_file_touch(struct ledger_file *file, int32_t first_sheet, int32_t sheet_count) {
  pages_touch(file, sizeof *file);
  pages_touch(&file->sheets[first_sheet], (size_t)sheet_count * sizeof file->sheets[0]);
  if (file->ring_capacity == 0 || sheet_count == 0) return;
  uint8_t *first = (uint8_t *)ledger_ring(file, (uint32_t)first_sheet);
  size_t ring_bytes = (size_t)(file->bytes - ledger_file_bytes((uint32_t)file->sheet_count, 0)) / file->sheet_count;
  pages_touch(first, (size_t)sheet_count * ring_bytes);
}

void ledger_file_unmap(struct ledger_file *file) { shm_unmap(file, file->bytes); }

struct ledger_file *ledger_file_private(int32_t sheet_count) {
  int32_t error;
  struct ledger_file *file = shm_map(SHM_PRIVATE, ledger_file_bytes((uint32_t)sheet_count, 0), SHM_SPARSE, &error);
  if (file == NULL) return NULL;
  ledger_file_init(file, (uint32_t)sheet_count, 0);
  pages_touch(file, file->bytes);
  return file;
}
