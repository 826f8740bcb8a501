import { ROW_FORMAT } from "../native/layout.ts";
import type { LedgerFile } from "../native/ledger.ts";
import { errorText, native } from "../native/library.ts";
import { StructView } from "../native/struct-view.ts";
import type { RowTexts } from "./rows.ts";

/** Some ten thousand rows: a few milliseconds of formatting, then the event loop has its turn. */
const BUFFER_BYTES = 1024 * 1024;

/** Where the rows of one file, or of files that are not written at the same time, are put together. */
export function rowBytes(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(BUFFER_BYTES);
}

/** The rows of one file on their way out: their format, and the buffer that c/record/stream.c fills. */
export class RowBuffer {
  readonly format = new StructView(ROW_FORMAT);

  constructor(readonly bytes: Uint8Array<ArrayBuffer>) {}

  /** For the rows that come next. `hasSchedule`: each ends with its scheduled time. */
  use(texts: RowTexts, hasSchedule: boolean): void {
    this.format.set("has_schedule", hasSchedule ? 1 : 0);
    for (const part of ["separator", "before", "middle", "after", "end"] as const)
      this.format.setText(part, texts[part]);
  }

  /** Rows ever written into it. */
  get rowCount(): number {
    return this.format.getNumber("row_count");
  }

  /** What the last `drainRecords` left. */
  get filled(): Uint8Array {
    return this.bytes.subarray(0, this.format.getNumber("used_bytes"));
  }
}

/**
 * Moves records that wait in a sheet's ring into one or two buffers of the same size, as many as fit.
 * @returns how many; the producer may use their places again
 */
export function drainRecords(
  ledger: LedgerFile,
  sheet: number,
  clockSheet: number,
  [first, second]: readonly [RowBuffer, (RowBuffer | undefined)?],
): number {
  const count = native().stream_drain(
    ledger.address,
    sheet,
    clockSheet,
    first.format.bytes,
    first.bytes,
    second?.format.bytes ?? null,
    second?.bytes ?? null,
    first.bytes.length,
  );
  if (count < 0) throw new RangeError(`the buffer for rows: ${errorText(count)}`);
  return count;
}
