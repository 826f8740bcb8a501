#include "abi.h"

#include <stddef.h>
#include <string.h>

#include "record/ledger.h"
#include "record/stream.h"
#include "session/setup.h"

/* In the order of src/native/layout.ts. */
static const uint32_t layout[] = {
    sizeof(struct channel_settings),
    offsetof(struct channel_settings, mechanism),
    offsetof(struct channel_settings, wait),
    offsetof(struct channel_settings, spin_ns),
    offsetof(struct channel_settings, silence_ns),
    offsetof(struct channel_settings, frame_bytes),
    offsetof(struct channel_settings, buffer_bytes),
    offsetof(struct channel_settings, port),
    offsetof(struct channel_settings, priority),
    offsetof(struct channel_settings, queue_depth),
    offsetof(struct channel_settings, endpoint),

    sizeof(struct session_settings),
    offsetof(struct session_settings, channel),
    offsetof(struct session_settings, payload_bytes),
    offsetof(struct session_settings, reply_payload_bytes),
    offsetof(struct session_settings, duration_ns),
    offsetof(struct session_settings, rate_microhertz),
    offsetof(struct session_settings, seed),
    offsetof(struct session_settings, arrival),
    offsetof(struct session_settings, burst),
    offsetof(struct session_settings, blocking),
    offsetof(struct session_settings, sheet),
    offsetof(struct session_settings, peer_sheet),
    offsetof(struct session_settings, trusts_peer),
    offsetof(struct session_settings, clocks_differ),
    offsetof(struct session_settings, error),

    sizeof(struct channel_effective),
    offsetof(struct channel_effective, send_buffer_bytes),
    offsetof(struct channel_effective, receive_buffer_bytes),
    offsetof(struct channel_effective, port),
    offsetof(struct channel_effective, queue_depth),
    offsetof(struct channel_effective, is_far),

    sizeof(struct distribution),
    offsetof(struct distribution, count),
    offsetof(struct distribution, min_ns),
    offsetof(struct distribution, max_ns),
    offsetof(struct distribution, sum_ns),
    offsetof(struct distribution, sum_of_squares_low),
    offsetof(struct distribution, sum_of_squares_high),
    offsetof(struct distribution, overflow_count),
    offsetof(struct distribution, buckets),

    sizeof(struct ledger),
    offsetof(struct ledger, cpu_now),
    offsetof(struct ledger, sent_count),
    offsetof(struct ledger, received_count),
    offsetof(struct ledger, duplicated_count),
    offsetof(struct ledger, reordered_count),
    offsetof(struct ledger, corrupt_count),
    offsetof(struct ledger, warmup_count),
    offsetof(struct ledger, room_wait_count),
    offsetof(struct ledger, room_wait_ns),
    offsetof(struct ledger, first_send_ns),
    offsetof(struct ledger, last_send_ns),
    offsetof(struct ledger, scheduled_span_ns),
    offsetof(struct ledger, last_receive_ns),
    offsetof(struct ledger, realtime_offset_ns),
    offsetof(struct ledger, same_cpu_count),
    offsetof(struct ledger, migration_count),
    offsetof(struct ledger, cpus_used),
    offsetof(struct ledger, stall_count),
    offsetof(struct ledger, stall_ns),
    offsetof(struct ledger, service),
    offsetof(struct ledger, response),
    offsetof(struct ledger, lateness),

    sizeof(struct ledger_file),
    offsetof(struct ledger_file, magic),
    offsetof(struct ledger_file, bytes),
    offsetof(struct ledger_file, sheet_count),
    offsetof(struct ledger_file, ring_capacity),
    offsetof(struct ledger_file, stop),
    offsetof(struct ledger_file, start_ns),
    offsetof(struct ledger_file, sheets),

    sizeof(struct row_format),
    offsetof(struct row_format, row_count),
    offsetof(struct row_format, has_schedule),
    offsetof(struct row_format, used_bytes),
    offsetof(struct row_format, separator),
    offsetof(struct row_format, before),
    offsetof(struct row_format, middle),
    offsetof(struct row_format, after),
    offsetof(struct row_format, end),
};

int32_t shim_abi_version(void) { return SHIM_ABI_VERSION; }

int32_t shim_layout(const uint32_t **values) {
  *values = layout;
  return (int32_t)(sizeof layout / sizeof layout[0]);
}

const char *shim_error_text(int32_t error) { return strerror(error < 0 ? -error : error); }
