import { FFIType } from "bun:ffi";

/**
 * The shim's functions. Addresses cross as numbers, and what is passed for every message as doubles: a BigInt would cost more
 * than the call, and an i32, which Bun checks against its range, costs 15 ns (a double or an address next to nothing).
 * What each does is said in c/session/{setup,loop,notes,event_loop,waiter}.h, c/mechanism/channel.h,
 * c/mechanism/parts/socket_options.h, c/record, c/plat/{clock,thread,process,rt}.h and c/abi.h.
 */
const { ptr, i32, i64, f64, cstring, function: callback } = FFIType;
const nothing = FFIType.void;

export const SYMBOLS = {
  shim_abi_version: { args: [], returns: i32 },
  shim_layout: { args: [ptr], returns: i32 },
  shim_error_text: { args: [i32], returns: cstring },

  session_open: { args: [ptr, ptr], returns: ptr },
  session_agree: { args: [ptr, ptr], returns: i32 },
  session_close: { args: [ptr], returns: nothing },
  session_listen: { args: [ptr], returns: i32 },
  session_listen_after: { args: [ptr, ptr], returns: i32 },
  session_accept: { args: [ptr, i32], returns: i32 },
  session_connect: { args: [ptr], returns: i32 },
  session_unlink: { args: [ptr], returns: nothing },
  session_effective: { args: [ptr, ptr], returns: nothing },
  session_use_thread: { args: [ptr], returns: nothing },
  session_use_schedule: { args: [ptr, f64, i32, i32, f64], returns: i32 },
  session_use_sheets: { args: [ptr, i32, i32], returns: i32 },
  session_start: { args: [ptr, f64], returns: nothing },
  session_send: { args: [ptr, f64, f64], returns: i32 },
  session_send_note: { args: [ptr, i32, ptr, i32], returns: i32 },
  session_send_many: { args: [ptr, f64, f64, f64, f64], returns: i32 },
  session_answer_many: { args: [ptr, f64], returns: i32 },
  session_rest: { args: [ptr], returns: nothing },
  session_reply: { args: [ptr, f64], returns: i32 },
  session_flush: { args: [ptr], returns: i32 },
  session_receive: { args: [ptr], returns: i32 },
  session_received_type: { args: [ptr], returns: i32 },
  session_payload_bytes: { args: [ptr], returns: f64 },
  session_read_note: { args: [ptr, ptr, i32], returns: i32 },
  session_pause: { args: [ptr, f64], returns: i32 },
  session_end_pause: { args: [ptr], returns: i32 },
  session_until_due: { args: [ptr, f64, f64], returns: i32 },
  session_send_now: { args: [ptr, f64, f64], returns: i32 },
  session_flush_now: { args: [ptr], returns: i32 },
  session_receive_soon: { args: [ptr], returns: i32 },
  session_begin_send: { args: [ptr, f64, f64], returns: i32 },
  session_begin_note: { args: [ptr, i32, ptr, i32], returns: i32 },
  session_begin_reply: { args: [ptr, f64], returns: i32 },
  session_out: { args: [ptr], returns: ptr },
  session_settle: { args: [ptr], returns: nothing },
  session_await_room: { args: [ptr], returns: nothing },
  session_end_send: { args: [ptr], returns: i32 },
  session_feed: { args: [ptr, ptr, i32], returns: i32 },

  waiter_open: { args: [ptr, callback], returns: ptr },
  waiter_arm: { args: [ptr, i32], returns: nothing },
  waiter_close: { args: [ptr], returns: nothing },

  socket_tune: { args: [i32, f64], returns: i32 },
  socket_effective: { args: [i32, ptr], returns: nothing },

  clock_monotonic_ns: { args: [], returns: i64 },
  clock_realtime_offset_ns: { args: [], returns: i64 },

  probe_clock_cost_ns: { args: [i32], returns: f64 },
  probe_clock_step_ns: { args: [i32], returns: f64 },
  probe_clock_backward_steps: { args: [i32], returns: i32 },
  probe_record_cost_ns: { args: [ptr, i32, i32], returns: f64 },

  process_allowed_cpus: { args: [ptr, i32], returns: i32 },
  process_pin: { args: [i32], returns: i32 },
  process_keep_to: { args: [ptr, i32], returns: i32 },
  process_own_descriptors: { args: [], returns: i32 },
  process_follow: { args: [ptr, i32, i32], returns: i32 },
  endpoint_take_over: { args: [i32, ptr], returns: i32 },
  endpoint_remove: { args: [i32, ptr], returns: i32 },
  ledger_file_create: { args: [i32, i32], returns: i32 },
  ledger_file_map: { args: [i32, ptr], returns: ptr },
  ledger_file_touch: { args: [ptr, i32, i32], returns: nothing },
  ledger_file_unmap: { args: [ptr], returns: nothing },
  ledger_file_private: { args: [i32], returns: ptr },
  ledger_set_start: { args: [ptr, f64], returns: nothing },
  ledger_await_start: { args: [ptr, f64], returns: i32 },
  ledger_clear: { args: [ptr, i32], returns: nothing },

  stream_drain: { args: [ptr, i32, i32, ptr, ptr, ptr, ptr, i32], returns: i32 },

  rt_use_fifo: { args: [i32], returns: i32 },
  rt_follow_fifo: { args: [], returns: i32 },
  rt_lock_memory: { args: [], returns: i32 },
  rt_prefault_stack: { args: [i32], returns: i32 },
  rt_use_timer_slack: { args: [i32], returns: i32 },
} as const;
