import { version } from "../../package.json";
import { keepOffCpus } from "../native/cpus.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import { type CpuDmaLatencyHold, holdCpuDmaLatency } from "../system/privileges.ts";
import { checkPlan } from "./check-plan.ts";
import { exitCodeOf, logEnding, sayProblems, showSummary } from "./ending.ts";
import type { Measuring, RunOptions } from "./measuring.ts";
import { Run } from "./run.ts";
import { RunOutputs } from "./run-outputs.ts";
import { Service } from "./service/service.ts";
import { Stop } from "./stop.ts";

/**
 * The command that the user ran: measures every cell of the plans, one after the other, and reports. What concerns the whole run
 * is the same in all plans, of which there is at least one.
 * @returns the exit code: 0, 1 for a run with a failed test, 4 with --strict for an invalid one, 128 + n after a signal
 * @throws UsageError if the plan can't be run here, RunError if the results can't be written
 */
export async function orchestrate(plans: readonly RunPlan[]): Promise<number> {
  for (const plan of plans) checkPlan(plan);
  const plan = plans[0]!;
  const stop = Stop.onSignals();
  const outputs = RunOutputs.open(plans, stop);
  const hold = plan.cpuDmaLatencyUs === null ? null : holdCpuDmaLatency(plan.cpuDmaLatencyUs);
  const run = runOf(plans, outputs, hold);
  const exitCode = await measure(run, plan, outputs, stop, hold);
  logEnding(outputs, run, stop);
  const unsaid = showSummary(run, plan, outputs);
  return sayProblems(run, plan, outputs, stop, exitCode, unsaid);
}

function runOf(plans: readonly RunPlan[], outputs: RunOutputs, hold: CpuDmaLatencyHold | null): Measuring {
  const { log, watch } = outputs;
  const plan = plans[0]!;
  const options: RunOptions = {
    ...{ log, watch, cpuDmaLatency: hold?.report ?? null },
    onStep: (measured) => outputs.write(measured),
  };
  const isServer = plan.standalone?.side === "server";
  const run = isServer ? new Service(plan, options, plan.standalone) : new Run(plans, options);
  log.info(`ipc-benchmark ${version}, process ${process.pid}: ${plan.commandLine.join(" ")}`);
  keepOffCpus(pinnedCpus(plans));
  return run;
}

/** CPUs that this process should leave to the roles: those of all plans, if every role of them is pinned. */
function pinnedCpus(plans: readonly RunPlan[]): number[] {
  const cpus = plans.flatMap(({ serverCpu, clientCpu }) => [serverCpu, clientCpu]);
  return cpus.includes(null) ? [] : (cpus as number[]);
}

/** From the first step to the last file. Whatever happens, every file is left complete. @returns what the tests came to */
async function measure(
  run: Measuring,
  plan: RunPlan,
  outputs: RunOutputs,
  stop: Stop,
  hold: CpuDmaLatencyHold | null,
): Promise<number> {
  let exitCode = 1;
  try {
    await outputs.begin();
    await run.measureAll(stop.signal);
    await outputs.endRecords();
    hold?.release();
    await run.finish();
    outputs.finish(run.soFar);
    exitCode = exitCodeOf(run, plan, stop);
    return exitCode;
  } finally {
    await outputs.close({ complete: run.result.metadata.complete, exit_code: exitCode });
  }
}
