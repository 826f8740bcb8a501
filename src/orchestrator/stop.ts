const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
type EndingSignal = keyof typeof EXIT_CODES;

/** Whether, and why, a run is to end before its time. */
export class Stop {
  readonly #controller = new AbortController();
  #received: EndingSignal | null = null;

  /** Its reason says why. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The first signal that asked to end, and the exit code that tells of it; null if none did. */
  get received(): { readonly name: EndingSignal; readonly exitCode: number } | null {
    return this.#received === null ? null : { name: this.#received, exitCode: EXIT_CODES[this.#received] };
  }

  /** Stops the run at the first signal that asks to end. */
  static onSignals(): Stop {
    const stop = new Stop();
    for (const name of Object.keys(EXIT_CODES) as EndingSignal[]) {
      process.on(name, () => {
        stop.#received ??= name;
        stop.because(`the run was stopped by ${stop.#received}`);
      });
    }
    return stop;
  }

  because(reason: string): void {
    this.#controller.abort(reason);
  }
}
