/** What mechanisms are ranked by, and when a factor is a rank. */
import { describe, expect, test } from "bun:test";
import type { Measurement, MechanismOutcome } from "../../../src/measure/measurement.ts";
import { mergeLaunches } from "../../../src/measure/merge.ts";
import type { RunPlan } from "../../../src/plan/run-plan.ts";
import { resultToCsv } from "../../../src/report/csv-table.ts";
import { resultToMarkdown } from "../../../src/report/markdown.ts";
import { summaryText } from "../../../src/report/summary.ts";
import type { BenchmarkResult } from "../../../src/result/schema.ts";
import { evenly, measurementOf, outcomeOf, planOf, resultOf } from "./fixture.ts";

type Mechanism = MechanismOutcome["mechanism"];

const PINNED = { ...measurementOf().client!, allowedCpus: [0], usedCpus: [0] };
const QUIET = { client: PINNED, server: PINNED, sameCpuMessages: 10_000 } as const;

/** 10,000 messages in a window, with a mean latency. */
function cell(test: Measurement["test"], meanNs: number, windowNs: number, changes: Partial<Measurement> = {}) {
  const latency = evenly(meanNs - 4999, meanNs + 5000);
  return measurementOf({ ...QUIET, test, latency, windowNs: BigInt(windowNs), ...changes });
}

function resultFor(measurements: Record<string, Measurement | readonly Measurement[]>, changes: Partial<RunPlan> = {}) {
  const cells = Object.entries(measurements);
  const first = [cells[0]![1]].flat();
  const plan = planOf({
    mechanisms: cells.map(([mechanism]) => mechanism as Mechanism),
    ...{ tests: [first[0]!.test], serverCpu: 0, clientCpu: 0, launches: first.length },
    ...changes,
  });
  const outcomes = cells.map(([mechanism, of]) => {
    const launches = [of].flat() as Measurement[];
    return outcomeOf({
      mechanism: mechanism as Mechanism,
      measurements: [mergeLaunches(launches)],
      launches: launches.map((measurement, index) => ({ launch: index + 1, measurement })),
    });
  });
  return resultOf({ plan, outcomes });
}

const ranksOf = (result: BenchmarkResult) =>
  Object.fromEntries(result.results.map(({ details }) => [details.ipc, details.tests[0]!]));

const textOf = (result: BenchmarkResult, options: Partial<Parameters<typeof summaryText>[1]> = {}) =>
  summaryText(result, { utf8: true, colour: false, columns: 120, files: [], ...options });

const orderOf = (result: BenchmarkResult) =>
  [...textOf(result).matchAll(/^[ !] (\w+) +\d+ /gm)].map(([, name]) => name);

/** As seen with `-m all -d 1s --blocking -s 64`: shm carries seven times the messages of pmq, and its queue is 70 times as deep. */
const SATURATED = {
  pmq: cell("one-way", 6600, 26_700_000),
  shm: cell("one-way", 53_000, 3_800_000),
};

describe("a one-way test at full speed", () => {
  test("is ranked by messages/s, since its latency is the length of its queue", () => {
    const result = resultFor(SATURATED);
    const { shm, pmq } = ranksOf(result);
    expect(shm!.in_flight).toBeCloseTo(139.5, 0);
    expect(pmq!.in_flight).toBeCloseTo(2.47, 1);
    expect([shm!.ranked_by, pmq!.ranked_by]).toEqual(["messages_per_second", "messages_per_second"]);
    expect(shm!.vs_best!.factor).toBe(1);
    expect(pmq!.vs_best!.factor).toBeCloseTo(3.8 / 26.7, 5);
    expect(orderOf(result)).toEqual(["shm", "pmq"]);
  });

  test("says so, and how to get the latency of messages that find no queue", () => {
    const text = textOf(resultFor(SATURATED));
    expect(text).toMatch(/^ipc .* msg\/s +MB\/s +in flight +vs best/m);
    expect(text).toMatch(/^ {2}shm .* 2\.63M +2695 +139 +1\.00x\?/m);
    expect(text).toContain("vs best: msg/s / highest msg/s.\n");
    expect(text.replaceAll(/\n */g, " ")).toContain(
      "one-way latency is time in the queue. For messages that find no queue: --rate 37000 ",
    );
  });

  test("is told also where a terminal has no room for the column", () => {
    const text = textOf(resultFor(SATURATED), { columns: 50 });
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(50);
    expect(text).toContain("MB/s, in flight\n");
    expect(text).toContain("--rate 37000");
  });

  test("has it in CSV and Markdown", () => {
    const result = resultFor(SATURATED);
    expect(resultToCsv(result).split("\n")[0]).toContain(
      ",in_flight,ranked_by,vs_best,vs_best_low,vs_best_high,vs_best_differs,",
    );
    expect(resultToCsv(result)).toContain(",messages_per_second,1,,,,");
    expect(resultToMarkdown(result)).toContain("| in flight | vs best |");
    expect(resultToMarkdown(result)).toContain("--rate 37000");
  });

  test("is ranked by p50 where hardly anything is in flight, in round trips, and with a schedule", () => {
    const slow = { pmq: cell("one-way", 6600, 100_000_000), shm: cell("one-way", 53_000, 500_000_000) };
    const roundTrips = { pmq: { ...SATURATED.pmq, test: "round-trip" }, shm: { ...SATURATED.shm, test: "round-trip" } };
    const schedule = {
      service: evenly(1, 9999),
      lateness: evenly(1, 9999),
      achievedRatePerSecond: 5000,
      scheduledRatePerSecond: 5000,
    };
    const paced = { pmq: { ...SATURATED.pmq, schedule }, shm: { ...SATURATED.shm, schedule } };
    const arrival = { ratePerSecond: 5000, kind: "constant", burst: 1 } as const;
    for (const result of [resultFor(slow), resultFor(roundTrips as typeof SATURATED), resultFor(paced, { arrival })]) {
      expect(ranksOf(result).shm!.ranked_by).toBe("p50");
      expect(orderOf(result)).toEqual(["pmq", "shm"]);
      expect(textOf(result)).toContain("vs best: p50 / lowest p50.\n");
      expect(textOf(result)).not.toContain("no queue");
    }
  });

  test("does not count what is invalid, and counts each of several clients by itself", () => {
    const failed = { pmq: cell("one-way", 6600, 100_000_000), shm: { ...SATURATED.shm, failure: "boom" } };
    expect(ranksOf(resultFor(failed)).pmq!.ranked_by).toBe("p50");
    const four = { pmq: cell("one-way", 6600, 100_000_000), uds: cell("one-way", 7000, 10_000_000) };
    expect(ranksOf(resultFor(four)).uds!.ranked_by).toBe("messages_per_second");
    expect(ranksOf(resultFor(four, { concurrency: 4 })).uds!.ranked_by).toBe("p50");
  });
});

test("without p50 the first percentile asked for is compared", () => {
  const trips = { uds: cell("round-trip", 9000, 100_000_000), tcp: cell("round-trip", 18_000, 200_000_000) };
  const result = resultFor(trips, { percentiles: [90, 99] });
  expect(ranksOf(result).tcp).toMatchObject({ ranked_by: "p90", vs_best: { factor: expect.any(Number) } });
  expect(textOf(result)).toContain("vs best: p90 / lowest p90.\n");
});

/** Launches of a round trip with these means. */
const trips = (...meansNs: number[]) => meansNs.map((mean) => cell("round-trip", mean, 100_000_000));

describe("a factor", () => {
  test("of fewer than 6 launches is no rank: marked, dim, with one note", () => {
    const result = resultFor({ uds: trips(9000), tcp: trips(10_500) });
    expect(ranksOf(result).tcp!.vs_best).toMatchObject({ low: null, high: null, differs: null });
    const text = textOf(result);
    expect(text).toMatch(/ 1\.00x\? /);
    expect(text).toMatch(/ 1\.17x\? /);
    expect(text.match(/no rank/g)).toHaveLength(1);
    expect(text).toContain("--launches 6");
    expect(text).not.toContain("fastest");
    expect(textOf(result, { colour: true })).toContain("\u001b[2m1.17x?\u001b[22m");
    const { fastest_mechanism: fastest, lowest_latency_mechanism: lowest } = result.summary;
    expect([fastest, lowest]).toEqual([null, null]);
  });

  test("of 6 and more has its interval over rounds, and is a rank if 1 lies outside", () => {
    const uds = [9000, 9100, 9200, 9050, 9150, 9080, 9120];
    const result = resultFor({ uds: trips(...uds), tcp: trips(...uds.map((mean) => 1.5 * mean)) });
    const { factor, low, high, differs } = ranksOf(result).tcp!.vs_best!;
    expect(factor).toBeCloseTo(1.5, 1);
    expect(low!).toBeGreaterThan(1.45);
    expect(high!).toBeLessThan(1.55);
    expect(differs).toBe(true);
    expect(textOf(result)).toMatch(/ 1\.50x /);
    expect(textOf(result)).not.toContain("?");
    expect(resultToMarkdown(result)).toMatch(/\| 1\.50x \\\[1\.\d+x–1\.\d+x\\\] \|/);
    expect(result.summary.lowest_latency_mechanism).toBe("Unix Domain Socket");
  });

  test("whose interval holds 1 can't be told from the best", () => {
    const uds = [9000, 12_000, 9200, 14_000, 9150, 11_000, 9120];
    const tcp = [12_500, 9100, 13_000, 9300, 11_500, 9200, 11_000];
    const result = resultFor({ uds: trips(...uds), tcp: trips(...tcp) });
    expect(ranksOf(result).tcp!.vs_best!.differs).toBe(false);
    expect(textOf(result)).toMatch(/ ≈1\.\d\dx /);
    const ascii = textOf(result, { utf8: false });
    expect(ascii).toMatch(/ ~=1\.\d\dx /);
    expect(ascii).toContain("~=  can't be told from the best");
  });
});

describe("with launches", () => {
  const result = resultFor({ uds: trips(9000, 9100, 90_000), tcp: trips(10_000, 11_000, 12_000) }, { launches: 3 });

  test("a percentile is named as the median of launches, and the pooled one stands beside it", () => {
    const { percentiles, percentiles_ns: named } = ranksOf(result).uds!;
    const p99 = percentiles.find(({ percentile }) => percentile === 99)!;
    expect(p99).toMatchObject({ backed: true, median_of_launches: { kind: "range" } });
    expect(Number(p99.value_ns)).toBeGreaterThan(94_000);
    expect(p99.median_of_launches!.median).toBeLessThan(15_000);
    expect(named.p99).toBe(p99.value_ns!);
    expect(textOf(result)).toMatch(/^ipc .* p50 med .* p99 med /m);
    expect(textOf(result)).toContain("pN med: each launch's pN, median of 3 launches;");
    expect(resultToMarkdown(result)).toContain("| p99 median of launches |");
  });

  test("without several of them a percentile has no such name", () => {
    const single = resultFor({ uds: trips(9000) });
    expect(textOf(single)).not.toContain(" med");
    expect(ranksOf(single).uds!.percentiles[0]).toMatchObject({ percentile: 50, median_of_launches: null });
  });
});

test("the flat map has null where too few samples lie beyond a percentile", () => {
  const few = measurementOf({ ...QUIET, latency: evenly(1, 500) });
  const [uds] = Object.values(ranksOf(resultFor({ uds: few })));
  expect(uds!.percentiles_ns).toEqual({ p50: 250, p95: 475, p99: null, "p99.9": null });
  expect(uds!.percentiles.map(({ backed }) => backed)).toEqual([true, true, false, false]);
});
