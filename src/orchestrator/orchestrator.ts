import { version } from "../../package.json";
import { openLog, type RunLog } from "../log/log.ts";
import { allowedCpus, keepOffCpus } from "../native/cpus.ts";
import { Outputs } from "../output/outputs.ts";
import { type RunError, UsageError } from "../plan/errors.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import { ProgressDisplay } from "../progress/display.ts";
import { allOf, type RunWatch } from "../progress/observer.ts";
import { summaryText, type WrittenFile } from "../report/summary.ts";
import type { BenchmarkResult } from "../result/schema.ts";
import { RunStreams } from "../stream/run-streams.ts";
import { holdCpuDmaLatency } from "../system/privileges.ts";
import { isStandardOutput } from "../system/standard-output.ts";
import { errorScreen, terminalOptions, tryWriteText, writeErrorText, writeLine } from "../system/terminal.ts";
import { endpointFor } from "./endpoints.ts";
import { checkLimits } from "./limits.ts";
import type { Measuring } from "./measuring.ts";
import { Run } from "./run.ts";
import { Service } from "./service/service.ts";

const SIGNAL_EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
type EndingSignal = keyof typeof SIGNAL_EXIT_CODES;

/** What can be known to be impossible before anything is started. @throws UsageError */
export function checkPlan(plan: RunPlan): void {
  const allowed = allowedCpus();
  for (const [flag, cpu] of [
    ["--server-affinity", plan.serverCpu],
    ["--client-affinity", plan.clientCpu],
  ] as const) {
    if (cpu === null) continue;
    if (process.platform !== "linux")
      throw new UsageError(`${flag}: this platform can't pin processes to CPUs`);
    if (!allowed.includes(cpu)) {
      throw new UsageError(`${flag} ${cpu}: this CPU can't be used here`, `use one of ${allowed.join(" ")}`);
    }
  }
  for (const mechanism of plan.mechanisms) endpointFor(mechanism, plan);
  checkLimits(plan);
}

/** Aborts at the first signal that asks to end; tells which one it was. */
function abortOnSignals(): {
  signal: AbortSignal;
  abort: (reason: string) => void;
  received: () => EndingSignal | null;
} {
  const controller = new AbortController();
  let received: EndingSignal | null = null;
  for (const name of Object.keys(SIGNAL_EXIT_CODES) as EndingSignal[]) {
    process.on(name, () => {
      received ??= name;
      controller.abort(`the run was stopped by ${received}`);
    });
  }
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    received: () => received,
  };
}

/**
 * The command that the user ran: measures every cell of the plans, one after the other, and reports. What concerns the whole run
 * is the same in all plans, of which there is at least one.
 * @returns the exit code: 0, 1 for a run with a failed test, 4 with --strict for an invalid one, 128 + n after a signal
 * @throws UsageError if the plan can't be run here, RunError if the results can't be written
 */
export async function orchestrate(plans: readonly RunPlan[]): Promise<number> {
  for (const plan of plans) checkPlan(plan);
  const plan = plans[0]!;
  const { signal, abort, received } = abortOnSignals();
  const { outputs, streams, log } = openOutputs(plans, abort);
  signal.addEventListener("abort", () => streams.hurry());
  const onStep = (result: BenchmarkResult) => outputs.write({ result, outcomes: run.outcomes });
  const hold = plan.cpuDmaLatencyUs === null ? null : holdCpuDmaLatency(plan.cpuDmaLatencyUs);
  const cpuDmaLatency = hold?.report ?? null;
  const options = { onStep, log, watch: watchOf(plan, streams), cpuDmaLatency };
  const run: Measuring =
    plan.standalone?.side === "server"
      ? new Service(plan, options, plan.standalone)
      : new Run(plans, options);
  log.info(`ipc-benchmark ${version}, process ${process.pid}: ${plan.commandLine.join(" ")}`);
  keepOffCpus(pinnedCpus(plans));
  let exitCode = 1;
  try {
    await streams.begin();
    await run.measureAll(signal);
    await streams.finishRecords();
    hold?.release();
    await run.finish();
    outputs.write({ result: run.result, outcomes: run.outcomes });
    outputs.finish();
    const stoppedBy = received();
    exitCode = stoppedBy === null ? verdictCode(run, plan) : SIGNAL_EXIT_CODES[stoppedBy];
  } finally {
    await streams.finish({ complete: run.result.metadata.complete, exit_code: exitCode });
  }
  log.info(
    signal.aborted ? String(signal.reason) : run.hasFailed ? "the run has failed" : "the run is complete",
  );

  let unsaid: RunError | null = null;
  if (!plan.quiet) {
    const files = [...outputs.files, ...streams.files, ...logFiles(log)];
    const summary = summaryText(run.result, { ...terminalOptions(), files });
    // Whoever reads a document from standard output gets nothing else there.
    if (isStandardOutputTaken(plan)) writeErrorText(summary);
    else unsaid = tryWriteText(summary);
  }
  const stoppedBy = received();
  if (streams.failure !== null) {
    writeLine(`ipc-benchmark: ${streams.failure.message}; what was measured before is kept`);
    if (stoppedBy === null) return 1;
  }
  if (stoppedBy !== null) {
    writeLine(`ipc-benchmark: the run was stopped by ${stoppedBy}; what was measured before is kept`);
    return exitCode;
  }
  if (run.failure !== null) writeLine(`ipc-benchmark: ${run.failure}`);
  for (const line of failureLines(run.result)) writeLine(`ipc-benchmark: ${line}`);
  if (unsaid === null) return exitCode;
  writeLine(`ipc-benchmark: ${unsaid.message}`);
  return exitCode || 1;
}

/** Everything that will be written, open or checked; or nothing is. @throws UsageError */
function openOutputs(
  plans: readonly RunPlan[],
  abort: (reason: string) => void,
): { outputs: Outputs; streams: RunStreams; log: RunLog } {
  const outputs = new Outputs(plans[0]!);
  let streams: RunStreams | null = null;
  try {
    const claim = (flag: string, path: string) => outputs.claims.file(flag, path);
    streams = new RunStreams(plans, outputs.directory, claim, ({ message }) => abort(message));
    const log = openLog(plans[0]!.log);
    if (log.file !== null) claim("--log-file", log.file);
    return { outputs, streams, log };
  } catch (error) {
    streams?.abandon();
    outputs.abandon();
    throw error;
  }
}

/** Who looks on: streams, and unless it is to be quiet the display of progress on stderr. */
function watchOf(plan: RunPlan, streams: RunStreams): RunWatch {
  // A log on stderr scrolls, and a line that is redrawn would stand in its way.
  const hasLogOnScreen = plan.log !== null && plan.log.file === null;
  const screen = hasLogOnScreen ? { ...errorScreen, columns: () => null } : errorScreen;
  const onStderr = plan.quiet ? [] : [new ProgressDisplay(screen)];
  return { ringCapacity: streams.ringCapacity, ...allOf([streams, ...onStderr]) };
}

/** CPUs that this process should leave to the roles: those of all plans, if every role of them is pinned. */
function pinnedCpus(plans: readonly RunPlan[]): number[] {
  const cpus = plans.flatMap(({ serverCpu, clientCpu }) => [serverCpu, clientCpu]);
  return cpus.includes(null) ? [] : (cpus as number[]);
}

function isStandardOutputTaken(plan: RunPlan): boolean {
  const { outputFile, csvFile, markdownFile, streamingJson, streamingCsv, eventsFile } = plan;
  const paths = [outputFile, csvFile, markdownFile, streamingJson?.path, streamingCsv?.path, eventsFile];
  return paths.some((path) => path != null && isStandardOutput(path));
}

const INVALID_EXIT_CODE = 4;

function verdictCode(run: Measuring, plan: RunPlan): number {
  if (run.hasFailed) return 1;
  return plan.strict && run.invalidCount > 0 ? INVALID_EXIT_CODE : 0;
}

function logFiles({ file }: RunLog): WrittenFile[] {
  return file === null ? [] : [{ label: "Log", path: file }];
}

function failureLines(result: BenchmarkResult): string[] {
  const sizes = new Set(result.results.map(({ test_config }) => test_config.message_size));
  return result.results.flatMap(({ mechanism, status, test_config }) => {
    const size = sizes.size > 1 ? `, ${test_config.message_size} bytes` : "";
    return typeof status === "string" ? [] : [`${mechanism}${size}: ${status.Failure}`];
  });
}
