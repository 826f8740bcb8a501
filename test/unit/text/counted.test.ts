import { expect, test } from "bun:test";
import { counted } from "../../../src/text/counted.ts";

test("one is singular, none and several are plural", () => {
  expect([0, 1, 2, 1000].map((count) => counted(count, "message"))).toEqual([
    "0 messages",
    "1 message",
    "2 messages",
    "1000 messages",
  ]);
  expect([0n, 1n, 2n].map((count) => counted(count, "file"))).toEqual(["0 files", "1 file", "2 files"]);
});

test("a plural of its own, and counts that are text already", () => {
  expect(counted(2, "launch", "launches")).toBe("2 launches");
  expect(counted(1, "message was", "messages were")).toBe("1 message was");
  expect(counted("unknown", "client")).toBe("unknown clients");
  expect(counted("1", "client")).toBe("1 client");
});
