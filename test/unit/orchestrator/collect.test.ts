import { expect, test } from "bun:test";
import { unrecorded } from "../../../src/orchestrator/collect.ts";

test("messages without a latency are a fault where there should be one", () => {
  const counts = { sent: 5, received: 5, lost: 0, duplicated: 0, reordered: 0, corrupt: 0 };
  expect(unrecorded(counts, 5n)).toBeNull();
  expect(unrecorded(counts, null)).toBeNull();
  expect(unrecorded(counts, 3n)).toBe("3 of 5 messages were recorded: the others have an impossible time or id");
});
