/** The channels that the suite runs on, and what their mechanisms allow. A new mechanism is one more row. */
import { readFileSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConnectionSettings } from "../../src/channel/settings.ts";
import { CLOSED, PEER_DIED } from "../../src/native/errno.ts";
import type { Mechanism, Mode } from "../../src/plan/run-plan.ts";

export interface Row {
  readonly name: string;
  readonly mechanism: Mechanism;
  readonly mode: Mode;
  readonly shmDirect: boolean;
  readonly largestPayload: number;
  /** Whether bytes can be cut anywhere on their way. */
  readonly isStream: boolean;
  /** Whether frames travel with their length in front, as the receiver reads it. */
  readonly hasLengthPrefix: boolean;
  /** How a side learns that its peer has closed while its process lives on; null: it can't. */
  readonly closedBy: number | null;
  /** How it learns that its peer was killed. */
  readonly killedBy: number;
}

const FRAME_PAYLOAD_LIMIT = 16 * 1024 * 1024 - 28;

/** Of a message queue: what the kernel lets a message have, less a body's own 28 bytes. */
function largestQueued(): number {
  try {
    return Number(readFileSync("/proc/sys/fs/mqueue/msgsize_max", "utf8")) - 28;
  } catch {
    return 8192 - 28;
  }
}

/** Two rings of 64 MiB for the largest frame: where shared memory is short, as in many containers, of a smaller one. */
function largestInRing(): number {
  const { bavail, bsize } = statfsSync("/dev/shm");
  return bavail * bsize > 160 * 1024 * 1024 ? FRAME_PAYLOAD_LIMIT : 2 * 1024 * 1024;
}

const SOCKET = { isStream: true, hasLengthPrefix: true, closedBy: CLOSED, killedBy: CLOSED };
const SHARED = { isStream: false, closedBy: CLOSED, killedBy: PEER_DIED };

const MECHANISMS = [
  { label: "uds", mechanism: "uds", shmDirect: false, largestPayload: FRAME_PAYLOAD_LIMIT, ...SOCKET },
  { label: "tcp", mechanism: "tcp", shmDirect: false, largestPayload: FRAME_PAYLOAD_LIMIT, ...SOCKET },
  {
    label: "shm ring",
    mechanism: "shm",
    shmDirect: false,
    largestPayload: largestInRing(),
    hasLengthPrefix: true,
    ...SHARED,
  },
  {
    label: "shm direct",
    mechanism: "shm",
    shmDirect: true,
    largestPayload: FRAME_PAYLOAD_LIMIT,
    hasLengthPrefix: false,
    ...SHARED,
  },
  {
    label: "pmq",
    mechanism: "pmq",
    shmDirect: false,
    largestPayload: largestQueued(),
    hasLengthPrefix: false,
    isStream: false,
    closedBy: null,
    killedBy: PEER_DIED,
  },
] as const;

const MODES = ["blocking", "async"] as const;

export const ROWS: readonly Row[] = MECHANISMS.flatMap(({ label, ...row }) =>
  MODES.map((mode) => ({ name: `${label} ${mode}`, mode, ...row })),
);

/** For `describe.each`: the name first, for the title. */
export const CHANNELS = ROWS.map((row) => [row.name, row] as const);
export const STREAMS = CHANNELS.filter(([, row]) => row.isStream);

export const NAME_PREFIX = `ipct-${process.pid}-`;
let names = 0;

/** Queues are in no directory that could be looked through, unless it is mounted. */
export const usedQueueNames: string[] = [];

/** A name that nobody else uses, of the kind that the mechanism wants. */
export function freshEndpoint(mechanism: Mechanism): string {
  if (mechanism === "tcp") return "127.0.0.1";
  const name = `${NAME_PREFIX}${names++}`;
  if (mechanism === "pmq") usedQueueNames.push(name);
  return mechanism === "uds" ? join(tmpdir(), name) : name;
}

export type Overrides = Partial<Omit<ConnectionSettings, "mechanism" | "mode" | "shmDirect">>;

export function settingsOf(row: Row, overrides: Overrides = {}): ConnectionSettings {
  const messageBytes = overrides.messageBytes ?? 64;
  return {
    mechanism: row.mechanism,
    mode: row.mode,
    shmDirect: row.shmDirect,
    endpoint: freshEndpoint(row.mechanism),
    port: 0,
    messageBytes,
    replyBytes: messageBytes,
    durationNs: null,
    arrival: null,
    seed: 1,
    bufferBytes: null,
    wait: "block",
    spinNs: 50_000,
    silenceMs: 10_000,
    pmqPriority: 0,
    queueDepth: null,
    sheet: 0,
    peerSheet: null,
    ...overrides,
  };
}
