import { readFileSync } from "node:fs";
import { Session } from "../channel/session.ts";
import { type ConnectionSettings, frameBytesOf, nativeMechanismOf } from "../channel/settings.ts";
import { INVALID, NO_MEMORY, NO_SPACE, TOO_LONG, TOO_MANY_FILES } from "../native/errno.ts";
import { LedgerFile } from "../native/ledger.ts";
import { errorText, native } from "../native/library.ts";
import { FRAME_OVERHEAD, MOST_QUEUED, NOTE_BYTES } from "../native/numbers.ts";
import { UsageError } from "../plan/errors.ts";
import type { Mechanism, RunPlan } from "../plan/run-plan.ts";
import { randomName } from "../system/random-name.ts";

/** Bytes of a queue message beyond its payload: no length stands before it. */
const BODY_OVERHEAD = FRAME_OVERHEAD - 4;
/** What the kernel accounts for each message of a queue beside its bytes (ipc/mqueue.c, mqueue_get_inode; 64 bit). */
const QUEUE_MESSAGE_ACCOUNTING = 96;
const QUEUES_OF_A_CONNECTION = 2;

function readNumber(path: string): number | null {
  try {
    const value = Number(readFileSync(path, "utf8"));
    return Number.isFinite(value) ? value : null;
  } catch {
    return null;
  }
}

/** RLIMIT_MSGQUEUE, soft; null: unlimited or not told. */
function queueBytesLimit(): number | null {
  try {
    const soft = /^Max msgqueue size\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return soft === undefined ? null : Number(soft);
  } catch {
    return null;
  }
}

/** What all clients' objects come to, if they can be made at once. */
interface Trial {
  /** 0, or the error of the first that could not be made. */
  readonly status: number;
  /** Messages that the shallowest queue has room for; null where there are none. */
  readonly depth: number | null;
}

/**
 * Makes the objects of all clients, and removes them again. Nothing of them is left if this process is killed meanwhile: they have
 * no name, or where they must have one a fresh one, for no longer than it takes to remove it.
 */
function tryToListen(settings: ConnectionSettings, clientCount: number): Trial {
  const canBeNameless = settings.mechanism === "shm" && process.platform === "linux";
  const ledger = LedgerFile.private(1);
  const sessions: Session[] = [];
  let depth: number | null = null;
  let status = 0;
  for (let i = 0; i < clientCount && status === 0; i++) {
    const one = { ...settings, endpoint: canBeNameless ? "" : `${settings.endpoint}-${i}` };
    const session = Session.open(one, ledger, nativeMechanismOf(settings.mechanism, settings.shmDirect));
    sessions.push(session);
    status = session.listen();
    if (status < 0) continue;
    session.unlinkName();
    const { queueDepth } = session.effective();
    if (queueDepth !== null) depth = Math.min(depth ?? queueDepth, queueDepth);
  }
  for (const session of sessions) session.close();
  native().ledger_file_unmap(ledger.address);
  return { status, depth };
}

/** The settings that all clients' objects have in common, as far as limits matter. */
function probeSettings(plan: RunPlan, mechanism: Mechanism, messageBytes: number): ConnectionSettings {
  return {
    ...plan,
    mechanism,
    endpoint: `/${randomName()}`,
    port: 0,
    messageBytes,
    replyBytes: messageBytes,
    silenceMs: 1000,
    arrival: null,
    queueDepth: null,
    sheet: 0,
    peerSheet: null,
  };
}

/** As deep as queues can be if all clients' are to be equally deep. */
function tryQueues(plan: RunPlan, messageBytes: number): Trial {
  const settings = probeSettings(plan, "pmq", messageBytes);
  let trial = tryToListen(settings, plan.concurrency);
  if (plan.concurrency === 1) return trial;
  // The first ones took what the last ones lacked.
  for (let depth = MOST_QUEUED; depth > 0; depth--) {
    trial = tryToListen({ ...settings, queueDepth: depth }, plan.concurrency);
    if (trial.status === 0 && trial.depth === depth) break;
  }
  return trial;
}

/** Messages of each queue where several clients have to share the limits; null with one, which takes what it gets. */
export function commonQueueDepth(plan: RunPlan, messageBytes: number): number | null {
  return plan.concurrency === 1 ? null : tryQueues(plan, messageBytes).depth;
}

function queueError(plan: RunPlan, messageBytes: number, status: number): UsageError {
  const bodyBytes = plan.bufferBytes ?? messageBytes + BODY_OVERHEAD;
  const sizeMax = readNumber("/proc/sys/fs/mqueue/msgsize_max");
  if (status === INVALID && sizeMax !== null && bodyBytes > sizeMax) {
    return new UsageError(
      `-m pmq: messages of ${bodyBytes} bytes (${BODY_OVERHEAD} more than the payload) exceed the sysctl fs.mqueue.msgsize_max of ${sizeMax}`,
      `use -s ${sizeMax - BODY_OVERHEAD} or less, leave pmq out, or raise it: sysctl -w fs.mqueue.msgsize_max=${bodyBytes}`,
    );
  }
  const bytesLimit = queueBytesLimit();
  if ((status === TOO_MANY_FILES || status === NO_MEMORY) && bytesLimit !== null) {
    const queues = QUEUES_OF_A_CONNECTION * plan.concurrency;
    const largest = Math.floor(bytesLimit / queues) - QUEUE_MESSAGE_ACCOUNTING - BODY_OVERHEAD;
    const fewer = plan.concurrency > 1 ? "use a smaller -c, or " : "";
    const fits = largest >= NOTE_BYTES ? `${fewer}use -s ${largest} or less, or raise it` : `${fewer}raise it`;
    return new UsageError(
      `-m pmq: ${queues === 2 ? "two" : queues} queues of ${bodyBytes}-byte messages exceed RLIMIT_MSGQUEUE, ${bytesLimit} bytes for all queues of this user`,
      `${fits} (ulimit -q); queues left by other programs count too`,
    );
  }
  if (status === NO_SPACE) {
    const most = readNumber("/proc/sys/fs/mqueue/queues_max");
    const queues = QUEUES_OF_A_CONNECTION * plan.concurrency;
    return new UsageError(
      plan.concurrency === 1
        ? `-m pmq: all ${most ?? ""} message queues of the system are in use (sysctl fs.mqueue.queues_max)`
        : `-m pmq: ${queues} queues for ${plan.concurrency} clients exceed the sysctl fs.mqueue.queues_max of ${most ?? "this system"}`,
      plan.concurrency === 1 ? "remove old queues, or raise it" : "use a smaller -c, remove old queues, or raise it",
    );
  }
  return new UsageError(`-m pmq: no message queue can be made here: ${errorText(status)}`, "leave pmq out");
}

function memoryError(status: number): UsageError {
  if (status === NO_SPACE || status === NO_MEMORY) {
    return new UsageError(
      "-m shm: there is too little space for the shared memory (is /dev/shm full or small?)",
      "free some space, or use a smaller --message-size or --buffer-size",
    );
  }
  return new UsageError(`-m shm: no shared memory can be made here: ${errorText(status)}`, "leave shm out");
}

/**
 * Refuses what this system's limits make impossible, before anything is started.
 * @throws UsageError that names the limit and what would fit
 */
export function checkLimits(plan: RunPlan): void {
  const mechanisms = new Set<Mechanism>(plan.mechanisms);
  // What the largest needs is enough for all.
  const messageBytes = Math.max(...plan.messageSizes);
  for (const mechanism of ["shm", "pmq"] as const) {
    if (!mechanisms.has(mechanism)) continue;
    const settings = probeSettings(plan, mechanism, messageBytes);
    const { status } = mechanism === "pmq" ? tryQueues(plan, messageBytes) : tryToListen(settings, plan.concurrency);
    if (status >= 0) continue;
    if (status === TOO_LONG) {
      throw new UsageError(
        `--buffer-size ${plan.bufferBytes} is too small for ${mechanism} with messages of ${messageBytes} bytes`,
        `use ${frameBytesOf(settings)} or more, or leave --buffer-size out`,
      );
    }
    throw mechanism === "pmq" ? queueError(plan, messageBytes, status) : memoryError(status);
  }
}
