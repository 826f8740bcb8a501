import type { RunPlan } from "../plan/run-plan.ts";
import { tableLines } from "../report/table.ts";
import { writeText } from "../system/terminal.ts";
import { runChecks } from "./checks.ts";

/**
 * The `self-test` command: measures the tool itself, each figure beside its limit.
 * @param plan a blocking one, for its defaults
 * @returns the exit code: 0, or 1 if a figure is beyond its limit
 */
export async function selfTest(plan: RunPlan): Promise<number> {
  const checks = await runChecks(plan);
  const lines = tableLines(
    [
      { head: "", align: "left" },
      { head: "check", align: "left" },
      { head: "found", align: "right" },
      { head: "limit", align: "left" },
    ],
    checks.map(({ name, value, limit, passed }) => [passed ? "ok" : "FAILED", name, value, limit]),
  );
  writeText(`${lines.join("\n")}\n`);
  return checks.every(({ passed }) => passed) ? 0 : 1;
}
