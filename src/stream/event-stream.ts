import type { Measurement } from "../measure/measurement.ts";
import { type LedgerFile, monotonicNowNs } from "../native/ledger.ts";
import { RunError } from "../plan/errors.ts";
import { readCell } from "../progress/cell-state.ts";
import type { ObservedCell } from "../progress/observer.ts";
import {
  endOfInterval,
  eventLine,
  type IntervalEnd,
  intervalEvent,
  type PlanFacts,
  planEvent,
  resultEvent,
  startEvent,
} from "./events.ts";
import type { RunEvent } from "./events-schema.ts";
import type { OutputStream } from "./output-stream.ts";

const INTERVAL_MS = 1000;

/** Tells a run as it goes on, one JSON document a line. Events that can't be written end the run, through `onFailure`. */
export class EventStream {
  readonly #output: OutputStream;
  readonly #onFailure: (failure: RunError) => void;
  #writing: Promise<void> = Promise.resolve();
  #hasFailed = false;
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(output: OutputStream, onFailure: (failure: RunError) => void) {
    this.#output = output;
    this.#onFailure = onFailure;
  }

  /** Begins the file, with the plan. */
  begin(plan: PlanFacts): void {
    this.#output.begin();
    this.tell(planEvent(plan, new Date()));
  }

  /** Events are written in the order in which they are told. */
  tell(event: RunEvent): void {
    const bytes = Buffer.from(eventLine(event));
    this.#writing = this.#writing.then(async () => {
      if (this.#hasFailed) return;
      try {
        await this.#output.write(bytes);
      } catch (error) {
        this.#hasFailed = true;
        this.#onFailure(error instanceof RunError ? error : new RunError(String(error)));
      }
    });
  }

  cellStarts(cell: ObservedCell, ledger: LedgerFile): void {
    this.tell(startEvent(cell, new Date()));
    let last: IntervalEnd | null = null;
    this.#timer = setInterval(() => {
      const reading = readCell(ledger, cell.test, cell.ratePerSecond !== null);
      const nowNs = monotonicNowNs();
      this.tell(intervalEvent({ cell, reading, last, nowNs }, new Date()));
      last = endOfInterval(reading, nowNs);
    }, INTERVAL_MS);
  }

  /** One of several that may be under way at once. */
  connectionStarts(cell: ObservedCell): void {
    this.tell(startEvent(cell, new Date()));
  }

  cellStops(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  cellMeasured(cell: ObservedCell, measurement: Measurement): void {
    this.tell(resultEvent(cell, measurement, new Date()));
  }

  warn(
    cell: ObservedCell | null,
    warning: Pick<Extract<RunEvent, { type: "warning" }>, "id" | "figures" | "message">,
  ): void {
    this.tell({ type: "warning", time: new Date().toISOString(), cell: cell?.number ?? null, ...warning });
  }

  /** The last event, and the end of the file. */
  async finish(end: { complete: boolean; exit_code: number }): Promise<void> {
    this.tell({ type: "end", time: new Date().toISOString(), ...end });
    await this.#writing;
    if (this.#hasFailed) this.#output.mend((text) => text.lastIndexOf("\n") + 1, "");
    this.#output.close();
  }
}
