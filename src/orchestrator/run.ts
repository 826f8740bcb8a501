import type { LaunchMeasurement, MechanismOutcome, MessageCounts } from "../measure/measurement.ts";
import { mergeLaunches } from "../measure/merge.ts";
import type { Mechanism, RunPlan } from "../plan/run-plan.ts";
import { seedOfLaunch } from "../plan/shares.ts";
import { type Step, stepsOf } from "../plan/steps.ts";
import type { ObservedCell } from "../progress/observer.ts";
import { ringCapacityOf } from "../stream/record-stream.ts";
import { measureCell } from "./cell.ts";
import { endpointFor, isOwnName } from "./endpoints.ts";
import { Measuring, type RunOptions } from "./measuring.ts";

/** What came of one mechanism and size so far. */
interface Progress {
  readonly plan: RunPlan;
  readonly mechanism: Mechanism;
  readonly messageBytes: number;
  readonly startedAt: Date;
  readonly launches: LaunchMeasurement[];
  endpoint: string;
  durationNs: number;
}

function observedCell(step: Step, number: number, total: number): ObservedCell {
  const { plan, mechanism, test, messageBytes, launch } = step;
  const { mode, launches, messageCount, durationNs, percentiles } = plan;
  const ratePerSecond = plan.arrival?.ratePerSecond ?? null;
  return {
    ...{ number, total, mechanism, mode, test, messageBytes, launch, launches },
    ...{ messageCount, durationNs, ratePerSecond, percentiles },
  };
}

function progressInWords({ sent, received, lost }: MessageCounts): string {
  return lost === null ? `${sent} messages sent` : `${received} of ${sent} messages`;
}

/** A run in progress: takes the steps of its plans one by one and knows what was measured so far. */
export class Run extends Measuring {
  /** By which a server that another command started knows which tests belong together. */
  readonly #name = crypto.getRandomValues(new Uint8Array(4)).toHex();
  readonly #progress: (Progress | undefined)[] = [];

  constructor(
    readonly plans: readonly RunPlan[],
    options: RunOptions,
  ) {
    super(options);
  }

  get outcomes(): MechanismOutcome[] {
    return this.#progress.filter((progress) => progress !== undefined).map((progress) => this.#outcomeOf(progress));
  }

  get hasFailed(): boolean {
    return this.#progress.some((progress) =>
      progress?.launches.some(({ measurement }) => measurement.failure !== null),
    );
  }

  /** All steps, or those up to the first failure unless told to go on; none after `abort`. */
  async measureAll(abort: AbortSignal): Promise<void> {
    const steps = stepsOf(this.plans);
    for (const [index, step] of steps.entries()) {
      if (abort.aborted || (this.hasFailed && !step.plan.continueOnError)) return;
      await this.#measure(step, observedCell(step, index + 1, steps.length), abort);
      this.readMachineOnce(this.plans);
      this.options.onStep(this.soFar);
    }
  }

  async #measure(step: Step, observed: ObservedCell, abort: AbortSignal): Promise<void> {
    const { plan, mechanism, messageBytes, test, launch } = step;
    const endpoint = endpointFor(mechanism, plan);
    const progress = this.#progressOf(step, endpoint);
    const startMs = performance.now();
    const cell = {
      mechanism,
      messageBytes,
      test,
      endpoint,
      isOwnName: isOwnName(mechanism, plan),
      seed: seedOfLaunch(plan.seed, launch),
      run: {
        run: this.#name,
        position: step.position,
        whole: {
          messageCount: plan.durationNs === null ? plan.messageCount : null,
          ratePerSecond: plan.arrival?.ratePerSecond ?? null,
          seed: plan.seed,
        },
        testsLeft: observed.total - observed.number,
        launch,
        launches: plan.launches,
      },
    };
    const name = `${mechanism} ${plan.mode}, ${messageBytes} bytes, ${test}, launch ${launch} of ${plan.launches}`;
    this.options.log.info(`${name}: begins at ${endpoint}`);
    const measurement = await measureCell(cell, plan, abort, this.options.log, {
      ringCapacity: this.options.watch.ringCapacity === 0 ? 0 : ringCapacityOf(plan.concurrency),
      starts: (ledger) => this.options.watch.cellStarts(observed, ledger),
      stops: () => this.options.watch.cellStops(),
    });
    this.options.watch.cellMeasured(observed, measurement);
    const { counts, failure } = measurement;
    if (failure === null)
      this.options.log.info(`${name}: ended, ${counts.received} message${counts.received === 1 ? "" : "s"}`);
    else this.options.log.error(`${name}: failed, ${progressInWords(counts)}: ${failure}`);
    progress.launches.push({ launch, measurement });
    progress.endpoint = endpoint;
    progress.durationNs += Math.round((performance.now() - startMs) * 1e6);
  }

  #progressOf({ position, plan, mechanism, messageBytes }: Step, endpoint: string): Progress {
    this.#progress[position] ??= {
      plan,
      mechanism,
      messageBytes,
      startedAt: new Date(),
      launches: [],
      endpoint,
      durationNs: 0,
    };
    return this.#progress[position];
  }

  #outcomeOf(progress: Progress): MechanismOutcome {
    const { plan, launches } = progress;
    const measurements = plan.tests
      .map((test) => launches.map(({ measurement }) => measurement).filter((one) => one.test === test))
      .filter((ofTest) => ofTest.length > 0)
      .map(mergeLaunches);
    return { ...progress, measurements };
  }
}
