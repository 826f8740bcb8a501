import { type Pointer, toArrayBuffer } from "bun:ffi";
import { describe, expect, test } from "bun:test";
import {
  CHANNEL_SETTINGS,
  findLayoutMismatch,
  LEDGER,
  LEDGER_FILE,
  SESSION_SETTINGS,
} from "../../../src/native/layout.ts";
import { native } from "../../../src/native/library.ts";

/** What the real shim says of itself. */
function reported(): Uint32Array {
  const address = new BigUint64Array(1);
  const count = native().shim_layout(address);
  return new Uint32Array(toArrayBuffer(Number(address[0]) as Pointer, 0, count * 4)).slice();
}

describe("the shim's layout", () => {
  test("is the declared one", () => {
    expect(findLayoutMismatch(reported())).toBeNull();
  });

  test("with any one figure changed is refused in words that name it", () => {
    const figures = reported();
    for (let i = 0; i < figures.length; i++) {
      const altered = figures.slice();
      altered[i]! ^= 1;
      const words = findLayoutMismatch(altered);
      expect(words).toMatch(/^((sizeof|offsetof) [a-z_.]+|[A-Z_]+(\.\w+)?) is \d+ here and \d+ in the shim$/);
      expect(words).toContain(`is ${figures[i]} here and ${altered[i]} in the shim`);
    }
  });

  test("names the field that moved", () => {
    const altered = reported();
    altered[1]! += 8;
    expect(findLayoutMismatch(altered)).toBe("offsetof channel_settings.mechanism is 0 here and 8 in the shim");
  });

  test("names the number that differs", () => {
    const altered = reported();
    altered[altered.length - 1]! += 1;
    expect(findLayoutMismatch(altered)).toBe("EOWNERDEAD is 130 here and 131 in the shim");
  });

  test("cut short is refused", () => {
    const figures = reported();
    expect(findLayoutMismatch(figures.subarray(0, -1))).toContain("missing in the shim");
    expect(findLayoutMismatch(new Uint32Array())).toContain("sizeof channel_settings");
  });

  test("with figures too many is refused", () => {
    const figures = reported();
    const words = `the shim shares ${figures.length + 1} figures, expected ${figures.length}`;
    expect(findLayoutMismatch(Uint32Array.of(...figures, 0))).toBe(words);
  });
});

describe("declared structs", () => {
  test.each([CHANNEL_SETTINGS, SESSION_SETTINGS, LEDGER, LEDGER_FILE])(
    "$name has its fields one after the other, aligned, inside its size",
    ({ bytes, align, offsets, types }) => {
      let end = 0;
      for (const [field, offset] of Object.entries(offsets)) {
        const type = (types as Record<string, unknown>)[field];
        const fieldBytes =
          typeof type === "object" ? (type as { bytes: number }).bytes : String(type).endsWith("32") ? 4 : 8;
        expect(offset).toBeGreaterThanOrEqual(end);
        end = offset + fieldBytes;
      }
      expect(end).toBeLessThanOrEqual(bytes);
      expect(bytes % align).toBe(0);
    },
  );
});
