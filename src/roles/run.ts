import { version } from "../../package.json";
import type { Mechanism, RunPlan } from "../cli/plan.ts";
import { type Step, stepsOf } from "../cli/steps.ts";
import type { RunLog } from "../log/log.ts";
import type { LaunchMeasurement, MechanismOutcome } from "../measure/measurement.ts";
import { mergeLaunches } from "../measure/merge.ts";
import { ABI_VERSION, native } from "../native/library.ts";
import type { ObservedCell, RunWatch } from "../progress/observer.ts";
import { buildResult } from "../result/build.ts";
import type { BenchmarkResult } from "../result/schema.ts";
import { binarySha256 } from "../system/binary-hash.ts";
import { allowedCpus } from "../system/cpus.ts";
import { readHost } from "../system/host.ts";
import { readMachine } from "../system/machine.ts";
import type { MachineFacts } from "../system/machine-schema.ts";
import type { Effective } from "../system/privileges.ts";
import { measureCell } from "./cell.ts";
import { endpointFor, isOwnName } from "./names.ts";

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

const CLOCK_READINGS = 1000;

/** CPUs that a run is about: those it is pinned to, else all it may use. */
function cpusOf(plans: readonly RunPlan[]): number[] {
  const pinned = plans.flatMap((plan) => [plan.serverCpu, plan.clientCpu]).filter((cpu) => cpu !== null);
  return pinned.length > 0 ? [...new Set(pinned)] : allowedCpus();
}

export interface RunOptions {
  /** Called after every step, so that an abort keeps what was measured. */
  readonly onStep: (result: BenchmarkResult) => void;
  readonly log: RunLog;
  readonly watch: RunWatch;
  /** What --cpu-dma-latency put in force; null without. */
  readonly cpuDmaLatency: Effective<number> | null;
}

/** A run in progress: takes the steps of its plans one by one and knows what was measured so far. */
export class Run {
  readonly #startedAt = new Date();
  readonly #host = readHost();
  readonly #clockResolutionNs = native().probe_clock_step_ns(CLOCK_READINGS);
  #machine: MachineFacts | null = null;
  readonly #progress: (Progress | undefined)[] = [];

  constructor(
    private readonly plans: readonly RunPlan[],
    private readonly options: RunOptions,
  ) {}

  /** The result so far. */
  get result(): BenchmarkResult {
    return buildResult({
      plans: this.plans,
      outcomes: this.outcomes,
      host: this.#host,
      startedAt: this.#startedAt,
      versions: { tool: version, bun: Bun.version, shimAbi: ABI_VERSION },
      conditions: {
        machine: this.#machine,
        clockResolutionNs: this.#clockResolutionNs,
        cpuDmaLatency: this.options.cpuDmaLatency,
      },
    });
  }

  /** What the result so far is made from, in its order. */
  get outcomes(): MechanismOutcome[] {
    return this.#progress
      .filter((progress) => progress !== undefined)
      .map((progress) => this.#outcomeOf(progress));
  }

  /** Reads what is too slow to be read while anything is measured. */
  async finish(): Promise<void> {
    if (this.#machine !== null) this.#machine = { ...this.#machine, binary_sha256: await binarySha256() };
  }

  /** Tests judged invalid so far. */
  get invalidCount(): number {
    return this.result.results
      .flatMap(({ details }) => details.tests)
      .filter(({ verdict }) => verdict.verdict === "invalid").length;
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
      // Not before the first cell: it takes tens of milliseconds.
      this.#machine ??= readMachine(cpusOf(this.plans));
      this.options.onStep(this.result);
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
      seed: plan.seed + launch - 1,
    };
    const name = `${mechanism} ${plan.mode}, ${messageBytes} bytes, ${test}, launch ${launch} of ${plan.launches}`;
    this.options.log.info(`${name}: begins at ${endpoint}`);
    const measurement = await measureCell(cell, plan, abort, this.options.log, {
      ringCapacity: this.options.watch.ringCapacity,
      starts: (ledger) => this.options.watch.cellStarts(observed, ledger),
      stops: () => this.options.watch.cellStops(),
    });
    this.options.watch.cellMeasured(observed, measurement);
    const { counts, failure } = measurement;
    if (failure === null) this.options.log.info(`${name}: ended, ${counts.received} messages`);
    else this.options.log.error(`${name}: failed, ${counts.received} of ${counts.sent} messages: ${failure}`);
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
