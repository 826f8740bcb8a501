import type { Address } from "../native/library.ts";
import { TASK } from "../native/numbers.ts";
import { Waiter } from "../native/waiter.ts";
import { NEED, type Need } from "./channel.ts";

/** The needs that a thread of the shim waits for, and its task for each. */
const TASKS: readonly (readonly [need: Need, task: number])[] = [
  [NEED.readable, TASK.readable],
  [NEED.writable, TASK.writable],
  [NEED.pause, TASK.pause],
];

/** A thread for each need that was ever asked for; a wait that another need overtook goes on and is welcome later. */
export class Waiters {
  readonly #waiters = new Map<Need, Waiter>();
  #resume: ((status: number) => void) | null = null;
  #needs: Need = 0;

  constructor(private readonly session: Address) {}

  /** Calls `resume` once, when one of `needs` may be met, or with the error that ended the wait for it. */
  arm(needs: Need, resume: (status: number) => void): void {
    this.#needs = needs;
    this.#resume = resume;
    if (needs & NEED.turn) setImmediate(() => this.#wake(NEED.turn, 0));
    for (const [need, task] of TASKS) {
      if (needs & need) this.#waiterFor(need).arm(task, (status) => this.#wake(need, status));
    }
  }

  /** Ends all waits; `resume` is not called any more. */
  async close(): Promise<void> {
    this.#resume = null;
    await Promise.all([...this.#waiters.values()].map((waiter) => waiter.close()));
  }

  #waiterFor(need: Need): Waiter {
    const existing = this.#waiters.get(need);
    if (existing !== undefined) return existing;
    const waiter = new Waiter(this.session);
    this.#waiters.set(need, waiter);
    return waiter;
  }

  #wake(need: Need, status: number): void {
    const resume = this.#resume;
    if (resume === null || !(this.#needs & need)) return;
    this.#resume = null;
    resume(status);
  }
}
