import { version } from "../../package.json";
import type { RunError } from "../cli/errors.ts";
import type { RunPlan } from "../cli/plan.ts";
import { isStandardOutput } from "../cli/standard-output.ts";
import { stepsOf } from "../cli/steps.ts";
import type { Measurement } from "../measure/measurement.ts";
import type { ObservedCell, RunObserver } from "../progress/observer.ts";
import type { WrittenFile } from "../report/summary.ts";
import { inWords } from "../verdict/words.ts";
import { EventStream } from "./event-stream.ts";
import { OutputStream } from "./output-stream.ts";
import { type RecordFile, RecordStream, RING_CAPACITY } from "./record-stream.ts";
import { CSV_FILE, type FileLayout, JSON_FILE } from "./rows.ts";

/** Sees to it that no two outputs write the same file. @throws UsageError if this one would be the second */
export type ClaimPath = (flag: string, path: string) => void;

/** The files that are written while a run is under way: rows of single messages, and events. */
export class RunStreams implements RunObserver {
  /** Records that a role may be ahead of their reader; 0 when nobody asked for them. */
  readonly ringCapacity: number;
  readonly #plans: readonly RunPlan[];
  readonly #written: WrittenFile[] = [];
  readonly #opened: OutputStream[] = [];
  /** null: nobody asked for them, or they are complete. */
  #records: RecordStream | null;
  readonly #events: EventStream | null;
  #failure: RunError | null = null;

  /**
   * Opens them all, or none.
   * @param plans what concerns the whole run is the same in all of them
   * @param onFailure called once, when a file can't be written: the run is to end
   * @throws UsageError
   */
  constructor(plans: readonly RunPlan[], claim: ClaimPath, onFailure: (failure: RunError) => void) {
    this.#plans = plans;
    const { streamingJson, streamingCsv, eventsFile } = plans[0]!;
    const opened = this.#opened;
    const open = (flag: string, label: string, path: string) => {
      claim(flag, isStandardOutput(path) ? "/dev/stdout" : path);
      const output = new OutputStream(path, flag);
      opened.push(output);
      if (!isStandardOutput(path)) this.#written.push({ label, path });
      return output;
    };
    const fail = (failure: RunError) => {
      if (this.#failure !== null) return;
      this.#failure = failure;
      onFailure(failure);
    };
    try {
      const file = (flag: string, label: string, path: string | null, layout: FileLayout): RecordFile[] =>
        path === null ? [] : [{ output: open(flag, label, path), layout }];
      const files = [
        ...file("--streaming-output-json", "Streaming JSON", streamingJson, JSON_FILE),
        ...file("--streaming-output-csv", "Streaming CSV", streamingCsv, CSV_FILE),
      ];
      const columns = {
        launch: plans.some((plan) => plan.launches > 1),
        schedule: plans.some((plan) => plan.arrival !== null),
      };
      this.#records = files.length === 0 ? null : new RecordStream(files, columns, fail);
      this.ringCapacity = files.length === 0 ? 0 : RING_CAPACITY;
      this.#events =
        eventsFile === null ? null : new EventStream(open("--events", "Events", eventsFile), fail);
    } catch (error) {
      for (const output of opened) output.abandon();
      throw error;
    }
  }

  /** Why a file could not be written, or null. */
  get failure(): RunError | null {
    return this.#failure;
  }

  /** The user wants an end: nobody waits long for a file any more. */
  hurry(): void {
    for (const output of this.#opened) output.hurry();
  }

  /** What was written, for the summary. */
  get files(): readonly WrittenFile[] {
    return this.#written;
  }

  async begin(): Promise<void> {
    const cells = stepsOf(this.#plans).length;
    this.#events?.begin({ version, command_line: [...this.#plans[0]!.commandLine], cells });
    await this.#records?.begin();
  }

  cellStarts(...args: Parameters<Required<RunObserver>["cellStarts"]>): void {
    this.#records?.cellStarts(...args);
    this.#events?.cellStarts(...args);
  }

  async cellStops(): Promise<void> {
    this.#events?.cellStops();
    await this.#records?.cellStops();
  }

  cellMeasured(cell: ObservedCell, measurement: Measurement): void {
    const stalls = stallWords(measurement);
    if (stalls !== null) this.#events?.warn(cell, stalls);
    this.#events?.cellMeasured(cell, measurement);
  }

  /** No more records will come: makes their files complete. */
  async finishRecords(): Promise<void> {
    const records = this.#records;
    this.#records = null;
    await records?.finish();
  }

  /** Makes every file complete. Afterwards `failure` tells whether that went well. */
  async finish(end: { complete: boolean; exit_code: number }): Promise<void> {
    await this.finishRecords();
    const exitCode = this.#failure !== null && end.exit_code === 0 ? 1 : end.exit_code;
    await this.#events?.finish({ ...end, exit_code: exitCode });
  }
}

/** The warning about records that came faster than they could be written, or null. */
function stallWords({ streamStalls: stalls }: Measurement) {
  if (stalls === null || stalls.count === 0) return null;
  const finding = { id: "stream-stalls", figures: { ...stalls } } as const;
  const { sentence, advice } = inWords(finding);
  return { ...finding, message: `${sentence} (${advice})` };
}
