import { writeSync } from "node:fs";
import { roleLog } from "../log/log.ts";
import { expectPinned, pinToCpu } from "../native/cpus.ts";
import { CANCELED } from "../native/errno.ts";
import { clientSheetOf, LedgerFile } from "../native/ledger.ts";
import { native } from "../native/library.ts";
import { useRealTime } from "../native/real-time.ts";
import { LEDGER_FD, type RoleCommand, type RoleMessage, type RoleSettings } from "../protocol/control.ts";
import type { UsageFigures } from "../system/usage-schema.ts";
import { runClient } from "./client.ts";
import type { Control, RoleContext } from "./context.ts";
import { causeOf } from "./failure.ts";
import { runServer } from "./server.ts";

const CONTROL_OUT = 1;
/** An orchestrator that is alive gives its next order long before. */
const ORDERS_MS = 20_000;

function say(message: RoleMessage): void {
  writeSync(CONTROL_OUT, `${JSON.stringify(message)}\n`);
}

/** Lines of standard input; ends when the orchestrator closes it. */
async function* inputLines(): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of Bun.stdin.stream()) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

/**
 * What is said next.
 * @param isPatient it may take as long as it likes
 * @throws if nobody says anything any more
 */
async function nextLine(lines: AsyncIterator<string, void>, isPatient = false): Promise<unknown> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const reason = `the orchestrator gave no orders for ${ORDERS_MS / 1000} s`;
  const timer = isPatient ? undefined : setTimeout(() => reject(new Error(reason)), ORDERS_MS);
  try {
    const { value, done } = await Promise.race([lines.next(), late]);
    if (done || value === undefined) throw new Error("the orchestrator is gone");
    return JSON.parse(value);
  } finally {
    clearTimeout(timer);
  }
}

async function runRole(role: "server" | "client", context: RoleContext): Promise<UsageFigures | null> {
  const { standalone } = context.settings;
  if (role === "client") return runClient(context);
  if (standalone?.side !== "server") return runServer(context);
  // With the histograms that it reports: more than all the rest of a role, which starts the sooner without.
  const { runReception } = await import("./peer/reception.ts");
  return runReception(context, standalone);
}

/**
 * Runs this process as a role of an orchestrator: settings and commands come on standard input, the ledger is an inherited
 * descriptor, everything said goes out on standard output, which is a pipe of the orchestrator's.
 * @returns the exit code: 0 when the role said `done`, 1 when it said `failed`
 */
export async function runAttached(role: "server" | "client"): Promise<number> {
  try {
    const lines = inputLines();
    const settings = (await nextLine(lines)) as RoleSettings;
    const log = roleLog(settings.logLevel, (entry) => say({ type: "log", entry }));
    log.trace(`process ${process.pid} has the settings ${JSON.stringify(settings)}`);
    const ledger = LedgerFile.inherit(LEDGER_FD);
    const clients = role === "server" ? settings.clientCount : 1;
    ledger.touch(clientSheetOf(settings.worker), clientSheetOf(clients));
    if (native().process_follow(ledger.stopAddress, settings.parentPid, 1) === CANCELED)
      throw new Error("the orchestrator is gone");
    if (settings.cpu !== null) {
      pinToCpu(settings.cpu);
      log.debug(`is pinned to CPU ${settings.cpu}`);
    }
    const control: Control = {
      say,
      nextCommand: async (isPatient) => (await nextLine(lines, isPatient)) as RoleCommand,
    };
    const realTime = settings.realTimePriority === null ? null : useRealTime(settings.realTimePriority);
    const context = { settings, ledger, control, log, realTime };
    const usage = await runRole(role, context);
    if (settings.cpu !== null) expectPinned(settings.cpu);
    log.debug("is done");
    say({ type: "done", usage });
    return 0;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    try {
      say({ type: "failed", reason, cause: causeOf(error) });
    } catch {
      // The orchestrator is gone; there is nobody to tell.
    }
    return 1;
  }
}
