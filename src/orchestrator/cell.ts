import { constants } from "node:os";
import { NO_LOG, type RunLog } from "../log/log.ts";
import type { Measurement } from "../measure/measurement.ts";
import { clientSheetOf, LedgerFile } from "../native/ledger.ts";
import { RunError } from "../plan/errors.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import type { Child } from "./child.ts";
import { collect } from "./collect.ts";
import { portFor } from "./endpoints.ts";
import { explain } from "./explain.ts";
import { RoleEnded, RoleGroup } from "./role-group.ts";
import { type Cell, handshakeMs, silenceMs } from "./role-settings.ts";
import { watchProgress } from "./watch.ts";

/** Between the command to begin and the moment at which several clients do. */
const START_LEAD_MS = 20;
const START_LEAD_MS_PER_CLIENT = 1;
/** How long after a role's end a signal may be seen that reached all processes at once, as Ctrl-C does. */
const SIGNAL_LAG_MS = 50;

/** Who looks on while a cell is measured. */
export interface CellWatch {
  /** Records of single messages that the recording side may be ahead of their reader; 0: nobody reads them. */
  readonly ringCapacity: number;
  starts(ledger: LedgerFile): void;
  /** The roles are gone; the ledger is closed once this has resolved. */
  stops(): Promise<void>;
}

const NOT_WATCHED: CellWatch = { ringCapacity: 0, starts() {}, async stops() {} };

/**
 * Runs one cell to its end, whatever that is: spawns the roles, takes them through the handshake, watches them, reaps them,
 * and removes the name they met at.
 * @param abort ends it at once; its reason says why
 * @returns what was measured, complete or not; never rejects for what went wrong with a role
 */
export async function measureCell(
  cell: Cell,
  plan: RunPlan,
  abort: AbortSignal,
  log: RunLog = NO_LOG,
  watch: CellWatch = NOT_WATCHED,
): Promise<Measurement> {
  const ledger = LedgerFile.create(clientSheetOf(plan.concurrency), watch.ringCapacity);
  const group = new RoleGroup(cell, plan, ledger, log);
  const trouble = await troubleOf(() => play(group, ledger, plan, watch), abort);
  const stopped = stoppedInWords(group, ledger);
  await group.reap();
  await watch.stops();
  group.removeName();
  const failure = await failureOf(group, trouble, stopped, abort);
  const measurement = collect({ test: cell.test, plan, ledger, children: group.all, failure });
  ledger.close();
  return measurement;
}

/** "the client was stopped by SIGTERM"; null if no role got a signal. */
function stoppedInWords({ all }: RoleGroup, { stoppedBy }: LedgerFile): string | null {
  if (stoppedBy === null) return null;
  const [signal] = Object.entries(constants.signals).find(([, number]) => number === stoppedBy.signal) ?? ["a signal"];
  return `${all.find(({ pid }) => pid === stoppedBy.pid)?.name ?? "a role"} was stopped by ${signal}`;
}

/** What kept `act` from its end, in words; null if nothing did, or if it was a role, which gives its own account. */
async function troubleOf(act: () => Promise<void>, abort: AbortSignal): Promise<string | null> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const whenAborted = () => reject(new RunError(String(abort.reason)));
  abort.addEventListener("abort", whenAborted);
  try {
    abort.throwIfAborted();
    await Promise.race([act(), aborted]);
    return null;
  } catch (error) {
    if (error instanceof RoleEnded) return null;
    return error instanceof Error ? error.message : String(error);
  } finally {
    abort.removeEventListener("abort", whenAborted);
  }
}

/** The roles from their start to the end of the last one. Rejects as soon as one of them ends otherwise than done. */
async function play(group: RoleGroup, ledger: LedgerFile, plan: RunPlan, watch: CellWatch): Promise<void> {
  watch.starts(ledger);
  group.spawn();
  // That a role has ended badly is told before what waited for it notices.
  const endsBadly = group.endBadly();
  await Promise.race([endsBadly, conduct(group, ledger, plan)]);
}

/** One after the other, so that the server meets them in the order of their numbers. */
async function connectAll({ server, clients }: RoleGroup, plan: RunPlan): Promise<void> {
  const { standalone } = plan;
  const lookMs = standalone?.side === "client" ? standalone.connectTimeoutNs / 1e6 : 0;
  const deadlineMs = lookMs + handshakeMs(plan);
  const port = server === null ? portFor(plan) : (await server.next("ready", deadlineMs)).port;
  for (const client of clients) {
    client.command({ type: "connect", port });
    await Promise.all([server?.next("connected", deadlineMs, client.worker), client.next("connected", deadlineMs)]);
  }
}

/** Has all clients begin at one moment, once all of them are warm. */
async function startTogether(clients: readonly Child[], ledger: LedgerFile): Promise<void> {
  await Promise.all(clients.map((client) => client.next("warm", null)));
  ledger.setStart((START_LEAD_MS + clients.length * START_LEAD_MS_PER_CLIENT) * 1e6);
  for (const client of clients) client.command({ type: "start" });
}

async function conduct(group: RoleGroup, ledger: LedgerFile, plan: RunPlan): Promise<void> {
  await connectAll(group, plan);
  let hasBegun = group.clients.length === 1;
  const watch = watchProgress(group, ledger, silenceMs(plan) + 1000, () => hasBegun);
  const measure = async () => {
    if (!hasBegun) await startTogether(group.clients, ledger);
    hasBegun = true;
    await Promise.all([group.server, ...group.clients].map((child) => child?.ended));
  };
  try {
    await Promise.race([measure(), watch.stalled]);
  } finally {
    watch.stop();
  }
}

/** Why the test failed or ended early; null if it did not. */
async function failureOf(
  group: RoleGroup,
  trouble: string | null,
  stopped: string | null,
  abort: AbortSignal,
): Promise<string | null> {
  const ends = await group.ends();
  if (trouble !== null || ends.some(({ end }) => end.kind !== "done")) await Bun.sleep(SIGNAL_LAG_MS);
  return abort.aborted ? String(abort.reason) : explain(ends, trouble, stopped);
}
