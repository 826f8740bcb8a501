import type { RunPlan, Test } from "../cli/plan.ts";
import { CLIENT_SHEET, type LedgerCounts, type LedgerFile, SERVER_SHEET } from "../measure/ledger.ts";
import type { EffectiveSide, Measurement, MessageCounts, ScheduleFigures } from "../measure/measurement.ts";
import { faultsInWords } from "../result/verdict.ts";
import { ratio } from "../stats/exact.ts";
import type { Child } from "./child.ts";
import type { FarServer } from "./control.ts";

function sideOf(child: Child | undefined, counts: LedgerCounts): EffectiveSide | null {
  const effective = child?.effective;
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

/** Both legs of a round trip are counted: a request that came wrong and a reply that came wrong are two faults. */
function countsOf(test: Test, client: LedgerCounts, server: LedgerCounts): MessageCounts {
  const receiver = test === "one-way" ? server : client;
  const faults = (field: "duplicated" | "reordered" | "corrupt") => client[field] + server[field];
  const distinct = receiver.received - receiver.duplicated;
  return {
    sent: client.sent,
    received: receiver.received,
    lost: Math.max(0, client.sent - distinct),
    duplicated: faults("duplicated"),
    reordered: faults("reordered"),
    corrupt: faults("corrupt"),
  };
}

/** What is wrong with the counts of a test that ended well, or null. `recorded`: latencies; null: none were to be. */
function faultOf(counts: MessageCounts, plan: RunPlan, recorded: bigint | null): string | null {
  const faults = faultsInWords(counts);
  if (faults !== "") return `of ${counts.sent} messages: ${faults}`;
  if (plan.durationNs === null && counts.sent !== plan.messageCount) {
    return `${counts.sent} messages were sent instead of ${plan.messageCount}`;
  }
  if (recorded !== null && recorded !== BigInt(counts.received))
    return `${recorded} of ${counts.received} messages were recorded`;
  return counts.received === 0 ? "no message was measured" : null;
}

/** Messages a second between a client's first send and its last; null with fewer than two. */
export function achievedRate({ firstSendNs, lastSendNs, sent }: LedgerCounts): number | null {
  const spanNs = firstSendNs === null || lastSendNs === null ? 0n : lastSendNs - firstSendNs;
  return spanNs > 0n ? ratio(BigInt(sent - 1) * 1_000_000_000n, spanNs) : null;
}

function scheduleFigures(ledger: LedgerFile, sheet: number, client: LedgerCounts): ScheduleFigures {
  return {
    service: ledger.distribution(sheet, "service"),
    lateness: ledger.distribution(CLIENT_SHEET, "lateness"),
    achievedRatePerSecond: achievedRate(client),
  };
}

/**
 * Reads from the ledgers what one test produced; both roles are gone by now.
 * @param failure why the test ended early, or null
 */
export function collect(
  test: Test,
  plan: RunPlan,
  ledger: LedgerFile,
  children: readonly Child[],
  failure: string | null,
): Measurement {
  const client = ledger.counts(CLIENT_SHEET);
  const server = ledger.counts(SERVER_SHEET);
  const receiver = test === "one-way" ? server : client;
  const sheet = test === "one-way" ? SERVER_SHEET : CLIENT_SHEET;
  const latency = ledger.distribution(sheet, plan.arrival === null ? "service" : "response");
  const counts = countsOf(test, client, server);
  const { firstSendNs, realtimeOffsetNs } = client;
  const far = children.find((child) => child.role === "client")?.farServer ?? null;
  const { lastReceiveNs } = receiver;
  return {
    test,
    failure: failure ?? faultOf(counts, plan, far?.latencyAbsent ? null : latency.count),
    complete: failure === null,
    counts,
    latency,
    latencyAbsent: far?.latencyAbsent ?? null,
    isPeerForeign: far?.isForeign ?? false,
    schedule: plan.arrival === null ? null : scheduleFigures(ledger, sheet, client),
    windowNs: firstSendNs === null || lastReceiveNs === null ? null : lastReceiveNs - firstSendNs,
    clientWaits: { count: client.roomWaits, totalNs: client.roomWaitNs },
    serverWaits: { count: server.roomWaits, totalNs: server.roomWaitNs },
    streamStalls:
      ledger.ringCapacity === 0
        ? null
        : { count: client.stalls + server.stalls, totalNs: client.stallNs + server.stallNs },
    sameCpuMessages:
      far === null && client.usedCpus.length > 0 && server.usedCpus.length > 0 ? receiver.sameCpu : null,
    client: sideOf(
      children.find((child) => child.role === "client"),
      client,
    ),
    server:
      far === null
        ? sideOf(
            children.find((child) => child.role === "server"),
            server,
          )
        : farSideOf(far, server),
    startedAtEpochNs:
      firstSendNs === null || realtimeOffsetNs === null ? null : firstSendNs + realtimeOffsetNs,
  };
}
