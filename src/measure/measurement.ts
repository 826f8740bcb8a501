import type { Mechanism, RunPlan, Test } from "../plan/run-plan.ts";
import type { LatencySnapshot } from "../stats/snapshot.ts";
import type { RealTimeReport } from "../system/privileges.ts";
import type { UsageFigures } from "../system/usage-schema.ts";

/** Messages of the measured phase; warm-up and canary are in none of these. */
export interface MessageCounts {
  readonly sent: number;
  readonly received: number;
  /** null: a client that another command's server did not tell what had come to it. `received` is 0 then. */
  readonly lost: number | null;
  readonly duplicated: number;
  readonly reordered: number;
  readonly corrupt: number;
}

/** Sends that found no room at the first attempt, on either side. */
export interface RoomWaits {
  readonly count: number;
  readonly totalNs: number;
}

/** Times that a side waited, between messages, for the reader of its records. Those waits are in no latency of that side's own. */
export interface StreamStalls {
  readonly count: number;
  readonly totalNs: number;
}

/** What was really in force on one side, read back after it was set. */
export interface EffectiveSide {
  readonly pid: number;
  /** CPUs the process was allowed to run on. */
  readonly allowedCpus: readonly number[];
  /** CPUs on which messages were really handled. */
  readonly usedCpus: readonly number[];
  /** Times the handling CPU changed from one message to the next. */
  readonly migrations: number;
  /** Socket buffers as the kernel reports them; ring, slot or queue capacity for the other mechanisms. */
  readonly sendBufferBytes: number | null;
  readonly receiveBufferBytes: number | null;
  /** Message queues only. */
  readonly queueDepth: number | null;
  /** null without --rt. */
  readonly realTime: RealTimeReport | null;
  /** What the measured phase cost this side; null if it did not come to its end. */
  readonly usage: UsageFigures | null;
}

/** What an open-loop test measured beside the response time. */
export interface ScheduleFigures {
  /** From the actual send. */
  readonly service: LatencySnapshot;
  /** From the scheduled moment to the actual send. */
  readonly lateness: LatencySnapshot;
  /** Messages a second from the start of a client's schedule to its last send, of all clients; null with fewer than two. */
  readonly achievedRatePerSecond: number | null;
  /** The same of the moments at which those messages should have gone: of Poisson arrivals not the rate asked for. */
  readonly scheduledRatePerSecond: number | null;
}

/** Everything one test of one mechanism produced. */
export interface Measurement {
  readonly test: Test;
  /** Why the test failed or ended early, one line; null when it is complete and nothing was lost. */
  readonly failure: string | null;
  readonly complete: boolean;
  readonly counts: MessageCounts;
  /** The headline: with a schedule the response time, from the scheduled moment; else the service time, from the actual send. */
  readonly latency: LatencySnapshot;
  /** Why there is no latency though messages went, by design; null where it was to be measured. */
  readonly latencyAbsent: string | null;
  /** The other side is another tool, which says nothing of itself. */
  readonly isPeerForeign: boolean;
  /** Only with a schedule. */
  readonly schedule: ScheduleFigures | null;
  /** First measured send to last measured receive; null when nothing arrived. */
  readonly windowNs: bigint | null;
  /** Messages before which their sender slept; null where it had no moment and no pause to wait for, or nobody knows. */
  readonly sleptMessages: number | null;
  readonly clientWaits: RoomWaits;
  readonly serverWaits: RoomWaits;
  /** null: nobody streamed the records. */
  readonly streamStalls: StreamStalls | null;
  /** Messages handled while both sides were on one CPU; null where it can't be known. */
  readonly sameCpuMessages: number | null;
  /** With several clients: of all of them. */
  readonly client: EffectiveSide | null;
  readonly server: EffectiveSide | null;
  /** Each of several clients by itself, in the order of their numbers; empty with one. */
  readonly workers: readonly WorkerFigures[];
  /** Wall clock at the start of the measured phase, ns since the epoch; null when it was never reached. */
  readonly startedAtEpochNs: bigint | null;
}

/** What one of several clients measured. */
export interface WorkerFigures extends Measurement {
  /** Client, from 0. A server that was started by hand may lack some of them. */
  readonly worker: number;
}

/** One launch of one test: fresh processes, fresh objects. */
export interface LaunchMeasurement {
  /** From 1. */
  readonly launch: number;
  readonly measurement: Measurement;
}

/** One mechanism and message size with all its tests. */
export interface MechanismOutcome {
  /** The plan that asked for it; a run may have several. */
  readonly plan: RunPlan;
  readonly mechanism: Mechanism;
  readonly messageBytes: number;
  /** Each test once, its launches merged. */
  readonly measurements: readonly Measurement[];
  /** In the order in which they ran. */
  readonly launches: readonly LaunchMeasurement[];
  /** Address, path or name at which the peers met. */
  readonly endpoint: string | null;
  readonly startedAt: Date;
  readonly durationNs: number;
}
