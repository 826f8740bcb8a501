import type { Terms } from "../../protocol/peer/note-schema.ts";

/** Runs whose clients are not all done, which are remembered at once. */
const MOST_RUNS = 1_000;

/** Which of the clients' runs are over. */
export class FinishedRuns {
  /** Clients of a run that have done its last test, by the run's name. */
  readonly #clients = new Map<string, number>();

  /**
   * Notes that a client has left.
   * @param terms of its test; null: it is another tool
   * @returns whether all clients of its run have done their last test
   */
  note(terms: Terms | null): boolean {
    if (terms !== null && terms.testsLeft > 0) return false;
    const run = terms?.run ?? "";
    const count = (this.#clients.get(run) ?? 0) + 1;
    this.#clients.set(run, count);
    if (this.#clients.size > MOST_RUNS) this.#clients.delete(this.#clients.keys().next().value!);
    return count >= (terms?.concurrency ?? 1);
  }
}
