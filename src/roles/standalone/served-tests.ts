import type { Mechanism, RunPlan, Test } from "../../cli/plan.ts";
import { type LedgerFile, serverSheetOf } from "../../measure/ledger.ts";
import type { LaunchMeasurement, Measurement, MechanismOutcome } from "../../measure/measurement.ts";
import { mergeLaunches } from "../../measure/merge.ts";
import { mergeWorkers, type WorkerMeasurement } from "../../measure/merge-workers.ts";
import type { ObservedCell } from "../../progress/observer.ts";
import type { EffectiveReport, GuestEnd } from "../control.ts";
import { collectServed } from "./collect-served.ts";
import type { Terms } from "./note-schema.ts";

/** A client's test under way. */
export interface ServedTest {
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
export function observedTest(
  plan: RunPlan,
  { number, mechanism, messageBytes, terms }: ServedTest,
): ObservedCell {
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

/** What one client's run measured of one mechanism and size. */
interface Outcome {
  readonly key: string;
  /** One object as long as its tests are the same: the result is put together by it. */
  plan: RunPlan;
  readonly first: ServedTest;
  readonly launches: LaunchMeasurement[];
  /** Of launches with several clients, by test and launch. */
  readonly parts: Map<string, WorkerMeasurement[]>;
  endMs: number;
}

/** A server may run for weeks: it keeps so many results, and forgets those of failed tests first. */
export const MOST_OUTCOMES = 100;

/** The plan that the client had, as far as it concerns the server. */
function planOf(
  plan: RunPlan,
  { mechanism, messageBytes, terms }: ServedTest,
  tests: readonly Test[],
): RunPlan {
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

/** What the clients of a server that was started by hand have measured so far. */
export class ServedTests {
  #outcomes: Outcome[] = [];
  #hasFailed = false;

  constructor(private readonly plan: RunPlan) {}

  /** Whether a test went wrong, also one that is forgotten by now. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** In the order in which their first tests ended. */
  get outcomes(): MechanismOutcome[] {
    return this.#outcomes.map(({ plan, first, launches, endMs }) => {
      const measurements = plan.tests.map((test) =>
        mergeLaunches(
          launches.map(({ measurement }) => measurement).filter((measurement) => measurement.test === test),
        ),
      );
      return {
        plan,
        mechanism: first.mechanism,
        messageBytes: first.messageBytes,
        endpoint: first.endpoint,
        measurements,
        launches,
        startedAt: first.startedAt,
        durationNs: Math.round((endMs - first.startedAt.getTime()) * 1e6),
      };
    });
  }

  /** Takes in what a client's test came to; nothing if it never got to one. */
  ends(served: ServedTest, end: GuestEnd): Measurement[] {
    const tests: Test[] = served.terms === null ? ["one-way", "round-trip"] : [served.terms.test];
    return tests.flatMap((test) => {
      const { slot, terms, clocks, effective } = served;
      const plan = planOf(this.plan, served, [test]);
      const about = { test, slot, isForeign: terms === null, clocks, effective, ...end };
      const part = collectServed(about, plan, served.ledger);
      const { measurement } = part;
      if (measurement.counts.received === 0 && (terms === null || !hasBegun(served))) return [];
      this.#hasFailed ||= measurement.failure !== null;
      this.#take(served, plan, part);
      return [measurement];
    });
  }

  #take(served: ServedTest, plan: RunPlan, part: WorkerMeasurement): void {
    const { terms, number } = served;
    const { test } = part.measurement;
    const key = terms === null ? `foreign ${number}` : `${terms.run} ${terms.position}`;
    let outcome = this.#outcomes.find((one) => one.key === key);
    if (outcome === undefined) {
      outcome = { key, plan, first: served, launches: [], parts: new Map(), endMs: 0 };
      this.#outcomes.push(outcome);
      this.#forget();
    }
    if (!outcome.plan.tests.includes(test))
      outcome.plan = { ...outcome.plan, tests: [...outcome.plan.tests, test] };
    outcome.endMs = Date.now();
    const launch = terms?.launch ?? 1;
    if (terms === null || terms.concurrency === 1) {
      outcome.launches.push({ launch, measurement: part.measurement });
      return;
    }
    // Clients that were measured at once are one launch, of which more is known with each that has left.
    const parts = outcome.parts.getOrInsert(`${test} ${launch}`, []);
    parts.push(part);
    const position = outcome.launches.findIndex(
      ({ launch: number, measurement }) => number === launch && measurement.test === test,
    );
    const merged = { launch, measurement: mergeServed(parts) };
    outcome.launches.splice(position < 0 ? outcome.launches.length : position, position < 0 ? 0 : 1, merged);
  }

  #forget(): void {
    if (this.#outcomes.length <= MOST_OUTCOMES) return;
    const failed = this.#outcomes.findIndex(({ launches }) =>
      launches.some(({ measurement }) => measurement.failure !== null),
    );
    this.#outcomes.splice(Math.max(0, failed), 1);
  }
}

/** Whether the client said that its measured phase begins. */
function hasBegun({ ledger, slot }: ServedTest): boolean {
  return ledger.counts(serverSheetOf(slot)).realtimeOffsetNs !== null;
}

/** Several clients of one launch; their one process cost what the longest look saw. */
function mergeServed(parts: readonly WorkerMeasurement[]): Measurement {
  const early = parts.find(({ measurement }) => !measurement.complete);
  const usages = parts.map(({ measurement }) => measurement.server?.usage ?? null);
  const usage = usages.toSorted((a, b) => (b?.window_ns ?? 0) - (a?.window_ns ?? 0))[0] ?? null;
  return mergeWorkers(parts, early?.measurement.failure ?? null, usage);
}
