import { openLog, type RunLog } from "../log/log.ts";
import { Outputs } from "../output/outputs.ts";
import type { MeasuredSoFar } from "../output/sink.ts";
import type { RunError } from "../plan/errors.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import { ProgressDisplay } from "../progress/display.ts";
import { allOf, type RunWatch } from "../progress/observer.ts";
import type { WrittenFile } from "../report/summary.ts";
import { RunStreams } from "../stream/run-streams.ts";
import { errorScreen } from "../system/terminal.ts";
import type { Stop } from "./stop.ts";

/** Everything that a run writes while it lasts: results after each step, streams, the log, and progress on stderr. */
export class RunOutputs {
  /** Who looks on while messages are measured. */
  readonly watch: RunWatch;

  private constructor(
    private readonly outputs: Outputs,
    private readonly streams: RunStreams,
    readonly log: RunLog,
    plan: RunPlan,
  ) {
    // A log on stderr scrolls, and a line that is redrawn would stand in its way.
    const hasLogOnScreen = plan.log !== null && plan.log.file === null;
    const screen = hasLogOnScreen ? { ...errorScreen, columns: () => null } : errorScreen;
    const onStderr = plan.quiet ? [] : [new ProgressDisplay(screen)];
    this.watch = { ringCapacity: streams.ringCapacity, ...allOf([streams, ...onStderr]) };
  }

  /**
   * Opens or checks them all, or none. What concerns the whole run is the same in all plans.
   * @param stop ends the run when a stream can't be written; a run that is stopped waits for no stream
   * @throws UsageError
   */
  static open(plans: readonly RunPlan[], stop: Stop): RunOutputs {
    const plan = plans[0]!;
    const outputs = new Outputs(plan);
    let streams: RunStreams | null = null;
    try {
      const claim = (flag: string, path: string) => outputs.claims.file(flag, path);
      const opened = new RunStreams(plans, outputs.directory, claim, ({ message }) => stop.because(message));
      streams = opened;
      const log = openLog(plan.log);
      if (log.file !== null) claim("--log-file", log.file);
      stop.signal.addEventListener("abort", () => opened.hurry());
      return new RunOutputs(outputs, opened, log, plan);
    } catch (error) {
      streams?.abandon();
      outputs.abandon();
      throw error;
    }
  }

  /** What was written, for the summary. */
  get files(): WrittenFile[] {
    const log = this.log.file === null ? [] : [{ label: "Log", path: this.log.file }];
    return [...this.outputs.files, ...this.streams.files, ...log];
  }

  /** Why a stream could not be written; null if all could. */
  get streamFailure(): RunError | null {
    return this.streams.failure;
  }

  begin(): Promise<void> {
    return this.streams.begin();
  }

  /** What is known so far. @throws RunError */
  write(measured: MeasuredSoFar): void {
    this.outputs.write(measured);
  }

  /** Nothing is measured any more: the rows of single messages are complete. */
  endRecords(): Promise<void> {
    return this.streams.finishRecords();
  }

  /** The last that the files of results get. @throws RunError */
  finish(measured: MeasuredSoFar): void {
    this.outputs.write(measured);
    this.outputs.finish();
  }

  /** Completes what is still open, also after a failure. */
  close(end: { readonly complete: boolean; readonly exit_code: number }): Promise<void> {
    return this.streams.finish(end);
  }
}
