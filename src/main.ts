// The rest is loaded where it is used: every run starts this program three times, and only one of them reads a command line.

import type { ParsedRun } from "./cli/config/plans.ts";
import { RunError, UsageError } from "./plan/errors.ts";
import { wantsColour } from "./system/colour.ts";
import { writeLine, writeText } from "./system/terminal.ts";

/** How an orchestrator starts its roles: `--server --attached`, `--client --attached`. No user's command line is one. */
function attachedRole(argv: readonly string[]): "server" | "client" | null {
  if (argv.length !== 2 || argv[1] !== "--attached") return null;
  return argv[0] === "--server" ? "server" : argv[0] === "--client" ? "client" : null;
}

async function main(argv: readonly string[]): Promise<number> {
  const role = attachedRole(argv);
  if (role !== null) return (await import("./roles/attached.ts")).runAttached(role);
  const { interpret } = await import("./cli/command.ts");
  const colour = wantsColour(process.stdout.isTTY === true, process.env);
  const command = await interpret(argv, process.platform, colour);
  switch (command.kind) {
    case "run":
      return run(command);
    case "self-test":
      return (await import("./self-test/self-test.ts")).selfTest(command.plan);
    default:
      writeText(`${command.text}\n`);
      return 0;
  }
}

async function run({ plans, notices, dryRun }: ParsedRun): Promise<number> {
  for (const notice of notices) writeLine(`ipc-benchmark: ${notice}`);
  return dryRun
    ? (await import("./orchestrator/dry-run.ts")).dryRun(plans)
    : (await import("./orchestrator/orchestrator.ts")).orchestrate(plans);
}

/** One line, whatever went wrong. */
function report(error: unknown): number {
  if (error instanceof UsageError) {
    writeLine(`ipc-benchmark: ${error.message}${error.hint === null ? "" : ` (${error.hint})`}`);
    return 2;
  }
  const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
  writeLine(`ipc-benchmark: ${error instanceof RunError ? reason : `internal error: ${reason}`}`);
  return 1;
}

process.exit(await main(process.argv.slice(2)).catch(report));
