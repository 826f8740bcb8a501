import { faultsInWords } from "../../measure/faults.ts";
import type { EffectiveSide, Measurement } from "../../measure/measurement.ts";
import type { WorkerMeasurement } from "../../measure/merge-workers.ts";
import { clientSheetOf, type LedgerCounts, type LedgerFile, serverSheetOf } from "../../native/ledger.ts";
import type { RunPlan, Test } from "../../plan/run-plan.ts";
import type { EffectiveReport } from "../../protocol/control.ts";
import { emptySnapshot } from "../../stats/histogram.ts";
import type { UsageFigures } from "../../system/usage-schema.ts";
import { counted } from "../../text/counted.ts";
import { rates, unrecorded } from "../collect.ts";

/** What a server knows of one client's test beside its sheet. */
export interface GuestFacts {
  readonly test: Test;
  readonly slot: number;
  readonly isForeign: boolean;
  /** Messages that the client agreed to send; null: as many as the duration allowed, or it is another tool. */
  readonly agreedCount: number | null;
  /** Why stamps of the client mean nothing here; null if they do. */
  readonly clocks: string | null;
  readonly effective: EffectiveReport;
  readonly usage: UsageFigures | null;
  /** Why it ended early; null if the client said that it was done. */
  readonly failure: string | null;
}

/** Shared: a server may keep a lot of them. */
const NOTHING = emptySnapshot();

function latencyAbsent({ test, clocks }: GuestFacts): string | null {
  return test === "round-trip" ? "the client measures the round trip" : clocks;
}

function sideOf({ effective, usage }: GuestFacts, counts: LedgerCounts): EffectiveSide {
  return { ...effective, usedCpus: counts.usedCpus, migrations: counts.migrations, usage };
}

/** Another tool runs both tests over one connection: what was answered was a round trip. */
function receivedOf({ test, isForeign }: GuestFacts, { received, sent }: LedgerCounts): number {
  if (!isForeign) return received;
  return test === "one-way" ? received - sent : sent;
}

/** Messages sent are known once the client has told; of another tool never. */
function sentOf(served: GuestFacts, client: LedgerCounts, server: LedgerCounts): number {
  const { isForeign, failure } = served;
  return isForeign || failure !== null ? receivedOf(served, server) - server.duplicated : client.sent;
}

/** A client that ends in an orderly way has not sent what it agreed to. */
function shortfallOf({ agreedCount }: GuestFacts, sent: number): string | null {
  if (agreedCount === null || sent === agreedCount) return null;
  return `${sent} ${sent === 1 ? "message was" : "messages were"} sent instead of ${agreedCount}`;
}

/** What a server measured of one client's test, read from its sheets; nobody writes to them any more. */
export function collectGuest(served: GuestFacts, plan: RunPlan, ledger: LedgerFile): WorkerMeasurement {
  const { test, slot, isForeign, failure } = served;
  const [client, server] = [ledger.counts(clientSheetOf(slot)), ledger.counts(serverSheetOf(slot))];
  const absent = latencyAbsent(served);
  const latencyOf = (which: "service" | "response") => {
    const latency = absent === null ? ledger.distribution(serverSheetOf(slot), which) : NOTHING;
    return latency.count === 0n ? NOTHING : latency;
  };
  const sent = sentOf(served, client, server);
  const received = receivedOf(served, server);
  const counts = {
    sent,
    received,
    lost: Math.max(0, sent - (received - server.duplicated)),
    duplicated: server.duplicated,
    reordered: server.reordered,
    corrupt: server.corrupt,
  };
  const faults = faultsInWords(counts);
  const latency = latencyOf(plan.arrival === null ? "service" : "response");
  const shortfall = shortfallOf(served, sent);
  const { firstSendNs } = client;
  const hasWindow = served.clocks === null && firstSendNs !== null && server.lastReceiveNs !== null;
  const measurement: Measurement = {
    test,
    failure:
      failure ??
      shortfall ??
      (faults === ""
        ? unrecorded(counts, absent === null ? latency.count : null)
        : `of ${counted(sent, "message")}: ${faults}`),
    complete: failure === null && shortfall === null,
    counts,
    latency,
    workers: [],
    latencyAbsent: absent,
    isPeerForeign: isForeign,
    schedule: plan.arrival === null ? null : { service: latencyOf("service"), lateness: NOTHING, ...rates(client) },
    windowNs: hasWindow ? server.lastReceiveNs! - firstSendNs : null,
    sleptMessages: null,
    clientWaits: { count: 0, totalNs: 0 },
    serverWaits: { count: server.roomWaits, totalNs: server.roomWaitNs },
    streamStalls: ledger.ringCapacity === 0 ? null : { count: server.stalls, totalNs: server.stallNs },
    sameCpuMessages: null,
    client: null,
    server: sideOf(served, server),
    startedAtEpochNs: hasWindow && server.realtimeOffsetNs !== null ? firstSendNs + server.realtimeOffsetNs : null,
  };
  return { measurement, firstSendNs: hasWindow ? firstSendNs : null, lastReceiveNs: server.lastReceiveNs };
}
