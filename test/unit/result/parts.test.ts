import { describe, expect, test } from "bun:test";
import { distinctNames } from "../../../src/result/names.ts";
import { epochNsToRfc3339, secsAndNanos } from "../../../src/result/time.ts";
import { platformNames } from "../../../src/system/host.ts";

describe("RFC 3339 text of a moment", () => {
  test("keeps all nine digits, which a double would not", () => {
    expect(epochNsToRfc3339(1_767_323_045_123_456_789n)).toBe("2026-01-02T03:04:05.123456789Z");
  });

  test("pads the fraction", () => {
    expect(epochNsToRfc3339(6n)).toBe("1970-01-01T00:00:00.000000006Z");
  });
});

describe("seconds and nanoseconds", () => {
  test.each([
    [0, 0, 0],
    [999_999_999.7, 1, 0],
    [86_400_000_000_001, 86_400, 1],
  ])("of %d ns are %d and %d", (durationNs, secs, nanos) => {
    expect(secsAndNanos(durationNs)).toEqual({ secs, nanos });
  });
});

test("platforms and architectures have the reference's names", () => {
  expect(platformNames("linux", "x64")).toEqual({ os: "linux", architecture: "x86_64" });
  expect(platformNames("darwin", "arm64")).toEqual({ os: "macos", architecture: "aarch64" });
  expect(platformNames("freebsd", "riscv64")).toEqual({ os: "freebsd", architecture: "riscv64" });
});

test("names that occur again are numbered", () => {
  expect(distinctNames(["a", "b", "a", "a"])).toEqual(["a", "b", "a (2)", "a (3)"]);
});
