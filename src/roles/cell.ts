import { nativeMechanismOf } from "../channel/connection.ts";
import { RunError } from "../cli/errors.ts";
import type { Mechanism, RunPlan, Test } from "../cli/plan.ts";
import { NO_LOG, type RunLog } from "../log/log.ts";
import { CLIENT_SHEET, LedgerFile, SERVER_SHEET } from "../measure/ledger.ts";
import type { Measurement } from "../measure/measurement.ts";
import { native } from "../native/library.ts";
import { Child, type ChildEnd, type Role } from "./child.ts";
import { collect } from "./collect.ts";
import type { RoleSettings, StandaloneClient } from "./control.ts";
import { portFor } from "./names.ts";
import { silenceMsOf } from "./silence.ts";

/** One mechanism, message size and test: two fresh processes, one connection. */
export interface Cell {
  readonly mechanism: Mechanism;
  readonly messageBytes: number;
  readonly test: Test;
  readonly endpoint: string;
  /** The name is one of ours that nobody else can have; one that the user gave may be in use by others. */
  readonly isOwnName: boolean;
  /** Of what this launch draws at random. */
  readonly seed: number;
  /** Of a client alone: what its server is told of the run. */
  readonly run?: StandaloneClient["run"];
  /** A known delay in the echo, for the self-test; none by default. */
  readonly replyDelayNs?: number;
}

const HANDSHAKE_MS = 10_000;
const PROGRESS_LOOK_MS = 250;
/** How long a role may take to end by itself once it was told to stop, or once its peer ended. */
const GRACE_MS = 400;
/** How long after a role's end a signal may be seen that reached all processes at once, as Ctrl-C does. */
const SIGNAL_LAG_MS = 50;

export function roleSettings(cell: Cell, plan: RunPlan, role: Role): RoleSettings {
  return {
    mechanism: cell.mechanism,
    mode: plan.mode,
    test: cell.test,
    shmDirect: plan.shmDirect,
    endpoint: cell.endpoint,
    port: plan.port ?? 0,
    messageBytes: cell.messageBytes,
    clientCount: plan.concurrency,
    worker: 0,
    messageCount: plan.durationNs === null ? plan.messageCount : null,
    durationNs: plan.durationNs,
    sendDelayNs: plan.sendDelayNs,
    arrival: plan.arrival,
    seed: cell.seed,
    warmupCount: plan.warmupCount,
    includeFirstMessage: plan.includeFirstMessage,
    reply: plan.reply,
    replyDelayNs: cell.replyDelayNs ?? 0,
    wait: plan.wait,
    spinNs: plan.spinNs,
    pmqPriority: plan.pmqPriority,
    bufferBytes: plan.bufferBytes,
    realTime: plan.realTime,
    cpu: role === "server" ? plan.serverCpu : plan.clientCpu,
    standalone:
      plan.standalone?.side === "client" && cell.run !== undefined
        ? { side: "client", connectMs: plan.standalone.connectTimeoutNs / 1e6, run: cell.run }
        : null,
    handshakeMs: HANDSHAKE_MS,
    silenceMs: silenceMsOf(plan),
    parentPid: process.pid,
    logLevel: plan.log?.level ?? null,
  };
}

/**
 * Rejects when a side that has not ended handled no message for too long; `stop` ends the watch. Each side for itself: a sender
 * that pauses can fill buffers for minutes though its receiver stands still.
 */
function watchProgress(
  children: readonly Child[],
  ledger: LedgerFile,
  limitMs: number,
): { stalled: Promise<never>; stop: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  const sides = children.map((child) => {
    const sheet = child.role === "server" ? SERVER_SHEET : CLIENT_SHEET;
    const side = { role: child.role, sheet, last: -1n, changedMs: performance.now(), hasEnded: false };
    void child.ended.then(() => {
      side.hasEnded = true;
    });
    return side;
  });
  const timer = setInterval(() => {
    for (const side of sides) {
      const now = ledger.progressOf(side.sheet);
      if (now !== side.last || side.hasEnded) {
        side.last = now;
        side.changedMs = performance.now();
      } else if (performance.now() - side.changedMs > limitMs) {
        reject(new RunError(`the ${side.role} handled no message for ${Math.round(limitMs / 1000)} s`));
      }
    }
  }, PROGRESS_LOOK_MS);
  return { stalled: promise, stop: () => clearInterval(timer) };
}

/** A role that ended otherwise than done. */
class RoleEnded extends Error {}

async function endedBadly(child: Child): Promise<never> {
  const end = await child.ended;
  if (end.kind !== "done") throw new RoleEnded();
  return new Promise<never>(() => {});
}

/** @param server null: another command started it */
async function conduct(
  server: Child | null,
  client: Child,
  ledger: LedgerFile,
  plan: RunPlan,
): Promise<void> {
  const { standalone } = plan;
  const lookMs = standalone?.side === "client" ? standalone.connectTimeoutNs / 1e6 : 0;
  const port = server === null ? portFor(plan) : (await server.next("ready", HANDSHAKE_MS)).port;
  const children = server === null ? [client] : [server, client];
  client.command({ type: "connect", port });
  await Promise.all(children.map((child) => child.next("connected", lookMs + HANDSHAKE_MS)));
  const watch = watchProgress(children, ledger, silenceMsOf(plan) + 1000);
  try {
    await Promise.race([Promise.all(children.map((child) => child.ended)), watch.stalled]);
  } finally {
    watch.stop();
  }
}

/** Waits for both to end by themselves, then sees to it. */
async function reap(children: readonly Child[], ledger: LedgerFile): Promise<void> {
  ledger.requestStop();
  const all = Promise.all(children.map((child) => child.ended));
  const timer = setTimeout(() => {
    for (const child of children) child.kill("SIGKILL");
  }, GRACE_MS);
  await all;
  clearTimeout(timer);
}

/**
 * The account that explains most: who died tells more than who noticed.
 * @param wasStopped the roles were told to stop, and not by this process
 */
function explain(
  ends: readonly { role: Role; end: ChildEnd }[],
  ownReason: string | null,
  wasStopped: boolean,
): string | null {
  const words: string[] = [];
  for (const { role, end } of ends) {
    if (end.kind === "killed") words.unshift(`the ${role} was killed by ${end.signal}`);
    if (end.kind === "crashed")
      words.unshift(`the ${role} ended unexpectedly with exit code ${end.exitCode}`);
  }
  if (wasStopped) words.push("a role was stopped by a signal");
  for (const { role, end } of ends) {
    if (end.kind === "failed" && end.cause === "own") words.push(`the ${role} failed: ${end.reason}`);
  }
  if (ownReason !== null) words.push(ownReason);
  for (const { role, end } of ends) {
    if (end.kind === "failed" && end.cause === "peer") words.push(`the ${role} failed: ${end.reason}`);
  }
  for (const { role, end } of ends) {
    if (end.kind === "failed" && end.cause === "stopped") words.push(`the ${role} was stopped`);
  }
  return words[0] ?? null;
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
 * Runs one cell to its end, whatever that is: spawns both roles, takes them through the handshake, watches them, reaps them,
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
  const ledger = LedgerFile.create(2, watch.ringCapacity);
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
    const server = isAlone ? null : new Child("server", roleSettings(cell, plan, "server"), ledger.fd!, log);
    if (server !== null) children.push(server);
    const client = new Child("client", roleSettings(cell, plan, "client"), ledger.fd!, log);
    children.push(client);
    const failures = [...children.map(endedBadly), aborted];
    for (const failure of failures) failure.catch(() => {});
    await Promise.race([conduct(server, client, ledger, plan), ...failures]);
  } catch (error) {
    if (!(error instanceof RoleEnded)) reason = error instanceof Error ? error.message : String(error);
  } finally {
    wasStopped = ledger.isStopping;
    await reap(children, ledger);
    await watch.stops();
    if (!isAlone && (cell.isOwnName || children[0]?.hasSaid("ready"))) removeEndpoint(cell, plan);
  }
  const ends = await Promise.all(
    children.map(async (child) => ({ role: child.role, end: await child.ended })),
  );
  if (reason !== null || ends.some(({ end }) => end.kind !== "done")) await Bun.sleep(SIGNAL_LAG_MS);
  abort.removeEventListener("abort", whenAborted);
  const failure = abort.aborted ? String(abort.reason) : explain(ends, reason, wasStopped);
  const measurement = collect(cell.test, plan, ledger, children, failure);
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
