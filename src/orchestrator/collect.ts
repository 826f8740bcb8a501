import { faultsInWords } from "../measure/faults.ts";
import type { EffectiveSide, Measurement, MessageCounts, ScheduleFigures } from "../measure/measurement.ts";
import { mergeWorkers, type WorkerMeasurement } from "../measure/merge-workers.ts";
import { clientSheetOf, type LedgerCounts, type LedgerFile, serverSheetOf } from "../native/ledger.ts";
import type { RunPlan, Test } from "../plan/run-plan.ts";
import { messagesOf } from "../plan/shares.ts";
import type { FarServer } from "../protocol/control.ts";
import { ratio } from "../stats/exact.ts";
import { counted } from "../text/counted.ts";
import type { Child } from "./child.ts";

/** @param worker whose connection it is */
function sideOf(child: Child | undefined, worker: number, counts: LedgerCounts): EffectiveSide | null {
  const effective = child?.effective(worker);
  if (!effective) return null;
  return {
    ...effective,
    usedCpus: counts.usedCpus,
    migrations: counts.migrations,
    usage: child?.usage ?? null,
  };
}

/** As it reported of itself. */
function farSideOf({ effective, usage }: FarServer, counts: LedgerCounts): EffectiveSide | null {
  if (effective === null) return null;
  return { ...effective, usedCpus: counts.usedCpus, migrations: counts.migrations, usage };
}

/**
 * Both legs of a round trip are counted: a request that came wrong and a reply that came wrong are two faults.
 * @param hasServer the server's counts are there; without them only a client that got replies knows what became of its messages
 */
function countsOf(test: Test, client: LedgerCounts, server: LedgerCounts, hasServer: boolean): MessageCounts {
  const receiver = test === "one-way" ? server : client;
  const faults = (field: "duplicated" | "reordered" | "corrupt") => client[field] + server[field];
  const distinct = receiver.received - receiver.duplicated;
  return {
    sent: client.sent,
    received: receiver.received,
    lost: hasServer || test === "round-trip" || client.sent === 0 ? Math.max(0, client.sent - distinct) : null,
    duplicated: faults("duplicated"),
    reordered: faults("reordered"),
    corrupt: faults("corrupt"),
  };
}

/**
 * What is wrong with the counts of a test that ended well, or null.
 * @param expected messages to be sent; null: as many as the duration allowed
 * @param recorded latencies; null: none were to be
 */
function faultOf(counts: MessageCounts, expected: number | null, recorded: bigint | null): string | null {
  const faults = faultsInWords(counts);
  if (faults !== "") return `of ${counted(counts.sent, "message")}: ${faults}`;
  if (expected !== null && counts.sent !== expected) {
    return `${counted(counts.sent, "message was", "messages were")} sent instead of ${expected}`;
  }
  return unrecorded(counts, recorded) ?? (counts.received === 0 ? "no message was measured" : null);
}

/** A message whose stamp lies ahead of its arrival has no latency. @param recorded null: none were to be */
export function unrecorded({ received }: MessageCounts, recorded: bigint | null): string | null {
  if (recorded === null || recorded === BigInt(received)) return null;
  return `${recorded} of ${received} messages were recorded: the others have an impossible time or id`;
}

/**
 * Messages a second from the start of the schedule to the last send, as they went and as the schedule had them; null with fewer than
 * two. A first message that went late makes that time no shorter.
 */
export function rates({ scheduleStartNs, lastSendNs, scheduledSpanNs, sent }: LedgerCounts) {
  const spanNs = scheduleStartNs === null || lastSendNs === null ? 0n : lastSendNs - scheduleStartNs;
  const over = (ns: bigint) => (ns > 0n ? ratio(BigInt(sent - 1) * 1_000_000_000n, ns) : null);
  return { achievedRatePerSecond: over(spanNs), scheduledRatePerSecond: over(scheduledSpanNs) };
}

function scheduleFigures(
  ledger: LedgerFile,
  sheet: number,
  clientSheet: number,
  client: LedgerCounts,
): ScheduleFigures {
  return {
    service: ledger.distribution(sheet, "service"),
    lateness: ledger.distribution(clientSheet, "lateness"),
    ...rates(client),
  };
}

interface Collected {
  readonly test: Test;
  readonly plan: RunPlan;
  readonly ledger: LedgerFile;
  readonly children: readonly Child[];
  /** Why the test ended early, or null. */
  readonly failure: string | null;
}

/** What one client and its side of the server produced. */
function collectWorker({ test, plan, ledger, children, failure }: Collected, worker: number): WorkerMeasurement {
  const clientSheet = clientSheetOf(worker);
  const serverSheet = serverSheetOf(worker);
  const client = ledger.counts(clientSheet);
  const server = ledger.counts(serverSheet);
  const receiver = test === "one-way" ? server : client;
  const sheet = test === "one-way" ? serverSheet : clientSheet;
  const latency = ledger.distribution(sheet, plan.arrival === null ? "service" : "response");
  const expected =
    plan.durationNs !== null || plan.messageCount === null
      ? null
      : messagesOf(plan.messageCount, plan.concurrency, worker);
  const { firstSendNs, realtimeOffsetNs } = client;
  const own = children.find((child) => child.role === "client" && child.worker === worker);
  const far = own?.farServer ?? null;
  const counts = countsOf(test, client, server, plan.standalone === null || far !== null);
  const { lastReceiveNs } = receiver;
  const measurement: Measurement = {
    test,
    failure: failure ?? faultOf(counts, expected, far?.latencyAbsent ? null : latency.count),
    complete: failure === null,
    counts,
    latency,
    latencyAbsent: far?.latencyAbsent ?? null,
    isPeerForeign: far?.isForeign ?? false,
    schedule: plan.arrival === null ? null : scheduleFigures(ledger, sheet, clientSheet, client),
    windowNs: firstSendNs === null || lastReceiveNs === null ? null : lastReceiveNs - firstSendNs,
    sleptMessages: plan.arrival === null && plan.sendDelayNs === 0 ? null : client.slept,
    clientWaits: { count: client.roomWaits, totalNs: client.roomWaitNs },
    serverWaits: { count: server.roomWaits, totalNs: server.roomWaitNs },
    streamStalls:
      ledger.ringCapacity === 0
        ? null
        : { count: client.stalls + server.stalls, totalNs: client.stallNs + server.stallNs },
    sameCpuMessages: far === null && client.usedCpus.length > 0 && server.usedCpus.length > 0 ? receiver.sameCpu : null,
    client: sideOf(own, worker, client),
    server: far === null ? sideOf(children.find(isServer), worker, server) : farSideOf(far, server),
    workers: [],
    startedAtEpochNs: firstSendNs === null || realtimeOffsetNs === null ? null : firstSendNs + realtimeOffsetNs,
  };
  return { measurement, firstSendNs, lastReceiveNs };
}

const isServer = (child: Child) => child.role === "server";

/** What a client can't know without its server's report is no loss, and is said. */
function sayUnknown(measurement: Measurement): Measurement {
  const { failure, counts } = measurement;
  if (failure === null || counts.lost !== null) return measurement;
  return {
    ...measurement,
    failure: `${failure}; of ${counts.sent} messages sent, the number that arrived is not known`,
  };
}

/** Reads from the ledgers what one test produced; its roles are gone by now. */
export function collect(collected: Collected): Measurement {
  return sayUnknown(collectAll(collected));
}

function collectAll(collected: Collected): Measurement {
  const { plan, children, failure } = collected;
  if (plan.concurrency === 1) return collectWorker(collected, 0).measurement;
  const parts = Array.from({ length: plan.concurrency }, (_, worker) => collectWorker(collected, worker));
  // One process served them all: what it cost is no client's alone.
  const shared = parts.map(({ measurement, ...part }) => ({
    ...part,
    measurement: {
      ...measurement,
      server: measurement.server === null ? null : { ...measurement.server, usage: null },
    },
  }));
  const far = parts.map(({ measurement }) => measurement.server?.usage ?? null).filter((usage) => usage !== null);
  far.sort((a, b) => b.window_ns - a.window_ns);
  // A server elsewhere told each client of what it saw: the longest look saw most.
  const usage = children.find(isServer)?.usage ?? far[0] ?? null;
  return mergeWorkers(shared, failure, usage);
}
