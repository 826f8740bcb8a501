import { expect, test } from "bun:test";
import { pacingDetails } from "../../../src/result/pacing.ts";
import { measurementOf } from "./fixture.ts";

test.each([
  [10_000, "sleeps"],
  [9500, "sleeps"],
  [9499, "both"],
  [501, "both"],
  [500, "spins"],
  [0, "spins"],
] as const)("with %i sleeps before 10,000 messages the sender %s", (sleptMessages, kind) => {
  expect(pacingDetails(measurementOf({ sleptMessages }))).toEqual({ kind, slept_messages: sleptMessages });
});

test("a sender that waits for nothing has no pacing", () => {
  expect(pacingDetails(measurementOf())).toBeNull();
});
