/* Two sessions that exchange messages, with their ledgers, for tests. */
#pragma once

#include "session/state.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "record/ledger_file.h"
#include "check.h"

#define CLIENT 0
#define SERVER 1
#define WARMUP 11

static const uint32_t mechanisms[] = {
    MECHANISM_UDS, MECHANISM_TCP, MECHANISM_SHM_RING, MECHANISM_SHM_DIRECT,
#if defined(__linux__)
    MECHANISM_PMQ,
#endif
};

struct exchange {
  struct session_settings settings;
  struct ledger_file *file;
  struct session *sides[2];
  uint64_t count;
  int32_t type;
  int32_t with_payload;
};

/* ---- opening and closing ---- */

static inline struct session_settings settings_of(uint32_t mechanism, uint32_t blocking, uint64_t payload_bytes) {
  static int names;
  struct session_settings settings = {.payload_bytes = payload_bytes, .reply_payload_bytes = payload_bytes, .blocking = blocking};
  settings.channel.mechanism = mechanism;
  settings.channel.silence_ns = 10 * NS_PER_SECOND;
  const char *format = mechanism == MECHANISM_TCP ? "127.0.0.1" : mechanism == MECHANISM_UDS ? "/tmp/ipc-test-%d-%d" : "ipc-test-%d-%d";
  snprintf(settings.channel.endpoint, ENDPOINT_BYTES, format, (int)getpid(), names++);
  return settings;
}

static inline struct session *open_side(struct exchange *exchange, uint32_t sheet) {
  struct session_settings settings = exchange->settings;
  settings.sheet = sheet;
  settings.peer_sheet = 1 - sheet;
  struct session *session = session_open(&settings, exchange->file);
  CHECK(session != NULL && settings.error == 0);
  return session;
}

static inline void open_exchange(struct exchange *exchange) {
  struct channel_effective effective;
  exchange->file = ledger_file_private(2);
  exchange->sides[SERVER] = open_side(exchange, SERVER);
  CHECK_EQUAL(session_listen(exchange->sides[SERVER]), 0);
  session_effective(exchange->sides[SERVER], &effective);
  exchange->settings.channel.port = effective.port;
  exchange->sides[CLIENT] = open_side(exchange, CLIENT);
  CHECK_EQUAL(session_connect(exchange->sides[CLIENT]), 0);
  int32_t rc;
  while ((rc = session_accept(exchange->sides[SERVER], 100)) == -EAGAIN) {}
  CHECK_EQUAL(rc, 0);
  session_unlink(exchange->sides[SERVER]);
}

static inline void close_exchange(struct exchange *exchange) {
  session_close(exchange->sides[CLIENT]);
  session_close(exchange->sides[SERVER]);
  munmap(exchange->file, exchange->file->bytes);
}

static inline void check_nothing_wrong(const struct ledger *ledger, uint64_t corrupt) {
  CHECK_EQUAL(ledger->duplicated_count, 0);
  CHECK_EQUAL(ledger->reordered_count, 0);
  CHECK_EQUAL(ledger->corrupt_count, corrupt);
}
