/** The words for a result's settings. */
import { expect, test } from "bun:test";
import type { RunPlan } from "../../../src/plan/run-plan.ts";
import { settingsInWords } from "../../../src/result/settings.ts";
import { measurementOf, outcomeOf, planOf, resultOf } from "./fixture.ts";

const wordsFor = (changes: Partial<RunPlan>) => {
  const plan = planOf(changes);
  const measurements = plan.tests.map((test) => measurementOf({ test }));
  return settingsInWords(resultOf({ plan, outcomes: [outcomeOf({ measurements })] }).results, true).common;
};

test("of another tool's client the server knows neither count nor duration", () => {
  const unknown = { messageCount: null, durationNs: null, reply: "ack" } as const;
  const oneWay = wordsFor({ ...unknown, tests: ["one-way"] });
  expect(oneWay).toEqual(["1 KiB payload", "client of another tool", "async"]);
  const roundTrip = wordsFor({ ...unknown, tests: ["round-trip"] });
  expect(roundTrip).toEqual(["1 KiB payload", "client of another tool", "async", "empty replies"]);
});

test("--rt and --cpu-dma-latency stand there with what came of them", () => {
  const effective = <T>(requested: T, inForce: T | null) => ({
    ...{ requested, effective: inForce, note: null, isDenied: inForce === null },
  });
  const wordsOf = (priority: number | null, lock: "present and future" | null, latencyUs: number | null) => {
    const realTime = {
      fifoPriority: effective(60, priority),
      memoryLock: effective("present and future" as const, lock),
      lockedBytes: 1,
      prefaultedStackBytes: effective(1, 1),
      timerSlackNs: effective(1, 1),
    };
    const measurement = measurementOf({ client: { ...measurementOf().client!, realTime } });
    const result = resultOf({
      plan: planOf({ tests: ["round-trip"], realTimePriority: 60, cpuDmaLatencyUs: 0 }),
      outcomes: [outcomeOf({ measurements: [measurement] })],
      conditions: { machine: null, clockResolutionNs: 1, cpuDmaLatency: effective(0, latencyUs) },
    });
    return settingsInWords(result.results, true).common.slice(-2);
  };
  expect(wordsOf(60, "present and future", 0)).toEqual(["SCHED_FIFO 60, memory locked", "DMA latency 0 µs"]);
  expect(wordsOf(null, null, null)).toEqual([
    "SCHED_FIFO 60 not in force, memory not locked",
    "DMA latency 0 µs not in force",
  ]);
});

test("settings that differ and have no words are told by their flags", () => {
  const plans = [planOf({ seed: 1, includeFirstMessage: true }), planOf({ seed: 2 })];
  const result = resultOf({ plans, outcomes: plans.map((plan) => outcomeOf({ plan })) });
  const { own } = settingsInWords(result.results, true);
  expect(result.results.map((entry) => own.get(entry))).toEqual([["--include-first-message, --seed 1"], ["--seed 2"]]);
});

test("replies are spoken of where there are some", () => {
  expect(wordsFor({ reply: "ack" })).toContain("empty replies");
  expect(wordsFor({ reply: "ack", tests: ["one-way"] })).not.toContain("empty replies");
});
