import { describe, expect, test } from "bun:test";
import { type Step, stepsOf } from "../../../src/plan/steps.ts";
import { planOf } from "../result/fixture.ts";

const inWords = ({ position, mechanism, messageBytes, test, launch }: Step) =>
  `${position} ${mechanism} ${messageBytes} ${test} ${launch}`;

describe("the steps of a plan", () => {
  test("go through mechanisms, then sizes, then tests, each result in its place", () => {
    const plan = planOf({ mechanisms: ["tcp", "uds"], messageSizes: [64, 8] });
    expect(stepsOf([plan]).map(inWords)).toEqual([
      "0 tcp 64 one-way 1",
      "0 tcp 64 round-trip 1",
      "1 tcp 8 one-way 1",
      "1 tcp 8 round-trip 1",
      "2 uds 64 one-way 1",
      "2 uds 64 round-trip 1",
      "3 uds 8 one-way 1",
      "3 uds 8 round-trip 1",
    ]);
  });

  test("of what is named twice are there twice", () => {
    const plan = planOf({ mechanisms: ["uds", "uds"], messageSizes: [8, 8], tests: ["one-way"] });
    expect(stepsOf([plan]).map(({ position }) => position)).toEqual([0, 1, 2, 3]);
  });

  test("with launches are rounds of all cells, each in a random order that the seed decides", () => {
    const plan = planOf({ messageSizes: [1, 2, 3, 4, 5], launches: 3, seed: 7 });
    const steps = stepsOf([plan]);
    const rounds = [1, 2, 3].map((launch) => steps.slice((launch - 1) * 10, launch * 10));
    for (const [index, round] of rounds.entries()) {
      expect(new Set(round.map(({ launch }) => launch))).toEqual(new Set([index + 1]));
      expect(new Set(round.map(({ position, test }) => `${position} ${test}`)).size).toBe(10);
    }
    expect(stepsOf([plan])).toEqual(steps);
    expect(stepsOf([{ ...plan, seed: 8 }]).map(inWords)).not.toEqual(steps.map(inWords));
  });
});

test("several plans run one after the other, with results of their own", () => {
  const one = planOf({ messageSizes: [8, 9], tests: ["one-way"], launches: 2 });
  const two = planOf({ mode: "blocking", tests: ["one-way"] });
  const steps = stepsOf([one, two]);
  expect(steps.map(({ plan }) => plan)).toEqual([one, one, one, one, two]);
  expect(steps.at(-1)).toMatchObject({ position: 2, messageBytes: 1024 });
});
