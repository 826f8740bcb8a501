import { version } from "../../package.json";
import type { RunLog } from "../log/log.ts";
import type { MechanismOutcome } from "../measure/measurement.ts";
import { allowedCpus } from "../native/cpus.ts";
import { ABI_VERSION, native } from "../native/library.ts";
import type { MeasuredSoFar } from "../output/sink.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import type { RunWatch } from "../progress/observer.ts";
import { buildResult } from "../result/build.ts";
import type { BenchmarkResult } from "../result/schema.ts";
import { binarySha256 } from "../system/binary-hash.ts";
import { readHost } from "../system/host.ts";
import { readMachine } from "../system/machine.ts";
import type { MachineFacts } from "../system/machine-schema.ts";
import type { Effective } from "../system/privileges.ts";

const CLOCK_READINGS = 1000;

/** CPUs that a run is about: those it is pinned to, else all it may use. */
function cpusOf(plans: readonly RunPlan[]): number[] {
  const pinned = plans.flatMap((plan) => [plan.serverCpu, plan.clientCpu]).filter((cpu) => cpu !== null);
  return pinned.length > 0 ? [...new Set(pinned)] : allowedCpus();
}

export interface RunOptions {
  /** Called after every step, so that an abort keeps what was measured. */
  readonly onStep: (measured: MeasuredSoFar) => void;
  readonly log: RunLog;
  readonly watch: RunWatch;
  /** What --cpu-dma-latency put in force; null without. */
  readonly cpuDmaLatency: Effective<number> | null;
}

/** Something that measures and knows its result so far: a run of both sides, or a server alone. */
export abstract class Measuring {
  readonly #startedAt = new Date();
  readonly #host = readHost();
  readonly #clockResolutionNs = native().probe_clock_step_ns(CLOCK_READINGS);
  #machine: MachineFacts | null = null;

  constructor(protected readonly options: RunOptions) {}

  /** What is asked for, one after the other. */
  abstract get plans(): readonly RunPlan[];
  /** What the result so far is made from, in its order. */
  abstract get outcomes(): readonly MechanismOutcome[];
  abstract get hasFailed(): boolean;
  /** Measures all there is to measure, or until `abort`. */
  abstract measureAll(abort: AbortSignal): Promise<void>;

  /** What went wrong beside the tests themselves; null if nothing did. */
  get failure(): string | null {
    return null;
  }

  /** Whether something that was measured is in the outcomes no more. */
  get hasForgotten(): boolean {
    return false;
  }

  /** The result so far. */
  get result(): BenchmarkResult {
    return buildResult({
      plans: this.plans,
      outcomes: this.outcomes,
      hasForgotten: this.hasForgotten,
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

  /** The same with what it is made from. */
  get soFar(): MeasuredSoFar {
    return { result: this.result, outcomes: this.outcomes };
  }

  /** Tests judged invalid so far. */
  get invalidCount(): number {
    return this.result.results
      .flatMap(({ details }) => details.tests)
      .filter(({ verdict }) => verdict.verdict === "invalid").length;
  }

  /** Reads what is too slow to be read while anything is measured. */
  async finish(): Promise<void> {
    if (this.#machine !== null) this.#machine = { ...this.#machine, binary_sha256: await binarySha256() };
  }

  /** To be called when nobody measures: it takes tens of milliseconds, the first time. */
  protected readMachineOnce(plans: readonly RunPlan[]): void {
    this.#machine ??= readMachine(cpusOf(plans));
  }
}
