#include "abi.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "record/ledger.h"
#include "record/stream.h"
#include "message/frame.h"
#include "plat/rt.h"
#include "session/loop.h"
#include "session/notes.h"
#include "session/schedule.h"
#include "session/setup.h"
#include "session/waiter.h"

/* In the order of src/native/layout.ts: of each struct its size, then where its members lie; then numbers. */
#define SIZE(type) sizeof(struct type)
#define AT(type, member) offsetof(struct type, member)
static const uint32_t layout[] = {
    SIZE(channel_settings), AT(channel_settings, mechanism), AT(channel_settings, wait),
    AT(channel_settings, spin_ns), AT(channel_settings, silence_ns), AT(channel_settings, frame_bytes),
    AT(channel_settings, buffer_bytes), AT(channel_settings, port), AT(channel_settings, priority),
    AT(channel_settings, queue_depth), AT(channel_settings, endpoint),

    SIZE(session_settings), AT(session_settings, channel), AT(session_settings, payload_bytes),
    AT(session_settings, reply_payload_bytes), AT(session_settings, duration_ns),
    AT(session_settings, rate_microhertz), AT(session_settings, seed), AT(session_settings, arrival),
    AT(session_settings, burst), AT(session_settings, blocking), AT(session_settings, sheet),
    AT(session_settings, peer_sheet), AT(session_settings, trusts_peer), AT(session_settings, clocks_differ),
    AT(session_settings, sends_requests),
    AT(session_settings, error),

    SIZE(channel_effective), AT(channel_effective, send_buffer_bytes), AT(channel_effective, receive_buffer_bytes),
    AT(channel_effective, port), AT(channel_effective, queue_depth), AT(channel_effective, is_far),

    SIZE(distribution), AT(distribution, count), AT(distribution, min_ns), AT(distribution, max_ns),
    AT(distribution, sum_ns), AT(distribution, sum_of_squares_low), AT(distribution, sum_of_squares_high),
    AT(distribution, overflow_count), AT(distribution, last_index), AT(distribution, buckets), AT(distribution, rises),

    SIZE(ledger), AT(ledger, cpu_now), AT(ledger, received_count), AT(ledger, last_receive_ns),
    AT(ledger, same_cpu_count), AT(ledger, duplicated_count), AT(ledger, reordered_count), AT(ledger, corrupt_count),
    AT(ledger, warmup_count), AT(ledger, sent_count), AT(ledger, last_send_ns), AT(ledger, schedule_start_ns),
    AT(ledger, scheduled_span_ns),
    AT(ledger, room_wait_count), AT(ledger, room_wait_ns), AT(ledger, first_send_ns), AT(ledger, realtime_offset_ns),
    AT(ledger, migration_count), AT(ledger, cpus_used), AT(ledger, stall_count),
    AT(ledger, stall_ns), AT(ledger, slept_count), AT(ledger, service), AT(ledger, response), AT(ledger, lateness),

    SIZE(ledger_file), AT(ledger_file, magic), AT(ledger_file, bytes), AT(ledger_file, sheet_count),
    AT(ledger_file, ring_capacity), AT(ledger_file, stop), AT(ledger_file, start_ns), AT(ledger_file, sheets),

    SIZE(row_format), AT(row_format, row_count), AT(row_format, has_schedule), AT(row_format, used_bytes),
    AT(row_format, separator), AT(row_format, before), AT(row_format, middle), AT(row_format, after),
    AT(row_format, end),

    /* The numbers of src/native/numbers.ts. */
    FRAME_ONE_WAY, FRAME_REQUEST, FRAME_RESPONSE, FRAME_PING, FRAME_PONG, FRAME_SHUTDOWN,
    MECHANISM_UDS, MECHANISM_TCP, MECHANISM_SHM_RING, MECHANISM_SHM_DIRECT, MECHANISM_PMQ, MECHANISM_FED, MECHANISM_NULL,
    WAIT_BLOCK, WAIT_SPIN, WAIT_HYBRID, ARRIVAL_CONSTANT, ARRIVAL_POISSON, ARRIVAL_BURST,
    WAITER_READABLE, WAITER_WRITABLE, WAITER_PAUSE, WAITER_CLIENT,
    DUE_NOW, DUE_WINDOW_OVER, DUE_SOON, DUE_RECEIVED, WINDOW_OVER, NO_REPLY, NOTE_BYTES, FRAME_OVERHEAD, NO_SHEET,
    HISTOGRAM_COUNTS, HISTOGRAM_LIMIT_NS / NS_PER_SECOND, MOST_QUEUED, RT_LOCKED_FUTURE, SLOWEST_NS_PER_BYTE,
    FRAME_PAYLOAD_LIMIT, EOWNERDEAD,
};

int32_t shim_abi_version(void) { return SHIM_ABI_VERSION; }

int32_t shim_layout(const uint32_t **values) {
  *values = layout;
  return (int32_t)(sizeof layout / sizeof layout[0]);
}

const char *shim_error_text(int32_t error) { return strerror(error < 0 ? -error : error); }
