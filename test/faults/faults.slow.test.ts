import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { faultCases, newSeed, runCases } from "./plan.ts";

setDefaultTimeout(180_000);

const seed = process.env.IPC_BENCHMARK_FAULT_SEED ?? newSeed();
const cases = faultCases("short");

// They run together, a few at a time; each test then waits for its own.
const ends = new Map(cases.map(({ name }) => [name, Promise.withResolvers<readonly string[]>()]));

beforeAll(() => {
  void runCases(cases, { seed, atOnce: 3 }, (ended, { problems }) => ends.get(ended.name)!.resolve(problems));
});

describe(`whatever happens to a run, it ends in time, says why and leaves nothing (IPC_BENCHMARK_FAULT_SEED=${seed})`, () => {
  test.each(cases.map(({ name }) => name))("%s", async (name) => {
    expect(await ends.get(name)!.promise).toEqual([]);
  });
});
