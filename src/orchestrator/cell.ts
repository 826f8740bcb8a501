import { nativeMechanismOf } from "../channel/settings.ts";
import { NO_LOG, type RunLog } from "../log/log.ts";
import type { Measurement } from "../measure/measurement.ts";
import { clientSheetOf, LedgerFile } from "../native/ledger.ts";
import { native } from "../native/library.ts";
import { RunError } from "../plan/errors.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import { Child, type Role } from "./child.ts";
import { collect } from "./collect.ts";
import { portFor } from "./endpoints.ts";
import { explain } from "./explain.ts";
import { commonQueueDepth } from "./limits.ts";
import type { Cell } from "./role-settings.ts";
import { handshakeMs, roleSettings, silenceMs } from "./role-settings.ts";
import { watchProgress } from "./watch.ts";

/** Between the command to begin and the moment at which several clients do. */
const START_LEAD_MS = 20;
const START_LEAD_MS_PER_CLIENT = 1;
/** How long a role may take to end by itself once it was told to stop, or once its peer ended. */
const GRACE_MS = 400;
/** How long after a role's end a signal may be seen that reached all processes at once, as Ctrl-C does. */
const SIGNAL_LAG_MS = 50;

/** A role that ended otherwise than done. */
class RoleEnded extends Error {}

async function endedBadly(child: Child): Promise<never> {
  const end = await child.ended;
  if (end.kind !== "done") throw new RoleEnded();
  return new Promise<never>(() => {});
}

/** The processes of a cell. */
interface Cast {
  /** null: another command started it. */
  readonly server: Child | null;
  readonly clients: readonly Child[];
}

/** One after the other, so that the server meets them in the order of their numbers. */
async function connectAll({ server, clients }: Cast, plan: RunPlan): Promise<void> {
  const { standalone } = plan;
  const lookMs = standalone?.side === "client" ? standalone.connectTimeoutNs / 1e6 : 0;
  const deadlineMs = lookMs + handshakeMs(plan);
  const port = server === null ? portFor(plan) : (await server.next("ready", deadlineMs)).port;
  for (const client of clients) {
    client.command({ type: "connect", port });
    await Promise.all([
      server?.next("connected", deadlineMs, client.worker),
      client.next("connected", deadlineMs),
    ]);
  }
}

/** Has all clients begin at one moment, once all of them are warm. */
async function startTogether(clients: readonly Child[], ledger: LedgerFile): Promise<void> {
  await Promise.all(clients.map((client) => client.next("warm", null)));
  ledger.setStart((START_LEAD_MS + clients.length * START_LEAD_MS_PER_CLIENT) * 1e6);
  for (const client of clients) client.command({ type: "start" });
}

async function conduct(cast: Cast, ledger: LedgerFile, plan: RunPlan): Promise<void> {
  await connectAll(cast, plan);
  let hasBegun = cast.clients.length === 1;
  const watch = watchProgress(cast, ledger, silenceMs(plan) + 1000, () => hasBegun);
  const measure = async () => {
    if (!hasBegun) await startTogether(cast.clients, ledger);
    hasBegun = true;
    await Promise.all([cast.server, ...cast.clients].map((child) => child?.ended));
  };
  const measured = measure();
  measured.catch(() => {});
  try {
    await Promise.race([measured, watch.stalled]);
  } finally {
    watch.stop();
  }
}

/** Waits for all to end by themselves, then sees to it. */
async function reap(children: readonly Child[], ledger: LedgerFile): Promise<void> {
  ledger.requestStop();
  const all = Promise.all(children.map((child) => child.ended));
  const timer = setTimeout(() => {
    for (const child of children) child.kill("SIGKILL");
  }, GRACE_MS);
  await all;
  clearTimeout(timer);
}

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
  const { concurrency } = plan;
  const ledger = LedgerFile.create(clientSheetOf(concurrency), watch.ringCapacity);
  const children: Child[] = [];
  const { promise: aborted, reject: onAbort } = Promise.withResolvers<never>();
  const whenAborted = () => onAbort(new RunError(String(abort.reason)));
  abort.addEventListener("abort", whenAborted);
  let reason: string | null = null;
  let wasStopped = false;
  const isAlone = plan.standalone !== null;
  try {
    abort.throwIfAborted();
    watch.starts(ledger);
    const queueDepth =
      cell.mechanism === "pmq" && !isAlone ? commonQueueDepth(plan, cell.messageBytes) : null;
    const spawn = (role: Role, worker: number) => {
      const child = new Child(role, roleSettings(cell, plan, role, worker, queueDepth), ledger.fd!, log);
      children.push(child);
      return child;
    };
    const server = isAlone ? null : spawn("server", 0);
    const clients = Array.from({ length: concurrency }, (_, worker) => spawn("client", worker));
    const failures = [...children.map(endedBadly), aborted];
    for (const failure of failures) failure.catch(() => {});
    await Promise.race([conduct({ server, clients }, ledger, plan), ...failures]);
  } catch (error) {
    if (!(error instanceof RoleEnded)) reason = error instanceof Error ? error.message : String(error);
  } finally {
    wasStopped = ledger.isStopping;
    await reap(children, ledger);
    await watch.stops();
    if (!isAlone && (cell.isOwnName || children[0]?.hasSaid("ready"))) removeEndpoint(cell, plan);
  }
  const ends = await Promise.all(
    children.map(async (child) => ({ name: child.name, end: await child.ended })),
  );
  if (reason !== null || ends.some(({ end }) => end.kind !== "done")) await Bun.sleep(SIGNAL_LAG_MS);
  abort.removeEventListener("abort", whenAborted);
  const failure = abort.aborted ? String(abort.reason) : explain(ends, reason, wasStopped);
  const measurement = collect({ test: cell.test, plan, ledger, children, failure });
  ledger.close();
  return measurement;
}

/** What a role that was killed could not remove itself. */
function removeEndpoint(cell: Cell, plan: RunPlan): void {
  native().endpoint_remove(
    nativeMechanismOf(cell.mechanism, plan.shmDirect),
    Buffer.from(`${cell.endpoint}\0`),
  );
}
