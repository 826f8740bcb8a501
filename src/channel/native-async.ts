import type { Address } from "../native/library.ts";
import { BlockingChannel } from "./blocking.ts";
import type { Need } from "./channel.ts";
import { Waiters } from "./waiters.ts";

/** Shared memory and message queues in async mode: calls try, and the event loop sleeps until a waiter wakes it. */
export class NativeAsyncChannel extends BlockingChannel {
  override readonly stretches = null;
  readonly #waiters: Waiters;

  /** @param session opened as not blocking. */
  constructor(session: Address) {
    super(session);
    this.#waiters = new Waiters(session);
  }

  override whenReady(needs: Need, resume: (status: number) => void): void {
    this.#waiters.arm(needs, resume);
  }

  override async close(): Promise<void> {
    await this.#waiters.close();
    await super.close();
  }
}
