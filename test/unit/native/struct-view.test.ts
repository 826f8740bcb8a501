import { describe, expect, test } from "bun:test";
import {
  CHANNEL_SETTINGS,
  DISTRIBUTION,
  ENDPOINT_BYTES,
  LEDGER,
  SESSION_SETTINGS,
} from "../../../src/native/layout.ts";
import { StructView } from "../../../src/native/struct-view.ts";

const settings = () => new StructView(CHANNEL_SETTINGS);

describe("a struct's fields", () => {
  test("are zero in fresh memory", () => {
    const view = settings();
    expect([view.get("mechanism"), view.get("spin_ns"), view.get("frame_bytes")]).toEqual([0n, 0n, 0n]);
    expect(view.bytes).toEqual(new Uint8Array(CHANNEL_SETTINGS.bytes));
  });

  test.each([
    ["port", 0xffffffffn],
    ["spin_ns", -1n],
    ["spin_ns", 2n ** 63n - 1n],
    ["spin_ns", -(2n ** 63n)],
    ["frame_bytes", 2n ** 64n - 1n],
  ] as const)("%s keeps %d exactly", (field, value) => {
    const view = settings();
    view.set(field, value);
    expect(view.get(field)).toBe(value);
  });

  test("do not touch their neighbours", () => {
    const view = settings();
    view.set("spin_ns", -1n);
    view.set("port", 0xffffffff);
    expect([view.get("wait"), view.get("silence_ns"), view.get("buffer_bytes"), view.get("priority")]).toEqual([
      0n,
      0n,
      0n,
      0n,
    ]);
  });

  test("lie in the bytes in little-endian order, where C expects them", () => {
    const view = settings();
    view.set("frame_bytes", 0x0102030405060708n);
    const at = CHANNEL_SETTINGS.offsets.frame_bytes;
    expect([...view.bytes.subarray(at, at + 8)]).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
  });

  test("that are no scalars are refused as such", () => {
    expect(() => settings().get("endpoint")).toThrow("channel_settings.endpoint is no scalar");
    expect(() => settings().set("endpoint", 1)).toThrow("no scalar");
    expect(() => settings().words("port")).toThrow("channel_settings.port is no array");
  });
});

describe("numbers", () => {
  test("up to 2^53 - 1 are given as such", () => {
    const view = settings();
    view.set("frame_bytes", 2n ** 53n - 1n);
    expect(view.getNumber("frame_bytes")).toBe(Number.MAX_SAFE_INTEGER);
  });

  test("beyond that are refused instead of rounded", () => {
    const view = settings();
    view.set("frame_bytes", 2n ** 53n);
    expect(() => view.getNumber("frame_bytes")).toThrow("channel_settings.frame_bytes is beyond 2^53");
  });
});

describe("text", () => {
  const textOf = (view: StructView<keyof typeof CHANNEL_SETTINGS.offsets>) => {
    const at = CHANNEL_SETTINGS.offsets.endpoint;
    return Buffer.from(view.bytes.subarray(at, at + ENDPOINT_BYTES));
  };

  test("is ended by NUL, also after a longer one", () => {
    const view = settings();
    view.setText("endpoint", "a long name");
    view.setText("endpoint", "é");
    expect(textOf(view).subarray(0, 12)).toEqual(Buffer.from("é\0\0\0\0\0\0\0\0\0\0"));
  });

  test("needs room for its NUL", () => {
    const view = settings();
    view.setText("endpoint", "x".repeat(ENDPOINT_BYTES - 1));
    expect(textOf(view).at(-1)).toBe(0);
    expect(() => view.setText("endpoint", "x".repeat(ENDPOINT_BYTES))).toThrow("no room for 256 bytes");
    expect(() => view.setText("endpoint", "é".repeat(ENDPOINT_BYTES / 2))).toThrow("no room");
  });

  test("has no place in a number", () => {
    expect(() => settings().setText("port", "80")).toThrow(RangeError);
  });
});

describe("a nested struct", () => {
  test("is a view of the same memory", () => {
    const outer = new StructView(SESSION_SETTINGS);
    const inner = outer.nested("channel", CHANNEL_SETTINGS);
    inner.set("priority", 7);
    const at = SESSION_SETTINGS.offsets.channel + CHANNEL_SETTINGS.offsets.priority;
    expect(outer.bytes[at]).toBe(7);
    outer.bytes[at] = 9;
    expect(inner.get("priority")).toBe(9n);
  });

  test("deep in a larger buffer lies where it should", () => {
    const buffer = new ArrayBuffer(LEDGER.bytes + 64);
    const view = new StructView(LEDGER, buffer, 64).nested("service", DISTRIBUTION);
    view.set("count", 3n);
    const at = 64 + LEDGER.offsets.service + DISTRIBUTION.offsets.count;
    expect(new DataView(buffer).getBigUint64(at, true)).toBe(3n);
  });

  test("gives copies of its arrays", () => {
    const view = new StructView(DISTRIBUTION);
    const words = view.words("buckets");
    words[0] = 5n;
    expect(view.words("buckets")[0]).toBe(0n);
  });
});
