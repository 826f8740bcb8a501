import { describe, expect, test } from "bun:test";
import { estimateStep, estimateSteps } from "../../../src/plan/estimate.ts";
import type { RunPlan } from "../../../src/plan/run-plan.ts";
import { stepsOf } from "../../../src/plan/steps.ts";
import { planOf } from "../result/fixture.ts";

const SET_UP_NS = 200_000_000;

function estimateOf(changes: Partial<RunPlan>) {
  const [step] = stepsOf([planOf({ tests: ["one-way"], warmupCount: 0, ...changes })]);
  return estimateStep(step!);
}

describe("the estimated time", () => {
  test("of a test by time is that time", () => {
    expect(estimateOf({ messageCount: null, durationNs: 3e9 })).toEqual({
      ns: SET_UP_NS + 3e9,
      isRough: false,
    });
  });

  test("of a test at a rate follows from its count", () => {
    const arrival = { ratePerSecond: 500, kind: "constant", burst: 1 } as const;
    expect(estimateOf({ messageCount: 1000, arrival })).toEqual({ ns: SET_UP_NS + 2e9, isRough: false });
  });

  test("of counted messages is a rough one, with their pauses", () => {
    expect(estimateOf({ messageCount: 1000, messageSizes: [1000], sendDelayNs: 1e6 })).toEqual({
      ns: SET_UP_NS + 1000 * (10_000 + 1000 + 1e6),
      isRough: true,
    });
  });

  test("grows with warm-up, size and a payload that comes back", () => {
    const plain = estimateOf({ tests: ["round-trip"], reply: "ack" }).ns;
    for (const more of [{ warmupCount: 10 }, { messageSizes: [2048] }, { reply: "echo" } as const]) {
      expect(estimateOf({ tests: ["round-trip"], reply: "ack", ...more }).ns).toBeGreaterThan(plain);
    }
  });

  test("of several steps is their sum, and rough if one is", () => {
    const steps = stepsOf([planOf({ messageCount: null, durationNs: 1e9 }), planOf()]);
    expect(estimateSteps(steps).ns).toBe(steps.reduce((total, step) => total + estimateStep(step).ns, 0));
    expect(estimateSteps(steps).isRough).toBe(true);
    expect(estimateSteps([])).toEqual({ ns: 0, isRough: false });
  });
});
