import type { LaunchMeasurement, Measurement, MechanismOutcome } from "../../measure/measurement.ts";
import { mergeLaunches } from "../../measure/merge.ts";
import { mergeWorkers, type WorkerMeasurement } from "../../measure/merge-workers.ts";
import type { RunPlan, Test } from "../../plan/run-plan.ts";
import type { GuestEnd } from "../../protocol/control.ts";
import type { Terms } from "../../protocol/peer/note-schema.ts";
import { BUCKET_COUNT } from "../../stats/histogram.ts";
import { collectGuest } from "./collect-guest.ts";
import { type GuestTest, hasBegun, planOf } from "./guest-test.ts";

/** What one client's run measured of one mechanism and size. */
interface Outcome {
  readonly key: string;
  /** One object as long as its tests are the same: the result is put together by it. */
  plan: RunPlan;
  readonly first: GuestTest;
  readonly launches: LaunchMeasurement[];
  /** Of launches with several clients, by test and launch. */
  readonly parts: Map<string, WorkerMeasurement[]>;
  /** About what all that takes. */
  bytes: number;
  /** Tests of clients for which there was no room. */
  unkept: number;
  endMs: number;
}

/** A server may run for weeks: it keeps so many results, and forgets those of failed tests first. */
export const MOST_OUTCOMES = 100;

/** Whatever clients do: a launch more or a client more costs room of its own. */
const MOST_BYTES = 256 * 2 ** 20;
/** What belongs to a test beside its distributions; more than it is, as it also costs time whenever results are written. */
const TEST_BYTES = 16_384;
const DISTRIBUTION_BYTES = BUCKET_COUNT * BigUint64Array.BYTES_PER_ELEMENT;

/** Those of nothing are not counted, as a client's are one for all; what is merged has its own. */
function bytesOf({ latency, schedule }: Measurement): number {
  const own = [latency, schedule?.service].filter((snapshot) => snapshot !== undefined && snapshot.count > 0n);
  return TEST_BYTES + own.length * DISTRIBUTION_BYTES;
}

const MERGED_BYTES = TEST_BYTES + 3 * DISTRIBUTION_BYTES;

/** A result from which tests are missing is none of its run. */
function asKept(measurement: Measurement, unkept: number): Measurement {
  if (unkept === 0) return measurement;
  const words = `${unkept} more ${unkept === 1 ? "test of this run is" : "tests of this run are"} left out: the server keeps at most ${MOST_BYTES / 2 ** 20} MB of results`;
  const { failure } = measurement;
  return { ...measurement, complete: false, failure: failure === null ? words : `${failure}; ${words}` };
}

/** What the clients of a server that was started by hand have measured so far. */
export class KeptResults {
  #outcomes: Outcome[] = [];
  #hasFailed = false;
  #forgotten = 0;

  constructor(
    private readonly plan: RunPlan,
    private readonly mostBytes = MOST_BYTES,
  ) {}

  /** Results that had to make room for later ones. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Whether a test went wrong, also one that is forgotten by now. */
  get hasFailed(): boolean {
    return this.#hasFailed || this.#outcomes.some(hasProblem);
  }

  /** In the order in which their first tests ended. */
  get outcomes(): MechanismOutcome[] {
    return this.#outcomes.map(({ plan, first, launches, unkept, endMs }) => {
      const measurementsOf = (test: Test) =>
        launches.map(({ measurement }) => measurement).filter((measurement) => measurement.test === test);
      const measurements = plan.tests.map((test) => asKept(mergeLaunches(measurementsOf(test)), unkept));
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
  take(served: GuestTest, end: GuestEnd): Measurement[] {
    const tests: Test[] = served.terms === null ? ["one-way", "round-trip"] : [served.terms.test];
    return tests.flatMap((test) => {
      const { slot, terms, clocks, effective } = served;
      const plan = planOf(this.plan, served, [test]);
      const agreedCount = terms === null || terms.durationNs !== null ? null : terms.messageCount;
      const about = { test, slot, isForeign: terms === null, agreedCount, clocks, effective, ...end };
      const part = collectGuest(about, plan, served.ledger);
      const { measurement } = part;
      if (measurement.counts.received === 0 && (terms === null || !hasBegun(served))) return [];
      this.#keep(served, plan, part);
      return [measurement];
    });
  }

  #keep(served: GuestTest, plan: RunPlan, part: WorkerMeasurement): void {
    const { terms } = served;
    const { test } = part.measurement;
    const outcome = this.#outcomeOf(served, plan);
    outcome.endMs = Date.now();
    const isAlone = terms === null || terms.concurrency === 1;
    // With the first of several there will be what is known of all of them.
    const isFirst = !outcome.parts.has(partsKey(test, terms));
    const bytes = bytesOf(part.measurement) + (!isAlone && isFirst ? MERGED_BYTES : 0);
    if (!this.#makeRoom(outcome, bytes)) {
      outcome.unkept++;
      return;
    }
    outcome.bytes += bytes;
    if (!outcome.plan.tests.includes(test)) outcome.plan = { ...outcome.plan, tests: [...outcome.plan.tests, test] };
    if (isAlone) outcome.launches.push({ launch: terms?.launch ?? 1, measurement: part.measurement });
    else addPart(outcome, part, terms);
  }

  #outcomeOf(served: GuestTest, plan: RunPlan): Outcome {
    const { terms, number } = served;
    const key = terms === null ? `foreign ${number}` : `${terms.run} ${terms.position}`;
    const known = this.#outcomes.find((one) => one.key === key);
    if (known !== undefined) return known;
    const none = { launches: [], parts: new Map(), bytes: 0, unkept: 0, endMs: 0 };
    const outcome: Outcome = { key, plan: { ...plan, tests: [] }, first: served, ...none };
    this.#outcomes.push(outcome);
    return outcome;
  }

  /** Forgets others for as long as there is no room; false: for this one alone there is not enough. */
  #makeRoom(outcome: Outcome, bytes: number): boolean {
    const kept = () => this.#outcomes.reduce((total, one) => total + one.bytes, 0);
    while (this.#outcomes.length > MOST_OUTCOMES || kept() + bytes > this.mostBytes) {
      const others = this.#outcomes.filter((one) => one !== outcome);
      const victim = others.find(hasProblem) ?? others[0];
      if (victim === undefined) return false;
      this.#hasFailed ||= hasProblem(victim);
      this.#outcomes = this.#outcomes.filter((one) => one !== victim);
      this.#forgotten++;
    }
    return true;
  }
}

const partsKey = (test: Test, terms: Terms | null) => `${test} ${terms?.launch ?? 1}`;

/** Clients that were measured at once are one launch, of which more is known with each that has left. */
function addPart({ parts, launches }: Outcome, part: WorkerMeasurement, terms: Terms): void {
  const { launch, worker, concurrency } = terms;
  const { test } = part.measurement;
  const key = partsKey(test, terms);
  // They connect and leave in any order.
  const known = [...(parts.get(key) ?? []), { ...part, worker }].sort((a, b) => a.worker! - b.worker!);
  parts.set(key, known);
  const merged = { launch, measurement: mergeGuests(known, concurrency) };
  const position = launches.findIndex((one) => one.launch === launch && one.measurement.test === test);
  if (position < 0) launches.push(merged);
  else launches[position] = merged;
}

function hasProblem({ launches, unkept }: Outcome): boolean {
  return unkept > 0 || launches.some(({ measurement }) => measurement.failure !== null);
}

/** Several clients of one launch; their one process cost what the longest look saw. */
function mergeGuests(parts: readonly WorkerMeasurement[], clientCount: number): Measurement {
  const missing = parts.length === clientCount ? null : `only ${parts.length} of ${clientCount} clients came`;
  const early = parts.find(({ measurement }) => !measurement.complete);
  const usages = parts.map(({ measurement }) => measurement.server?.usage ?? null);
  const usage = usages.toSorted((a, b) => (b?.window_ns ?? 0) - (a?.window_ns ?? 0))[0] ?? null;
  return mergeWorkers(parts, early?.measurement.failure ?? missing, usage);
}
