import { toArrayBuffer } from "bun:ffi";
import { closeSync } from "node:fs";
import { RunError } from "../plan/errors.ts";
import { BUCKET_COUNT } from "../stats/histogram.ts";
import type { LatencySnapshot } from "../stats/snapshot.ts";
import { DISTRIBUTION, LEDGER, LEDGER_FILE } from "./layout.ts";
import { type Address, addressOf, errorText, native } from "./library.ts";
import { StructView } from "./struct-view.ts";

const SHEETS_OF_A_CLIENT = 2;

/** Sheet of a client, from 0, and of its server side, as c/record/ledger.h orders them. */
export const clientSheetOf = (worker: number) => worker * SHEETS_OF_A_CLIENT;
export const serverSheetOf = (worker: number) => worker * SHEETS_OF_A_CLIENT + 1;

/** Those of the first client, in most cases the only one. */
export const CLIENT_SHEET = clientSheetOf(0);
export const SERVER_SHEET = serverSheetOf(0);

/** The counters of one side, each below 2^53. */
export interface LedgerCounts {
  readonly sent: number;
  readonly received: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly corrupt: number;
  readonly warmup: number;
  readonly roomWaits: number;
  readonly roomWaitNs: number;
  readonly sameCpu: number;
  readonly migrations: number;
  /** Times and for how long this side waited, between messages, for the reader of its records. */
  readonly stalls: number;
  readonly stallNs: number;
  /** Messages before which their sender slept. */
  readonly slept: number;
  readonly usedCpus: readonly number[];
  /** CLOCK_MONOTONIC; null: none yet. */
  readonly firstSendNs: bigint | null;
  readonly lastSendNs: bigint | null;
  /** The due moment of the first message; null: none was sent by a schedule. */
  readonly scheduleStartNs: bigint | null;
  /** From the due moment of the first message to that of the last one sent; 0 without a schedule. */
  readonly scheduledSpanNs: bigint;
  readonly lastReceiveNs: bigint | null;
  /** To be added to CLOCK_MONOTONIC for the wall clock; null: the measured phase was not reached. */
  readonly realtimeOffsetNs: bigint | null;
}

/** The clock of the stamps in a ledger. */
export function monotonicNowNs(): bigint {
  return native().clock_monotonic_ns();
}
/** Moments, 0 for "none yet". */
type TimeField = "first_send_ns" | "last_send_ns" | "schedule_start_ns" | "last_receive_ns" | "realtime_offset_ns";

/** Numbers of the set bits, word after word. */
export function bitNumbers(words: BigUint64Array): number[] {
  const numbers: number[] = [];
  words.forEach((word, i) => {
    for (let bit = 0; bit < 64; bit++) if ((word >> BigInt(bit)) & 1n) numbers.push(i * 64 + bit);
  });
  return numbers;
}

/** Of values that a peer reported without saying how they followed each other there is nothing. */
export function risesIn(words: BigUint64Array): BigInt64Array | null {
  // The first value rises from bucket 0, unless all lie there.
  return words[0] === 0n ? null : new BigInt64Array(words.buffer, words.byteOffset, BUCKET_COUNT);
}

/** The shared memory of one cell (c/record/ledger.h), as any of its processes sees it. */
export class LedgerFile {
  #memory: ArrayBuffer;
  #stop: Int32Array;
  /** Sides of connections: two for each client. */
  readonly sheetCount: number;
  /** Records that wait for their reader, a sheet; 0: nobody streams. */
  readonly ringCapacity: number;

  private constructor(
    readonly address: Address,
    /** To be inherited by the roles; null when the memory is this process's alone. */
    readonly fd: number | null,
  ) {
    const header = toArrayBuffer(address, 0, LEDGER_FILE.bytes);
    const view = new StructView(LEDGER_FILE, header);
    this.sheetCount = view.getNumber("sheet_count");
    this.ringCapacity = view.getNumber("ring_capacity");
    this.#memory = toArrayBuffer(address, 0, view.getNumber("bytes"));
    this.#stop = new Int32Array(this.#memory, LEDGER_FILE.offsets.stop, 1);
  }

  /** The stop flag, for a process that is to set it on a signal (c/plat/process.h). */
  get stopAddress(): Address {
    return (this.address + LEDGER_FILE.offsets.stop) as Address;
  }

  /** Clients that there are sheets for. */
  get clientCount(): number {
    return this.sheetCount / SHEETS_OF_A_CLIENT;
  }

  /**
   * A new one, without a name; each sheet with a ring for `ringCapacity` records (a power of two, or 0). Unless `isWhole`, its
   * sheets take memory only once they are used. @throws RunError
   */
  static create(sheetCount: number, ringCapacity = 0, isWhole = true): LedgerFile {
    const fd = native().ledger_file_create(sheetCount, ringCapacity);
    if (fd < 0) throw new RunError(`no shared memory for the results: ${errorText(fd)}`);
    const file = LedgerFile.inherit(fd);
    if (isWhole) file.touch(0, sheetCount);
    return file;
  }

  /** The one behind an inherited descriptor. @throws RunError */
  static inherit(fd: number): LedgerFile {
    const error = new Int32Array(1);
    const address = addressOf(native().ledger_file_map(fd, error));
    if (address === null)
      throw new RunError(`the shared memory for the results can't be used: ${errorText(error[0]!)}`);
    return new LedgerFile(address, fd);
  }

  /** The same memory as another thread of this process has it. */
  static at(address: Address): LedgerFile {
    return new LedgerFile(address, null);
  }

  /** Memory of this process alone. @throws RunError */
  static private(sheetCount: number): LedgerFile {
    const address = addressOf(native().ledger_file_private(sheetCount));
    if (address === null) throw new RunError("no memory for the results");
    return new LedgerFile(address, null);
  }

  /** Gives descriptor and memory back; any use after that throws. */
  close(): void {
    if (this.fd !== null) closeSync(this.fd);
    this.#memory = new ArrayBuffer(0);
    this.#stop = new Int32Array(0);
    native().ledger_file_unmap(this.address);
  }

  /** Has these sheets in memory, so that no measured message pays for a first touch. */
  touch(firstSheet: number, sheetCount: number): void {
    native().ledger_file_touch(this.address, firstSheet, sheetCount);
  }

  /** A sheet as new, for another connection; nobody may be using it. */
  clear(sheetIndex: number): void {
    native().ledger_clear(this.address, sheetIndex);
  }

  /** Says when all clients begin: `leadNs` from now. */
  setStart(leadNs: number): void {
    native().ledger_set_start(this.address, leadNs);
  }

  /** Waits for that moment, and `shiftNs` more: 0, or an error of errno.ts if the run is stopped meanwhile. */
  awaitStart(shiftNs: number): number {
    return native().ledger_await_start(this.address, shiftNs);
  }

  /** Makes every loop on this ledger end with CANCELED, within a slice of its wait. */
  requestStop(): void {
    Atomics.store(this.#stop, 0, 1);
  }

  /** The signal that set it and the process that got it; null for none. As plat/wait.h has it. */
  get stoppedBy(): { readonly pid: number; readonly signal: number } | null {
    const flag = Atomics.load(this.#stop, 0);
    return flag <= 1 ? null : { pid: flag >>> 7, signal: flag & 127 };
  }

  get isStopping(): boolean {
    return Atomics.load(this.#stop, 0) !== 0;
  }

  /** One side's own struct, as it lies in the memory. */
  sheet(index: number): StructView<keyof typeof LEDGER.offsets> {
    return new StructView(LEDGER, this.#memory, LEDGER_FILE.offsets.sheets + index * LEDGER.bytes);
  }

  /** A number that changes whenever that side handled a message. */
  progressOf(sheetIndex: number): bigint {
    const sheet = this.sheet(sheetIndex);
    return sheet.get("sent_count") + sheet.get("received_count") + sheet.get("warmup_count");
  }

  /** A number that changes whenever any side handled a message. */
  progress(): bigint {
    return Array.from({ length: this.sheetCount }, (_, i) => this.progressOf(i)).reduce((a, b) => a + b, 0n);
  }

  counts(sheetIndex: number): LedgerCounts {
    const sheet = this.sheet(sheetIndex);
    const time = (field: TimeField) => {
      const value = sheet.get(field);
      return value === 0n ? null : value;
    };
    return {
      sent: sheet.getNumber("sent_count"),
      received: sheet.getNumber("received_count"),
      duplicated: sheet.getNumber("duplicated_count"),
      reordered: sheet.getNumber("reordered_count"),
      corrupt: sheet.getNumber("corrupt_count"),
      warmup: sheet.getNumber("warmup_count"),
      roomWaits: sheet.getNumber("room_wait_count"),
      roomWaitNs: sheet.getNumber("room_wait_ns"),
      sameCpu: sheet.getNumber("same_cpu_count"),
      migrations: sheet.getNumber("migration_count"),
      stalls: sheet.getNumber("stall_count"),
      stallNs: sheet.getNumber("stall_ns"),
      slept: sheet.getNumber("slept_count"),
      usedCpus: bitNumbers(sheet.words("cpus_used")),
      firstSendNs: time("first_send_ns"),
      lastSendNs: time("last_send_ns"),
      scheduleStartNs: time("schedule_start_ns"),
      scheduledSpanNs: sheet.get("scheduled_span_ns"),
      lastReceiveNs: time("last_receive_ns"),
      realtimeOffsetNs: time("realtime_offset_ns"),
    };
  }

  distribution(sheetIndex: number, which: "service" | "response" | "lateness"): LatencySnapshot {
    const latency = this.sheet(sheetIndex).nested(which, DISTRIBUTION);
    return {
      bucketCounts: latency.words("buckets"),
      rises: risesIn(latency.words("rises")),
      count: latency.get("count"),
      minNs: latency.get("min_ns"),
      maxNs: latency.get("max_ns"),
      sumNs: latency.get("sum_ns"),
      sumOfSquaresNs2: (latency.get("sum_of_squares_high") << 64n) | latency.get("sum_of_squares_low"),
      overflowCount: latency.get("overflow_count"),
    };
  }
}
