import { FFIType, JSCallback } from "bun:ffi";
import { RunError } from "../plan/errors.ts";
import { type Address, addressOf, native } from "./library.ts";

/**
 * A thread of the shim that waits in the event loop's stead (c/session/waiter.h) and wakes it through a thread-safe callback.
 * One task at a time; while there is none the thread sleeps.
 */
export class Waiter {
  readonly #shim = native();
  readonly #callback: JSCallback;
  readonly #waiter: Address;
  #resume: ((status: number) => void) | null = null;

  constructor(session: Address) {
    this.#callback = new JSCallback((status: number) => this.#wake(status), {
      args: [FFIType.i32],
      returns: FFIType.void,
      threadsafe: true,
    });
    const waiter = addressOf(this.#shim.waiter_open(session, this.#callback));
    if (waiter === null) {
      this.#callback.close();
      throw new RunError("no thread could be started to wait for messages: raise the limit of processes (ulimit -u)");
    }
    this.#waiter = waiter;
  }

  /** Calls `resume` once the task is done: with 0, or with the error that ended the wait. While one is under way it stays. */
  arm(task: number, resume: (status: number) => void): void {
    if (this.#resume === null) this.#shim.waiter_arm(this.#waiter, task);
    this.#resume = resume;
  }

  /** Ends the wait under way and joins the thread; `resume` is not called any more. */
  async close(): Promise<void> {
    this.#resume = null;
    this.#shim.waiter_close(this.#waiter);
    // A call that the thread had queued before it ended still finds its callback alive in the next turn.
    await new Promise((resolve) => setImmediate(resolve));
    this.#callback.close();
  }

  #wake(status: number): void {
    const resume = this.#resume;
    this.#resume = null;
    resume?.(status);
  }
}
