import { plannedFiles } from "../output/planned-files.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import { planText } from "../report/plan.ts";
import { terminalOptions, writeText } from "../system/terminal.ts";
import { checkPlan } from "./check-plan.ts";

/** `--dry-run`: what a run would do, after the checks that it would begin with. Starts no process and opens no file. @throws UsageError */
export function dryRun(plans: readonly RunPlan[]): number {
  for (const plan of plans) checkPlan(plan);
  writeText(planText(plans, plannedFiles(plans[0]!), terminalOptions()));
  return 0;
}
