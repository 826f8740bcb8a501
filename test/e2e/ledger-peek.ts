/** Looks from outside into the shared memory of a running test, to know how far it is. */
import { closeSync, openSync, readSync } from "node:fs";
import { LEDGER, LEDGER_FILE } from "../../src/native/layout.ts";
import { LEDGER_FD } from "../../src/protocol/control.ts";

export interface Progress {
  readonly sent: number;
  readonly warmup: number;
}

export class LedgerPeek implements Disposable {
  readonly #fd: number;

  /** @param rolePid a role that was started by an orchestrator. @throws if it is gone */
  constructor(rolePid: number) {
    this.#fd = openSync(`/proc/${rolePid}/fd/${LEDGER_FD}`, "r");
  }

  /** Of the client's sheet. */
  progress(): Progress {
    // Both fields stand before the distributions.
    const bytes = Buffer.alloc(LEDGER_FILE.offsets.sheets + LEDGER.offsets.service);
    readSync(this.#fd, bytes, 0, bytes.length, 0);
    const field = (name: "sent_count" | "warmup_count") =>
      Number(bytes.readBigUInt64LE(LEDGER_FILE.offsets.sheets + LEDGER.offsets[name]));
    return { sent: field("sent_count"), warmup: field("warmup_count") };
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
