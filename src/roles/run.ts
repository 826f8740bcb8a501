import { version } from "../../package.json";
import type { Mechanism, RunPlan, Test } from "../cli/plan.ts";
import type { LaunchMeasurement, MechanismOutcome } from "../measure/measurement.ts";
import { mergeLaunches } from "../measure/merge.ts";
import { ABI_VERSION } from "../native/library.ts";
import { buildResult } from "../result/build.ts";
import type { BenchmarkResult } from "../result/schema.ts";
import { seededRandom, shuffled } from "../stats/bootstrap.ts";
import { readHost } from "../system/host.ts";
import { measureCell } from "./cell.ts";
import { endpointFor, isOwnName } from "./names.ts";

/** One entry of the plan: a mechanism (in its place, as it may be named twice), a test, and which launch of it. */
interface Step {
  readonly position: number;
  readonly mechanism: Mechanism;
  readonly test: Test;
  /** From 1. */
  readonly launch: number;
}

/** Every launch is a round through all cells; with several, each round has a random order of its own. */
function stepsOf(plan: RunPlan): Step[] {
  const random = seededRandom(plan.seed);
  return Array.from({ length: plan.launches }, (_, index) => {
    const round = plan.mechanisms.flatMap((mechanism, position) =>
      plan.tests.map((test) => ({ position, mechanism, test, launch: index + 1 })),
    );
    return plan.launches === 1 ? round : shuffled(round, random);
  }).flat();
}

/** What came of one mechanism so far. */
interface Progress {
  readonly mechanism: Mechanism;
  readonly startedAt: Date;
  readonly launches: LaunchMeasurement[];
  endpoint: string;
  durationNs: number;
}

/** A run in progress: takes the steps of a plan one by one and knows what was measured so far. */
export class Run {
  readonly #startedAt = new Date();
  readonly #host = readHost();
  readonly #progress: (Progress | undefined)[] = [];

  constructor(
    private readonly plan: RunPlan,
    /** Called after every step, so that an abort keeps what was measured. */
    private readonly onStep: (result: BenchmarkResult) => void,
  ) {}

  /** The result so far. */
  get result(): BenchmarkResult {
    return buildResult({
      plan: this.plan,
      outcomes: this.#progress
        .filter((progress) => progress !== undefined)
        .map((progress) => this.#outcomeOf(progress)),
      host: this.#host,
      startedAt: this.#startedAt,
      versions: { tool: version, bun: Bun.version, shimAbi: ABI_VERSION },
    });
  }

  get hasFailed(): boolean {
    return this.#progress.some((progress) =>
      progress?.launches.some(({ measurement }) => measurement.failure !== null),
    );
  }

  /** All steps, or those up to the first failure unless told to go on; none after `abort`. */
  async measureAll(abort: AbortSignal): Promise<void> {
    for (const step of stepsOf(this.plan)) {
      if (abort.aborted || (this.hasFailed && !this.plan.continueOnError)) return;
      await this.#measure(step, abort);
      this.onStep(this.result);
    }
  }

  async #measure({ position, mechanism, test, launch }: Step, abort: AbortSignal): Promise<void> {
    const endpoint = endpointFor(mechanism, this.plan);
    this.#progress[position] ??= { mechanism, startedAt: new Date(), launches: [], endpoint, durationNs: 0 };
    const progress = this.#progress[position];
    const startMs = performance.now();
    const cell = {
      mechanism,
      test,
      endpoint,
      isOwnName: isOwnName(mechanism, this.plan),
      seed: this.plan.seed + launch - 1,
    };
    const measurement = await measureCell(cell, this.plan, abort);
    progress.launches.push({ launch, measurement });
    progress.endpoint = endpoint;
    progress.durationNs += Math.round((performance.now() - startMs) * 1e6);
  }

  #outcomeOf({ mechanism, startedAt, launches, endpoint, durationNs }: Progress): MechanismOutcome {
    const measurements = this.plan.tests
      .map((test) => launches.map(({ measurement }) => measurement).filter((one) => one.test === test))
      .filter((ofTest) => ofTest.length > 0)
      .map(mergeLaunches);
    return { mechanism, measurements, launches, endpoint, startedAt, durationNs };
  }
}
