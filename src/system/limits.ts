import { readFileSync } from "node:fs";
import { NOTE_BYTES } from "../channel/channel.ts";
import {
  type ConnectionSettings,
  frameBytesOf,
  nativeMechanismOf,
  openSession,
} from "../channel/connection.ts";
import { UsageError } from "../cli/errors.ts";
import type { Mechanism, RunPlan } from "../cli/plan.ts";
import { LedgerFile } from "../measure/ledger.ts";
import { INVALID, NO_MEMORY, NO_SPACE, TOO_LONG, TOO_MANY_FILES } from "../native/errno.ts";
import { errorText, native } from "../native/library.ts";

/** Bytes of a queue message beyond its payload; see c/frame.h. */
const BODY_OVERHEAD = 28;
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

/** Whether the connection's objects can be made at all: makes them under a fresh name and removes them at once. */
function tryToListen(settings: ConnectionSettings): number {
  const session = openSession(
    settings,
    LedgerFile.private(1),
    nativeMechanismOf(settings.mechanism, settings.shmDirect),
  );
  const status = native().session_listen(session);
  native().session_close(session);
  return status;
}

function queueError(plan: RunPlan, messageBytes: number, status: number): UsageError {
  const bodyBytes = plan.bufferBytes ?? messageBytes + BODY_OVERHEAD;
  const sizeMax = readNumber("/proc/sys/fs/mqueue/msgsize_max");
  if (status === INVALID && sizeMax !== null && bodyBytes > sizeMax) {
    return new UsageError(
      `-m pmq: messages of ${bodyBytes} bytes (${BODY_OVERHEAD} beyond the payload) are longer than the sysctl fs.mqueue.msgsize_max of ${sizeMax} allows`,
      `use -s ${sizeMax - BODY_OVERHEAD} or less, leave pmq out, or raise it: sysctl -w fs.mqueue.msgsize_max=${bodyBytes}`,
    );
  }
  const bytesLimit = queueBytesLimit();
  if ((status === TOO_MANY_FILES || status === NO_MEMORY) && bytesLimit !== null) {
    const largest =
      Math.floor(bytesLimit / QUEUES_OF_A_CONNECTION) - QUEUE_MESSAGE_ACCOUNTING - BODY_OVERHEAD;
    const fits = largest >= NOTE_BYTES ? `use -s ${largest} or less, or raise it` : "raise it";
    return new UsageError(
      `-m pmq: two queues of ${bodyBytes}-byte messages exceed RLIMIT_MSGQUEUE, ${bytesLimit} bytes for all queues of this user`,
      `${fits} (ulimit -q); queues left by other programs count too`,
    );
  }
  if (status === NO_SPACE) {
    const most = readNumber("/proc/sys/fs/mqueue/queues_max");
    return new UsageError(
      `-m pmq: the system has its ${most ?? ""} message queues already (sysctl fs.mqueue.queues_max)`,
      "remove old ones or raise it",
    );
  }
  return new UsageError(`-m pmq: no message queue can be made here: ${errorText(status)}`, "leave pmq out");
}

function memoryError(status: number): UsageError {
  if (status === NO_SPACE || status === NO_MEMORY) {
    return new UsageError(
      "-m shm: there is no room for the shared memory (is /dev/shm full or small?)",
      "free some, or use a smaller --message-size or --buffer-size",
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
    const settings: ConnectionSettings = {
      ...plan,
      mechanism,
      endpoint: `/ipcb-probe-${process.pid}`,
      port: 0,
      messageBytes,
      replyBytes: messageBytes,
      silenceMs: 1000,
      arrival: null,
      sheet: 0,
      peerSheet: null,
    };
    const status = tryToListen(settings);
    if (status >= 0) continue;
    if (status === TOO_LONG) {
      throw new UsageError(
        `--buffer-size ${plan.bufferBytes}: too small for ${mechanism} with messages of ${messageBytes} bytes`,
        `at least ${frameBytesOf(settings)} are needed; without --buffer-size the size follows the message`,
      );
    }
    throw mechanism === "pmq" ? queueError(plan, messageBytes, status) : memoryError(status);
  }
}
