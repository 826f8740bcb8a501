/** Sheets for the clients of a server that was started by hand. */
import { expect, test } from "bun:test";
import type { LedgerFile } from "../../../../src/native/ledger.ts";
import type { RoleCommand } from "../../../../src/protocol/control.ts";
import type { Control } from "../../../../src/roles/context.ts";
import { Slots } from "../../../../src/roles/peer/slots.ts";

test("a slot can be had again however long no command came", async () => {
  const ledger = { isStopping: false } as LedgerFile;
  let said: (command: RoleCommand) => void = () => {};
  const control: Control = {
    say: () => {},
    // As of a role whose patience is over at once.
    nextCommand: (isPatient) =>
      isPatient
        ? new Promise((resolve) => {
            said = resolve;
          })
        : Promise.reject(new Error("no orders")),
  };
  const cleared: number[] = [];
  const slots = new Slots(1, control, (slot) => cleared.push(slot));
  expect(await slots.take(ledger)).toBe(0);
  const next = slots.take(ledger);
  said({ type: "release", slot: 0 });
  expect(await next).toBe(0);
  expect(cleared).toEqual([0]);
});
