import { parseArguments } from "../cli/parse.ts";
import { tableLines } from "../report/table.ts";
import { writeText } from "../system/terminal.ts";
import { runChecks } from "./checks.ts";

/**
 * The `self-test` command: measures the tool itself, each figure beside its limit.
 * @returns the exit code: 0, or 1 if a figure is beyond its limit
 */
export async function selfTest(): Promise<number> {
  const { plan } = parseArguments(["-m", "uds", "--blocking", "--round-trip", "-s", "64"], process.platform);
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
