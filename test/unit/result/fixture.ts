/** Plans and outcomes as a run would produce them, for tests of what is made from them. */

import type { Measurement, MechanismOutcome } from "../../../src/measure/measurement.ts";
import type { RunPlan } from "../../../src/plan/run-plan.ts";
import { type BuildInput, buildResult } from "../../../src/result/build.ts";
import type { BenchmarkResult } from "../../../src/result/schema.ts";
import { emptySnapshot } from "../../../src/stats/histogram.ts";
import type { HostFacts } from "../../../src/system/host.ts";
import { snapshotOf } from "../../snapshot-of.ts";

export const HOST: HostFacts = {
  os: "linux",
  architecture: "x86_64",
  cpuCores: 2,
  memoryBytes: 8_000_000_000,
};
export const VERSIONS = { tool: "0.1.0", bun: "1.4.5", shimAbi: 3 };

export function planOf(changes: Partial<RunPlan> = {}): RunPlan {
  return {
    mechanisms: ["uds"],
    mode: "async",
    tests: ["one-way", "round-trip"],
    messageSizes: [1024],
    messageCount: 10_000,
    durationNs: null,
    sendDelayNs: 0,
    arrival: null,
    seed: 1,
    launches: 1,
    strict: false,
    realTimePriority: null,
    cpuDmaLatencyUs: null,
    warmupCount: 1000,
    includeFirstMessage: false,
    percentiles: [50, 95, 99, 99.9],
    standalone: null,
    concurrency: 1,
    reply: "echo",
    wait: "block",
    spinNs: 50_000,
    shmDirect: false,
    pmqPriority: 0,
    serverCpu: null,
    clientCpu: null,
    bufferBytes: null,
    host: "127.0.0.1",
    port: null,
    socketPath: null,
    sharedMemoryName: null,
    messageQueueName: null,
    outputFile: "r.json",
    csvFile: null,
    markdownFile: null,
    hlogDirectory: null,
    hgrmDirectory: null,
    streamingJson: null,
    streamingCsv: null,
    eventsFile: null,
    continueOnError: false,
    quiet: false,
    log: null,
    commandLine: ["-m", "uds", "-o", "r.json"],
    ...changes,
  };
}

const SIDE = {
  pid: 4711,
  allowedCpus: [0, 1],
  usedCpus: [0],
  migrations: 0,
  sendBufferBytes: 212_992,
  receiveBufferBytes: 212_992,
  queueDepth: null,
  realTime: null,
  usage: null,
};

/** A perfect test: 10,000 samples, evenly from 10,001 to 20,000 ns, in a window of 0.1 s. */
export function measurementOf(changes: Partial<Measurement> = {}): Measurement {
  return {
    test: "round-trip",
    failure: null,
    complete: true,
    counts: { sent: 10_000, received: 10_000, lost: 0, duplicated: 0, reordered: 0, corrupt: 0 },
    latency: evenly(10_001, 20_000),
    latencyAbsent: null,
    isPeerForeign: false,
    schedule: null,
    windowNs: 100_000_000n,
    workers: [],
    sleptMessages: null,
    clientWaits: { count: 3, totalNs: 1500 },
    serverWaits: { count: 0, totalNs: 0 },
    streamStalls: null,
    sameCpuMessages: 2500,
    client: SIDE,
    server: { ...SIDE, pid: 4712, usedCpus: [0, 1], migrations: 4 },
    startedAtEpochNs: 1_767_323_045_000_000_006n,
    ...changes,
  };
}

/** A test that ended before its first measured message. */
export function measurementOfNothing(changes: Partial<Measurement> = {}): Measurement {
  return measurementOf({
    failure: "the server was killed by SIGKILL",
    complete: false,
    counts: { sent: 0, received: 0, lost: 0, duplicated: 0, reordered: 0, corrupt: 0 },
    latency: emptySnapshot(),
    windowNs: null,
    sameCpuMessages: null,
    client: null,
    server: null,
    startedAtEpochNs: null,
    ...changes,
  });
}

/** Without launches of its own an outcome has one of each test; `resultOf` puts its plan in. */
export function outcomeOf(changes: Partial<MechanismOutcome> = {}): MechanismOutcome {
  const measurements = changes.measurements ?? [
    measurementOf({ test: "one-way", windowNs: 20_000_000n }),
    measurementOf(),
  ];
  return {
    plan: planOf(),
    mechanism: "uds",
    messageBytes: 1024,
    measurements,
    launches: measurements.map((measurement) => ({ launch: 1, measurement })),
    endpoint: "/tmp/ipc_0123.sock",
    startedAt: new Date("2026-01-02T03:04:04.500Z"),
    durationNs: 1_250_000_000,
    ...changes,
  };
}

/** The result of one plan, in which all outcomes are; several plans have theirs in them already. */
export function resultOf(changes: Partial<BuildInput> & { plan?: RunPlan } = {}): BenchmarkResult {
  const { plan = planOf(), plans, outcomes = [outcomeOf()], ...others } = changes;
  return buildResult({
    plans: plans ?? [plan],
    outcomes: plans === undefined ? outcomes.map((outcome) => ({ ...outcome, plan })) : outcomes,
    host: HOST,
    startedAt: new Date("2026-01-02T03:04:04Z"),
    versions: VERSIONS,
    conditions: { machine: null, clockResolutionNs: 1, cpuDmaLatency: null },
    ...others,
  });
}

/** One sample at each whole nanosecond from the first to the last. */
export function evenly(firstNs: number, lastNs: number) {
  return snapshotOf(Array.from({ length: lastNs - firstNs + 1 }, (_, offset) => BigInt(firstNs + offset)));
}
