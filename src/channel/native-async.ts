import type { Address } from "../native/library.ts";
import { Waiter } from "../native/waiter.ts";
import { BlockingChannel } from "./blocking.ts";
import type { Need } from "./channel.ts";

/** Shared memory and message queues in async mode: calls try, and the event loop sleeps until a waiter wakes it. */
export class NativeAsyncChannel extends BlockingChannel {
  readonly #waiter: Waiter;

  /** @param session opened as not blocking. */
  constructor(session: Address) {
    super(session);
    this.#waiter = new Waiter(session);
  }

  override whenReady(need: Need, resume: (status: number) => void): void {
    this.#waiter.arm(need, resume);
  }

  override async close(): Promise<void> {
    await this.#waiter.close();
    await super.close();
  }
}
