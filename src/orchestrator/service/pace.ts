/** Results are written not more often than this; while clients are measured that is put off, but not for long. */
const WRITE_MS = 1_000;
const LONGEST_WRITE_DELAY_MS = 5_000;
/** Of the time of a CPU that writing may take while clients are measured. */
const WRITE_SHARE = 0.05;

/** How often a server writes its results: making them takes time that would be its clients', so as long as there are any it is done rarely. */
export class WritingPace {
  #isWritten = true;
  #writtenMs = 0;
  #tookMs = 0;

  /** There is something new to write. */
  mark(): void {
    this.#isWritten = false;
  }

  /** Writes, if there is something new and the time has come. */
  writeIfDue(hasClients: boolean, write: () => void): void {
    const pauseMs = hasClients ? Math.max(LONGEST_WRITE_DELAY_MS, this.#tookMs / WRITE_SHARE) : WRITE_MS;
    const startMs = performance.now();
    if (this.#isWritten || startMs - this.#writtenMs < pauseMs) return;
    this.#isWritten = true;
    write();
    // Of its own accord the runtime lets hundreds of megabytes of forgotten distributions come together first.
    Bun.gc(true);
    this.#writtenMs = performance.now();
    this.#tookMs = this.#writtenMs - startMs;
  }
}
