/** The words for a result's settings. */
import { expect, test } from "bun:test";
import type { RunPlan } from "../../../src/plan/run-plan.ts";
import { settingsInWords } from "../../../src/report/settings.ts";
import { measurementOf, outcomeOf, planOf, resultOf } from "../result/fixture.ts";

const wordsFor = (changes: Partial<RunPlan>) => {
  const plan = planOf(changes);
  const measurements = plan.tests.map((test) => measurementOf({ test }));
  return settingsInWords(resultOf({ plan, outcomes: [outcomeOf({ measurements })] }), true).common;
};

test("of another tool's client the server knows neither count nor duration", () => {
  const unknown = { messageCount: null, durationNs: null, reply: "ack" } as const;
  const oneWay = wordsFor({ ...unknown, tests: ["one-way"] });
  expect(oneWay).toEqual(["1 KiB payload", "client of another tool", "async"]);
  const roundTrip = wordsFor({ ...unknown, tests: ["round-trip"] });
  expect(roundTrip).toEqual(["1 KiB payload", "client of another tool", "async", "empty replies"]);
});

test("replies are spoken of where there are some", () => {
  expect(wordsFor({ reply: "ack" })).toContain("empty replies");
  expect(wordsFor({ reply: "ack", tests: ["one-way"] })).not.toContain("empty replies");
});
