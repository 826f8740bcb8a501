import { CLIENT_SHEET, clientSheetOf, type LedgerFile, SERVER_SHEET, serverSheetOf } from "../native/ledger.ts";
import type { StreamPath } from "../output/stream-paths.ts";
import { RunError } from "../plan/errors.ts";
import type { Test } from "../plan/run-plan.ts";
import type { ObservedCell, RunObserver } from "../progress/observer.ts";
import type { OutputStream } from "./output-stream.ts";
import { drainRecords, RowBuffer, rowBytes } from "./row-writer.ts";
import type { ExtraColumns, FileLayout, RowSource } from "./rows.ts";

/** Records that each recording side may be ahead of the files: 4 MiB, 130 ms at a million a second. */
export const RING_CAPACITY = 1 << 17;

/** With many clients each has less, down to this: 128 KiB. */
const LEAST_RING_CAPACITY = 1 << 12;

/** The same for each of several clients, which share it: a power of two. */
export function ringCapacityOf(clientCount: number): number {
  return Math.max(LEAST_RING_CAPACITY, RING_CAPACITY >> Math.ceil(Math.log2(clientCount)));
}

const LONGEST_NAP_MS = 50;
const SHORTEST_NAP_MS = 2;
/** The nap is as long as the ring takes to fill up to this share, at the rate seen last. */
const FILL_SHARE = 0.25;

const SHEETS_OF_A_CLIENT = 2;

/** One streaming file: its layout, whose rows it takes, and how far it is. */
export class RecordFile {
  readonly rows: RowBuffer;
  hasFailed = false;

  /** @param bytes may be shared with files that take the rows of other cells */
  constructor(
    readonly output: OutputStream,
    readonly layout: FileLayout,
    bytes = rowBytes(),
    readonly isFor: StreamPath["isFor"] = () => true,
  ) {
    this.rows = new RowBuffer(bytes);
  }
}

/** One connection of the cell under way. */
interface Source {
  readonly sheet: number;
  readonly clockSheet: number;
  readonly row: RowSource;
}

/** Naps until the bell. */
class Alarm {
  #wake: (() => void) | null = null;
  hasRung = false;

  async nap(ms: number): Promise<void> {
    if (this.hasRung) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** No more naps. */
  ring(): void {
    this.hasRung = true;
    this.#wake?.();
  }
}

/** How long to leave a ring alone that had `count` records after `elapsedMs`. */
export function napMs(count: number, elapsedMs: number, ringCapacity: number): number {
  if (count === 0) return LONGEST_NAP_MS;
  const fillMs = (FILL_SHARE * ringCapacity * Math.max(elapsedMs, 1)) / count;
  return Math.max(SHORTEST_NAP_MS, Math.min(LONGEST_NAP_MS, fillMs));
}

/** Which sheets record the messages of a test, client by client, in which ledger. */
function sourcesOf(cell: ObservedCell, ledger: LedgerFile): Source[] {
  const recording: Record<Test, number> = { "one-way": SERVER_SHEET, "round-trip": CLIENT_SHEET };
  return Array.from({ length: ledger.sheetCount / SHEETS_OF_A_CLIENT }, (_, worker) => ({
    sheet: worker * SHEETS_OF_A_CLIENT + recording[cell.test],
    // Only clients take the offset between the clocks, as their measured phase begins.
    clockSheet: worker * SHEETS_OF_A_CLIENT + CLIENT_SHEET,
    row: { ...cell, worker, isScheduled: cell.ratePerSecond !== null },
  }));
}

/**
 * Writes a row for each measured message into files, while the messages are under way: one pass over the rings, one write a
 * file and pass. A file that can't be written ends the run, through `onFailure`.
 */
export class RecordStream implements RunObserver {
  readonly #files: readonly RecordFile[];
  readonly #columns: ExtraColumns;
  readonly #onFailure: (failure: RunError) => void;
  #draining: Promise<void> = Promise.resolve();
  #alarm = new Alarm();
  /** Clients of a server that was started by hand: several may be under way, each with a bell of its own. */
  readonly #connections = new Map<string, { readonly alarm: Alarm; readonly draining: Promise<void> }>();
  /** The files take the rows of one ring at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @param files one or two for each cell */
  constructor(files: readonly RecordFile[], columns: ExtraColumns, onFailure: (failure: RunError) => void) {
    this.#files = files;
    this.#columns = columns;
    this.#onFailure = onFailure;
  }

  /** Begins the files. */
  async begin(): Promise<void> {
    for (const { output } of this.#files) output.begin();
    await this.#writeEach(this.#files, ({ layout }) => Buffer.from(layout.header(this.#columns)));
  }

  cellStarts(cell: ObservedCell, ledger: LedgerFile): void {
    this.#alarm = new Alarm();
    const files = this.#files.filter((file) => file.isFor(cell));
    this.#draining = this.#drainUntilRung(files, sourcesOf(cell, ledger), ledger, this.#alarm);
  }

  connectionStarts(cell: ObservedCell, ledger: LedgerFile, slot: number, worker: number): void {
    const files = this.#files.filter((file) => file.isFor(cell));
    const alarm = new Alarm();
    const source = {
      // What a server records are one-way messages; as they come it notes the offset between the clocks for its client.
      sheet: serverSheetOf(slot),
      clockSheet: clientSheetOf(slot),
      row: { ...cell, worker, isScheduled: cell.ratePerSecond !== null },
    };
    const key = `${ledger.address} ${slot}`;
    // Nobody could end a loop that is forgotten, and it would read the memory after it is gone.
    const before = this.#connections.get(key);
    before?.alarm.ring();
    const drained = this.#drainUntilRung(files, [source], ledger, alarm);
    const draining = before === undefined ? drained : Promise.all([before.draining, drained]).then(() => {});
    this.#connections.set(key, { alarm, draining });
  }

  async connectionStops(ledger: LedgerFile, slot: number): Promise<void> {
    const key = `${ledger.address} ${slot}`;
    const connection = this.#connections.get(key);
    this.#connections.delete(key);
    connection?.alarm.ring();
    await connection?.draining;
  }

  /** What the roles recorded until they went is on its way to the files. */
  async cellStops(): Promise<void> {
    this.#alarm.ring();
    await this.#draining;
  }

  /** Makes the files complete and closes them. */
  async finish(): Promise<void> {
    await this.#writeEach(this.#files, ({ layout, rows }) => Buffer.from(layout.footer(rows.rowCount > 0)));
    for (const { output, layout, hasFailed } of this.#files) {
      if (hasFailed) output.mend((end) => layout.wholeBytes(end), layout.footer(true));
      output.close();
    }
  }

  get #hasFailed(): boolean {
    return this.#files.some(({ hasFailed }) => hasFailed);
  }

  /** Writes to every one of them that has not failed yet. */
  async #writeEach(files: readonly RecordFile[], bytesOf: (file: RecordFile) => Uint8Array): Promise<void> {
    const write = async (file: RecordFile) => {
      if (file.hasFailed) return;
      try {
        await file.output.write(bytesOf(file));
      } catch (error) {
        file.hasFailed = true;
        this.#onFailure(error instanceof RunError ? error : new RunError(String(error)));
      }
    };
    await Promise.all(files.map(write));
  }

  async #drainUntilRung(
    files: readonly RecordFile[],
    sources: readonly Source[],
    ledger: LedgerFile,
    alarm: Alarm,
  ): Promise<void> {
    let lastMs = performance.now();
    let isLast = false;
    while (!this.#hasFailed) {
      let most = 0;
      for (const source of sources) {
        const drained = this.#turn.then(() => this.#drain(files, source, ledger));
        this.#turn = drained;
        most = Math.max(most, await drained);
      }
      // Only a ring that is found empty after the bell is empty for good.
      if (isLast && most === 0) return;
      isLast = alarm.hasRung;
      const nowMs = performance.now();
      await alarm.nap(napMs(most, nowMs - lastMs, ledger.ringCapacity));
      lastMs = nowMs;
    }
  }

  /** Empties one ring, but for a producer that is faster; how many records it had. */
  async #drain(files: readonly RecordFile[], { sheet, clockSheet, row }: Source, ledger: LedgerFile): Promise<number> {
    const hasSchedule = this.#columns.schedule && row.isScheduled;
    for (const { layout, rows } of files) rows.use(layout.rowTexts(row, this.#columns), hasSchedule);
    const [first, second] = files.map(({ rows }) => rows);
    if (first === undefined) return 0;
    let total = 0;
    while (total < ledger.ringCapacity && !this.#hasFailed) {
      const count = drainRecords(ledger, sheet, clockSheet, [first, second]);
      if (count === 0) break;
      await this.#writeEach(files, ({ rows }) => rows.filled);
      total += count;
    }
    return total;
  }
}
