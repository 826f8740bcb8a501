import type { Mechanism, RunPlan, Test } from "../plan/run-plan.ts";
import { arrivalOf, messagesOf, seedOf, startShiftNs } from "../plan/shares.ts";
import { connectionSilenceMs, silenceMsOf } from "../plan/silence-limits.ts";
import type { RoleSettings, StandaloneClient } from "../protocol/control.ts";
import type { Role } from "./child.ts";

/** One mechanism, message size and test: fresh processes, a connection for each client. */
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
/** Many processes on few CPUs take their time to start. */
const HANDSHAKE_MS_PER_CLIENT = 100;

/** Longest wait for a step of setting up. */
export function handshakeMs({ concurrency }: RunPlan): number {
  return HANDSHAKE_MS + (concurrency - 1) * HANDSHAKE_MS_PER_CLIENT;
}

/** How long a side may handle no message. */
export function silenceMs(plan: RunPlan): number {
  return silenceMsOf({ ...plan, arrival: arrivalOf(plan.arrival, plan.concurrency) });
}

/**
 * What a role is told.
 * @param worker which of the clients; the server has 0
 * @param queueDepth messages of a queue, where all of them have to fit into a limit; null: as deep as it gets
 */
export function roleSettings(
  cell: Cell,
  plan: RunPlan,
  role: Role,
  worker = 0,
  queueDepth: number | null = null,
): RoleSettings {
  const { concurrency } = plan;
  return {
    mechanism: cell.mechanism,
    mode: plan.mode,
    test: cell.test,
    shmDirect: plan.shmDirect,
    endpoint: cell.endpoint,
    port: plan.port ?? 0,
    messageBytes: cell.messageBytes,
    clientCount: concurrency,
    worker,
    messageCount:
      plan.durationNs === null && plan.messageCount !== null
        ? messagesOf(plan.messageCount, concurrency, worker)
        : null,
    durationNs: plan.durationNs,
    sendDelayNs: plan.sendDelayNs,
    arrival: arrivalOf(plan.arrival, concurrency),
    seed: seedOf(cell.seed, worker),
    startShiftNs: startShiftNs(plan.arrival, worker),
    warmupCount: plan.warmupCount,
    includeFirstMessage: plan.includeFirstMessage,
    reply: plan.reply,
    replyDelayNs: cell.replyDelayNs ?? 0,
    wait: plan.wait,
    spinNs: plan.spinNs,
    pmqPriority: plan.pmqPriority,
    queueDepth,
    bufferBytes: plan.bufferBytes,
    realTimePriority: plan.realTimePriority,
    cpu: role === "server" ? plan.serverCpu : plan.clientCpu,
    standalone:
      plan.standalone?.side === "client" && cell.run !== undefined
        ? { side: "client", connectMs: plan.standalone.connectTimeoutNs / 1e6, run: cell.run }
        : null,
    handshakeMs: handshakeMs(plan),
    silenceMs: connectionSilenceMs(silenceMs(plan), concurrency),
    parentPid: process.pid,
    logLevel: plan.log?.level ?? null,
  };
}
