import { dirname, extname, join } from "node:path";
import { version } from "../../package.json";
import type { Measurement } from "../measure/measurement.ts";
import type { StreamKind } from "../output/names.ts";
import { streamPaths } from "../output/stream-paths.ts";
import type { RunError } from "../plan/errors.ts";
import type { RunPlan, StreamTarget } from "../plan/run-plan.ts";
import { stepsOf } from "../plan/steps.ts";
import type { ObservedCell, RunObserver } from "../progress/observer.ts";
import type { WrittenFile } from "../report/summary.ts";
import { isStandardOutput } from "../system/standard-output.ts";
import { inWords } from "../verdict/words.ts";
import { EventStream } from "./event-stream.ts";
import { OutputStream } from "./output-stream.ts";
import { RecordFile, RecordStream, RING_CAPACITY } from "./record-stream.ts";
import { rowBytes } from "./row-writer.ts";
import { CSV_FILE, type ExtraColumns, type FileLayout, JSON_FILE } from "./rows.ts";

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
   * @param directory of `-o DIR/`, which takes the rows that the user named no file for; null without
   * @param onFailure called once, when a file can't be written: the run is to end
   * @throws UsageError
   */
  constructor(
    plans: readonly RunPlan[],
    directory: string | null,
    claim: ClaimPath,
    onFailure: (failure: RunError) => void,
  ) {
    this.#plans = plans;
    const { streamingJson, streamingCsv, eventsFile } = plans[0]!;
    const open = (flag: string, path: string) => {
      claim(flag, isStandardOutput(path) ? "/dev/stdout" : path);
      const output = new OutputStream(path, flag);
      this.#opened.push(output);
      return output;
    };
    const fail = (failure: RunError) => {
      if (this.#failure !== null) return;
      this.#failure = failure;
      onFailure(failure);
    };
    const recordFiles = (flag: string, kind: StreamKind, target: StreamTarget | null, layout: FileLayout) => {
      if (target === null) return [];
      const bytes = rowBytes();
      const paths = streamPaths(target, kind, directory, plans);
      this.#tell(`Streaming ${kind.toUpperCase()}`, paths);
      return paths.map(({ path, isFor }) => new RecordFile(open(flag, path), layout, bytes, isFor));
    };
    try {
      const files = [
        ...recordFiles("--streaming-output-json", "json", streamingJson, JSON_FILE),
        ...recordFiles("--streaming-output-csv", "csv", streamingCsv, CSV_FILE),
      ];
      this.#records = files.length === 0 ? null : new RecordStream(files, columnsFor(plans), fail);
      this.ringCapacity = files.length === 0 ? 0 : RING_CAPACITY;
      this.#events = eventsFile === null ? null : new EventStream(open("--events", eventsFile), fail);
      if (eventsFile !== null) this.#tell("Events", [{ path: eventsFile }]);
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  /** There will be no run: leaves everything as it was found. */
  abandon(): void {
    for (const output of this.#opened) output.abandon();
  }

  /** Notes a file for the summary, or the directory that several are in. */
  #tell(label: string, paths: readonly { readonly path: string }[]): void {
    const { path } = paths[0]!;
    if (isStandardOutput(path)) return;
    const several = `${join(dirname(path), "*_streaming")}${extname(path)} (${paths.length} files)`;
    this.#written.push({ label, path: paths.length === 1 ? path : several });
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

  connectionStarts(...args: Parameters<Required<RunObserver>["connectionStarts"]>): void {
    this.#records?.connectionStarts(...args);
    this.#events?.connectionStarts(args[0]);
  }

  async connectionStops(...args: Parameters<Required<RunObserver>["connectionStops"]>): Promise<void> {
    await this.#records?.connectionStops(...args);
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

/** Which columns tell something in this run. */
export function columnsFor(plans: readonly RunPlan[]): ExtraColumns {
  // Its clients decide, and none has come yet.
  if (plans.some(({ standalone }) => standalone?.side === "server")) {
    return { cell: true, launch: true, schedule: true };
  }
  const names = stepsOf(plans).map(
    ({ mechanism, messageBytes, test, launch }) => `${mechanism} ${messageBytes} ${test} ${launch}`,
  );
  return {
    cell: new Set(names).size < names.length,
    launch: plans.some((plan) => plan.launches > 1),
    schedule: plans.some((plan) => plan.arrival !== null),
  };
}

/** The warning about records that came faster than they could be written, or null. */
function stallWords({ streamStalls: stalls }: Measurement) {
  if (stalls === null || stalls.count === 0) return null;
  const finding = { id: "stream-stalls", figures: { ...stalls } } as const;
  const { sentence, advice } = inWords(finding);
  return { ...finding, message: `${sentence} (${advice})` };
}
