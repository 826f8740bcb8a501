import { version } from "../../package.json";
import { UsageError } from "../cli/errors.ts";
import type { Mechanism, RunPlan } from "../cli/plan.ts";
import type { Measurement, MechanismOutcome } from "../measure/measurement.ts";
import { ABI_VERSION } from "../native/library.ts";
import { resultToJson } from "../report/json.ts";
import { summaryText } from "../report/summary.ts";
import { buildResult } from "../result/build.ts";
import type { BenchmarkResult } from "../result/schema.ts";
import { allowedCpus } from "../system/cpus.ts";
import { readHost } from "../system/host.ts";
import { checkLimits } from "../system/limits.ts";
import { OutputFile } from "../system/output-file.ts";
import { terminalOptions, writeLine, writeText } from "../system/terminal.ts";
import { measureCell } from "./cell.ts";
import { endpointFor, isOwnName } from "./names.ts";

const SIGNAL_EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** What can be known to be impossible before anything is started. @throws UsageError */
function checkPlan(plan: RunPlan): void {
  const allowed = allowedCpus();
  for (const [flag, cpu] of [
    ["--server-affinity", plan.serverCpu],
    ["--client-affinity", plan.clientCpu],
  ] as const) {
    if (cpu === null) continue;
    if (process.platform !== "linux")
      throw new UsageError(`${flag}: this platform does not pin processes to CPUs`);
    if (!allowed.includes(cpu)) {
      throw new UsageError(`${flag} ${cpu}: that CPU can't be used here`, `allowed are ${allowed.join(" ")}`);
    }
  }
  for (const mechanism of plan.mechanisms) endpointFor(mechanism, plan);
  checkLimits(plan);
}

/** A run in progress: what was measured so far, and where it is written. */
class Run {
  readonly #outcomes: MechanismOutcome[] = [];
  readonly #startedAt = new Date();
  readonly #host = readHost();
  readonly #output: OutputFile | null;

  constructor(readonly plan: RunPlan) {
    this.#output = plan.outputFile === null ? null : new OutputFile(plan.outputFile);
  }

  get result(): BenchmarkResult {
    return buildResult({
      plan: this.plan,
      outcomes: this.#outcomes,
      host: this.#host,
      startedAt: this.#startedAt,
      versions: { tool: version, bun: Bun.version, shimAbi: ABI_VERSION },
    });
  }

  get hasFailed(): boolean {
    return this.#outcomes.some(({ measurements }) => measurements.some(({ failure }) => failure !== null));
  }

  /** All tests of one mechanism; stops at the first that fails unless told to go on. */
  async measure(mechanism: Mechanism, abort: AbortSignal): Promise<void> {
    const position = this.#outcomes.length;
    const startedAt = new Date();
    const startMs = performance.now();
    const measurements: Measurement[] = [];
    for (const test of this.plan.tests) {
      const endpoint = endpointFor(mechanism, this.plan);
      const cell = { mechanism, test, endpoint, isOwnName: isOwnName(mechanism, this.plan) };
      measurements.push(await measureCell(cell, this.plan, abort));
      const durationNs = Math.round((performance.now() - startMs) * 1e6);
      this.#outcomes[position] = {
        mechanism,
        measurements: [...measurements],
        endpoint,
        startedAt,
        durationNs,
      };
      this.#output?.write(resultToJson(this.result));
      if (abort.aborted || (this.hasFailed && !this.plan.continueOnError)) return;
    }
  }

  async measureAll(abort: AbortSignal): Promise<void> {
    for (const mechanism of this.plan.mechanisms) {
      if (abort.aborted || (this.hasFailed && !this.plan.continueOnError)) return;
      await this.measure(mechanism, abort);
    }
  }

  printSummary(): void {
    if (this.plan.quiet) return;
    const files = this.#output === null ? [] : [{ label: "Final JSON", path: this.#output.path }];
    writeText(summaryText(this.result, { ...terminalOptions(), files }));
  }
}

/** Aborts at the first signal that asks to end; tells which one it was. */
function abortOnSignals(): { signal: AbortSignal; received: () => keyof typeof SIGNAL_EXIT_CODES | null } {
  const controller = new AbortController();
  let received: keyof typeof SIGNAL_EXIT_CODES | null = null;
  for (const name of Object.keys(SIGNAL_EXIT_CODES) as (keyof typeof SIGNAL_EXIT_CODES)[]) {
    process.on(name, () => {
      received ??= name;
      controller.abort(`the run was stopped by ${received}`);
    });
  }
  return { signal: controller.signal, received: () => received };
}

/**
 * The command that the user ran: measures every cell of the plan, one after the other, and reports.
 * @returns the exit code: 0, 1 for a run with a failed test, 128 + n after a signal
 * @throws UsageError if the plan can't be run here, RunError if the results can't be written
 */
export async function orchestrate(plan: RunPlan): Promise<number> {
  checkPlan(plan);
  const run = new Run(plan);
  const { signal, received } = abortOnSignals();
  await run.measureAll(signal);
  run.printSummary();
  const stoppedBy = received();
  if (stoppedBy !== null) {
    writeLine(`ipc-benchmark: the run was stopped by ${stoppedBy}; what was measured before is kept`);
    return SIGNAL_EXIT_CODES[stoppedBy];
  }
  for (const line of failureLines(run.result)) writeLine(`ipc-benchmark: ${line}`);
  return run.hasFailed ? 1 : 0;
}

function failureLines(result: BenchmarkResult): string[] {
  return result.results.flatMap(({ mechanism, status }) =>
    typeof status === "string" ? [] : [`${mechanism}: ${status.Failure}`],
  );
}
