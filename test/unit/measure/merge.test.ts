import { describe, expect, test } from "bun:test";
import { mergeLaunches } from "../../../src/measure/merge.ts";
import { addUsage } from "../../../src/system/usage-merge.ts";
import { measurementOf, outcomeOf, planOf, resultOf } from "../result/fixture.ts";
import { QUIET } from "../verdict/fixture.ts";

const SIDE = measurementOf().client!;
const throttled = { ...QUIET, user_ns: 6e8, throttled_count: 20, throttled_ns: 5e8 };

const LAUNCHES = [throttled, QUIET, null].map((usage, index) => {
  const received = 10_000 * (index + 1);
  return measurementOf({
    counts: { ...measurementOf().counts, sent: received, received },
    client: { ...SIDE, pid: 100 + index, usage },
  });
});

describe("launches as one measurement", () => {
  test("name the latest process and have the costs of all whose end was seen", () => {
    const { client } = mergeLaunches(LAUNCHES);
    expect(client!.pid).toBe(102);
    expect(client!.usage).toMatchObject({
      window_ns: 2 * QUIET.window_ns,
      user_ns: 6e8 + Number(QUIET.user_ns),
      throttled_count: 20,
      throttled_ns: 5e8,
    });
  });

  test("without any usage have none", () => {
    expect(mergeLaunches([measurementOf(), measurementOf()]).client!.usage).toBeNull();
  });

  test("of which one is unknown have no total", () => {
    expect(addUsage([QUIET, { ...QUIET, user_ns: "unknown" }])).toMatchObject({ user_ns: "unknown" });
  });

  test("have shares of all their windows", () => {
    const long = { ...QUIET, window_ns: 3 * QUIET.window_ns, steal_share: 0.4, cpu_pressure_share: 0 };
    const brief = { ...QUIET, steal_share: 0, cpu_pressure_share: 0.4 };
    const added = addUsage([long, brief])!;
    expect(added.steal_share).toBeCloseTo(0.3, 10);
    expect(added.cpu_pressure_share).toBeCloseTo(0.1, 10);
  });
});

test("a result whose verdict blames one launch has that launch's usage and the sum", () => {
  const outcome = outcomeOf({
    measurements: [mergeLaunches(LAUNCHES)],
    launches: LAUNCHES.map((measurement, index) => ({ launch: index + 1, measurement })),
  });
  const plan = planOf({ tests: ["round-trip"], launches: 3 });
  const [details] = resultOf({ plan, outcomes: [outcome] }).results[0]!.details.tests;
  const blamed = details!.verdict.reasons.find(({ id }) => id === "throttled");
  expect(blamed!.figures).toMatchObject({ side: "client", count: 20 });
  expect(details!.launches.map(({ usage }) => usage.client?.throttled_count)).toEqual([20, 0, undefined]);
  expect(details!.client!.usage!.throttled_count).toBe(20);
  // CPU time and messages are those of the same launches.
  const cpuNs = 6e8 + Number(QUIET.user_ns) + 2 * Number(QUIET.system_ns);
  expect(details!.client!.cpu_ns_per_message).toBe(cpuNs / 30_000);
});
