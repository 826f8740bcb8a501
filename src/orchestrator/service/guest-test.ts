import { type LedgerFile, serverSheetOf } from "../../native/ledger.ts";
import type { Mechanism, RunPlan, Test } from "../../plan/run-plan.ts";
import type { ObservedCell } from "../../progress/observer.ts";
import type { EffectiveReport } from "../../protocol/control.ts";
import type { Terms } from "../../protocol/peer/note-schema.ts";

/** A client's test under way. */
export interface GuestTest {
  /** From 1, in the order in which they began. */
  readonly number: number;
  readonly mechanism: Mechanism;
  readonly endpoint: string;
  readonly ledger: LedgerFile;
  readonly slot: number;
  readonly messageBytes: number;
  /** null: the client is another tool. */
  readonly terms: Terms | null;
  readonly clocks: string | null;
  readonly effective: EffectiveReport;
  readonly startedAt: Date;
}

/** A test under way, as those see it who look on. */
export function observedTest(plan: RunPlan, { number, mechanism, messageBytes, terms }: GuestTest): ObservedCell {
  return {
    ...{ number, total: 0, mechanism, mode: plan.mode, messageBytes, percentiles: plan.percentiles },
    // Of another tool only one-way messages are recorded here.
    test: terms?.test ?? "one-way",
    launch: terms?.launch ?? 1,
    launches: terms?.launches ?? 1,
    messageCount: terms?.messageCount ?? null,
    durationNs: terms?.durationNs ?? null,
    ratePerSecond: terms?.arrival?.ratePerSecond ?? null,
  };
}

/** The plan that the client had, as far as it concerns the server. */
export function planOf(plan: RunPlan, { mechanism, messageBytes, terms }: GuestTest, tests: readonly Test[]): RunPlan {
  const shared = { ...plan, mechanisms: [mechanism], messageSizes: [messageBytes], tests };
  if (terms === null) {
    const unknown = { messageCount: null, durationNs: null, warmupCount: 0, launches: 1 };
    return { ...shared, ...unknown, reply: "ack" };
  }
  const { durationNs, sendDelayNs, warmupCount, includeFirstMessage, reply, concurrency, launches } = terms;
  const { messageCount, ratePerSecond, seed } = terms.whole;
  const arrival = terms.arrival === null ? null : { ...terms.arrival, ratePerSecond: ratePerSecond ?? 0 };
  return {
    ...{ ...shared, messageCount, durationNs, sendDelayNs, arrival, seed, warmupCount },
    ...{ includeFirstMessage, reply, concurrency, launches },
  };
}

/** Whether the client said that its measured phase begins. */
export function hasBegun({ ledger, slot }: GuestTest): boolean {
  return ledger.counts(serverSheetOf(slot)).realtimeOffsetNs !== null;
}
