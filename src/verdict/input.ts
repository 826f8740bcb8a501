import type { MessageCounts } from "../measure/measurement.ts";
import type { MachineFacts } from "../system/machine-schema.ts";
import type { Effective, RealTimeReport } from "../system/privileges.ts";
import type { UsageFigures } from "../system/usage-schema.ts";

/** One role of the test: what it was asked to be, what it was, and what its measured window cost. */
export interface VerdictSide {
  /** null: the scheduler was left free. */
  readonly requestedCpu: number | null;
  /** CPUs allowed, read back; empty where the system does not tell. */
  readonly allowedCpus: readonly number[];
  /** CPUs on which messages were handled. */
  readonly usedCpus: readonly number[];
  /** Times the handling CPU changed from one message to the next. */
  readonly migrations: number;
  /** Read back; null: not told, or this side has no such buffer. Linux doubles what is asked for. */
  readonly sendBufferBytes: number | null;
  readonly receiveBufferBytes: number | null;
  /** null without --rt. */
  readonly realTime: RealTimeReport | null;
  /** null where it was not read. */
  readonly usage: UsageFigures | null;
}

/** Everything that a verdict on one test is drawn from; plain data. */
export interface VerdictInput {
  /** The test ran to its end. */
  readonly complete: boolean;
  /** Why not, or what else went wrong, one line. */
  readonly failure: string | null;
  readonly counts: MessageCounts;
  /** Why no latency was to be measured; null where it was. */
  readonly latencyAbsent: string | null;
  /** Messages and the time they took were both seen. */
  readonly isThroughputKnown: boolean;
  /** The other side is another tool. */
  readonly isPeerForeign: boolean;
  /** Latencies recorded, by all launches. */
  readonly sampleCount: number;
  /** By the launch with the fewest, which decides what percentiles mean. */
  readonly fewestSamples: number;
  /** A duration ended it, not a number of messages. */
  readonly isTimed: boolean;
  /** Percentiles asked for, 0 to 100, each with the samples in the shorter tail beyond it, in that launch. */
  readonly percentiles: readonly {
    readonly percentile: number;
    readonly samplesBeyond: number;
    /** Excursions beyond it, in the launch that has the fewest for what it needs; null where that is not known. */
    readonly excursions: { readonly count: number; readonly needed: number } | null;
  }[];
  /** Of the headline latency; null without samples. */
  readonly p50Ns: number | null;
  /** Least step between two readings of the clock; null where it was not measured. */
  readonly clockResolutionNs: number | null;
  /** Messages a second; null without --rate. */
  readonly rate: { readonly asked: number; readonly achieved: number | null } | null;
  /** How late the sender was; null without --rate, and with bursts, whose messages wait for each other by design. */
  readonly lateness: {
    readonly p99Ns: number;
    readonly serviceP50Ns: number;
    /** Times that the sender found no room. */
    readonly roomWaits: number;
  } | null;
  /** --buffer-size; null: none asked for. */
  readonly requestedBufferBytes: number | null;
  /** --cpu-dma-latency; null: not asked for. */
  readonly cpuDmaLatencyUs: Effective<number> | null;
  /** Clients at once. */
  readonly clientCount: number;
  /** Threads of the server that run loops; its usage is that of all of them. */
  readonly serverThreads: number;
  /** The roles poll and never sleep. */
  readonly isSpinning: boolean;
  /** Share of messages with both sides on one CPU, 0 to 1; null where it can't be known. */
  readonly sameCpuShare: number | null;
  /** Waits of the roles for the ring of streamed records; null without streaming. */
  readonly streamStalls: { readonly count: number; readonly totalNs: number } | null;
  /** null for a side that was never connected. With several clients: the one that was disturbed most, or one call each. */
  readonly client: VerdictSide | null;
  readonly server: VerdictSide | null;
  readonly machine: MachineFacts | null;
}
