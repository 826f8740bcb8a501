/**
 * The structs that C and TypeScript share, declared once on this side in C's order. `findLayoutMismatch` compares every size
 * and offset with what the shim reports of itself (c/abi.c), so a mismatch ends the program before memory is touched.
 */

import { HISTOGRAM_COUNTS, SHARED_NUMBERS } from "./numbers.ts";

type Scalar = "u32" | "i32" | "u64" | "i64";
type FieldType = Scalar | { readonly bytes: number; readonly align: number };
/** Name, type and, where C says _Alignas, the alignment. */
type Field<Name extends string> = readonly [name: Name, type: FieldType, align?: number];

export interface StructLayout<Name extends string> {
  readonly name: string;
  readonly bytes: number;
  readonly align: number;
  readonly offsets: Readonly<Record<Name, number>>;
  readonly types: Readonly<Record<Name, FieldType>>;
}

/** As c/plat/line.h has it. */
export const SHARED_LINE_BYTES = 128;

const sizeOf = (type: FieldType) => (typeof type === "object" ? type.bytes : type.endsWith("32") ? 4 : 8);
const alignOf = (type: FieldType) => (typeof type === "object" ? type.align : sizeOf(type));
const roundUp = (value: number, to: number) => Math.ceil(value / to) * to;

/** Offsets by the rules that C compilers share on every target here (System V x86-64, AAPCS64). */
function struct<Name extends string>(name: string, fields: readonly Field<Name>[]): StructLayout<Name> {
  const offsets = {} as Record<Name, number>;
  const types = {} as Record<Name, FieldType>;
  let end = 0;
  let align = 1;
  for (const [field, type, forcedAlign] of fields) {
    const fieldAlign = forcedAlign ?? alignOf(type);
    offsets[field] = roundUp(end, fieldAlign);
    types[field] = type;
    end = offsets[field] + sizeOf(type);
    align = Math.max(align, fieldAlign);
  }
  return { name, bytes: roundUp(end, align), align, offsets, types };
}

const embedded = (layout: StructLayout<string>): FieldType => ({ bytes: layout.bytes, align: layout.align });
const characters = (bytes: number): FieldType => ({ bytes, align: 1 });
const words = (count: number): FieldType => ({ bytes: count * 8, align: 8 });

export const CPU_WORDS = 16;
export const ENDPOINT_BYTES = 256;

export const CHANNEL_SETTINGS = struct("channel_settings", [
  ["mechanism", "u32"],
  ["wait", "u32"],
  ["spin_ns", "i64"],
  ["silence_ns", "i64"],
  ["frame_bytes", "u64"],
  ["buffer_bytes", "u64"],
  ["port", "u32"],
  ["priority", "u32"],
  ["queue_depth", "u32"],
  ["endpoint", characters(ENDPOINT_BYTES)],
]);

export const SESSION_SETTINGS = struct("session_settings", [
  ["channel", embedded(CHANNEL_SETTINGS)],
  ["payload_bytes", "u64"],
  ["reply_payload_bytes", "u64"],
  ["duration_ns", "i64"],
  ["rate_microhertz", "u64"],
  ["seed", "u64"],
  ["arrival", "u32"],
  ["burst", "u32"],
  ["blocking", "u32"],
  ["sheet", "u32"],
  ["peer_sheet", "u32"],
  ["trusts_peer", "u32"],
  ["clocks_differ", "u32"],
  ["sends_requests", "u32"],
  ["error", "i32"],
]);

export const CHANNEL_EFFECTIVE = struct("channel_effective", [
  ["send_buffer_bytes", "u64"],
  ["receive_buffer_bytes", "u64"],
  ["port", "u32"],
  ["queue_depth", "u32"],
  ["is_far", "u32"],
]);

export const DISTRIBUTION = struct("distribution", [
  ["count", "u64"],
  ["min_ns", "u64"],
  ["max_ns", "u64"],
  ["sum_ns", "u64"],
  ["sum_of_squares_low", "u64"],
  ["sum_of_squares_high", "u64"],
  ["overflow_count", "u64"],
  ["last_index", "u64"],
  ["buckets", words(HISTOGRAM_COUNTS)],
  // One more for values beyond the last bucket, which nobody reads.
  ["rises", words(HISTOGRAM_COUNTS + 1)],
]);

export const LEDGER = struct("ledger", [
  ["cpu_now", "u32", SHARED_LINE_BYTES],
  ["received_count", "u64", SHARED_LINE_BYTES],
  ["last_receive_ns", "i64", SHARED_LINE_BYTES],
  ["same_cpu_count", "u64"],
  ["duplicated_count", "u64"],
  ["reordered_count", "u64"],
  ["corrupt_count", "u64"],
  ["warmup_count", "u64"],
  ["sent_count", "u64"],
  ["last_send_ns", "i64"],
  ["schedule_start_ns", "i64"],
  ["scheduled_span_ns", "i64"],
  ["room_wait_count", "u64"],
  ["room_wait_ns", "u64"],
  ["first_send_ns", "i64"],
  ["realtime_offset_ns", "i64"],
  ["migration_count", "u64"],
  ["cpus_used", words(CPU_WORDS)],
  ["stall_count", "u64"],
  ["stall_ns", "u64"],
  ["slept_count", "u64"],
  ["service", embedded(DISTRIBUTION)],
  ["response", embedded(DISTRIBUTION)],
  ["lateness", embedded(DISTRIBUTION)],
]);

export const LEDGER_FILE = struct("ledger_file", [
  ["magic", "u64"],
  ["bytes", "u64"],
  ["sheet_count", "u64"],
  ["ring_capacity", "u64"],
  ["stop", "u32", SHARED_LINE_BYTES],
  ["start_ns", "i64"],
  ["sheets", { bytes: 0, align: SHARED_LINE_BYTES }],
]);

export const ROW_FORMAT = struct("row_format", [
  ["row_count", "u64"],
  ["has_schedule", "u32"],
  ["used_bytes", "u32"],
  ["separator", characters(8)],
  ["before", characters(8)],
  ["middle", characters(96)],
  ["after", characters(64)],
  ["end", characters(8)],
]);

/** In the order in which c/abi.c reports them. */
const SHARED: readonly StructLayout<string>[] = [
  CHANNEL_SETTINGS,
  SESSION_SETTINGS,
  CHANNEL_EFFECTIVE,
  DISTRIBUTION,
  LEDGER,
  LEDGER_FILE,
  ROW_FORMAT,
];

/**
 * Compares the declared layouts with the shim's own.
 * @param reported sizes and offsets, struct after struct, as `shim_layout` returns them
 * @returns what differs, in words, or null
 */
export function findLayoutMismatch(reported: Uint32Array): string | null {
  const declared = SHARED.flatMap((layout) => [
    { what: `sizeof ${layout.name}`, value: layout.bytes },
    ...Object.entries(layout.offsets).map(([field, value]) => ({
      what: `offsetof ${layout.name}.${field}`,
      value,
    })),
  ]);
  for (const [name, value] of SHARED_NUMBERS) declared.push({ what: name, value });
  for (const [i, { what, value }] of declared.entries()) {
    if (reported[i] !== value) return `${what} is ${value} here and ${reported[i] ?? "missing"} in the shim`;
  }
  return reported.length === declared.length
    ? null
    : `the shim shares ${reported.length} figures, expected ${declared.length}`;
}
