import { availableParallelism, loadavg } from "node:os";

/** How many times slower than an idle machine this one is at present: its runnable tasks for each CPU. */
const slowdown = () => Math.min(8, Math.max(1, loadavg()[0]! / availableParallelism()));

/** Runs from its creation; the time allowed is that of an idle machine, longer on a loaded one. */
export class Deadline {
  readonly #startMs = performance.now();
  #tookMs: number | null = null;

  constructor(readonly limitMs: number) {}

  /** What was waited for has happened. */
  reached(): void {
    this.#tookMs = performance.now() - this.#startMs;
  }

  get tookMs(): number {
    return Math.round(this.#tookMs ?? performance.now() - this.#startMs);
  }

  problems(): string[] {
    const allowedMs = Math.round(this.limitMs * slowdown());
    return this.tookMs <= allowedMs ? [] : [`ended after ${this.tookMs} ms, allowed are ${allowedMs}`];
  }
}
