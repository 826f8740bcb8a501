import { allowedCpus } from "../native/cpus.ts";
import { UsageError } from "../plan/errors.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import { endpointFor } from "./endpoints.ts";
import { checkLimits } from "./limits.ts";

/** What can be known to be impossible before anything is started. @throws UsageError */
export function checkPlan(plan: RunPlan): void {
  const allowed = allowedCpus();
  for (const [flag, cpu] of [
    ["--server-affinity", plan.serverCpu],
    ["--client-affinity", plan.clientCpu],
  ] as const) {
    if (cpu === null) continue;
    if (process.platform !== "linux") throw new UsageError(`${flag}: this platform can't pin processes to CPUs`);
    if (!allowed.includes(cpu)) {
      throw new UsageError(`${flag} ${cpu}: this CPU can't be used here`, `use one of ${allowed.join(" ")}`);
    }
  }
  for (const mechanism of plan.mechanisms) endpointFor(mechanism, plan);
  checkLimits(plan);
}
