import type { LedgerFile } from "../../native/ledger.ts";
import type { Control } from "../context.ts";

const LOOK_MS = 50;

/** Pairs of sheets for clients: each has its own until the orchestrator has read it. */
export class Slots {
  readonly #free: number[];
  readonly #clear: (slot: number) => void;

  /** @param clear makes the sheets of a slot as new */
  constructor(count: number, control: Control, clear: (slot: number) => void) {
    this.#free = Array.from({ length: count }, (_, slot) => count - 1 - slot);
    this.#clear = clear;
    void this.#listen(control);
  }

  /** One that nobody uses, as soon as there is one; null when the run is to end. */
  async take(ledger: LedgerFile): Promise<number | null> {
    while (!ledger.isStopping) {
      const slot = this.#free.pop();
      if (slot !== undefined) return slot;
      await Bun.sleep(LOOK_MS);
    }
    return null;
  }

  /** Nobody uses it any more. */
  release(slot: number): void {
    this.#clear(slot);
    this.#free.push(slot);
  }

  /** The orchestrator says which ones it has read. */
  async #listen(control: Control): Promise<void> {
    try {
      for (;;) {
        const command = await control.nextCommand(true);
        if (command.type === "release") this.release(command.slot);
      }
    } catch {
      // It is gone, and this process goes with it.
    }
  }
}
