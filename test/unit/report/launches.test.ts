import { describe, expect, test } from "bun:test";
import { mergeLaunches } from "../../../src/measure/merge.ts";
import { resultToMarkdown } from "../../../src/report/markdown.ts";
import { summaryText } from "../../../src/report/summary.ts";
import { evenly, measurementOf, outcomeOf, planOf, resultOf } from "../result/fixture.ts";

/** One launch of three is far slower than the others, and so is far from their median. */
const LAUNCHES = [0, 1000, 80_000].map((slowerNs) =>
  measurementOf({
    test: "one-way",
    latency: evenly(20_001 + slowerNs, 24_000 + slowerNs),
    schedule: {
      service: evenly(10_001 + slowerNs, 14_000 + slowerNs),
      lateness: evenly(1 + slowerNs, 500 + slowerNs),
      achievedRatePerSecond: 5000,
      scheduledRatePerSecond: 5000,
    },
  }),
);
const RESULT = resultOf({
  plan: planOf({
    tests: ["one-way"],
    launches: 3,
    percentiles: [50, 99],
    arrival: { ratePerSecond: 5000, kind: "constant", burst: 1 },
  }),
  outcomes: [
    outcomeOf({
      measurements: [mergeLaunches(LAUNCHES)],
      launches: LAUNCHES.map((measurement, index) => ({ launch: index + 1, measurement })),
    }),
  ],
});

describe("launches with a schedule", () => {
  const text = summaryText(RESULT, { utf8: true, colour: false, columns: 140, files: [] });

  test("have medians over launches in every row, in means as in percentiles", () => {
    const figuresOf = (label: string) => text.match(new RegExp(`^ +${label} +\\d+ (.*)$`, "m"))![1]!;
    expect(figuresOf("uds")).toMatch(/^ +20\.0 µs +23\.0 µs +23\.0 µs \[22–102\] +25\.0 µs \[/);
    expect(figuresOf("service")).toMatch(/^ +10\.0 µs +13\.0 µs +13\.0 µs \[12–92\] +15\.0 µs \[/);
    expect(figuresOf("lateness")).toMatch(/^ +1 ns +1\.25 µs +1\.25 µs \[0\.25–80\] +- +80\.5 µs$/);
  });

  test("say which figures are of all launches", () => {
    expect(text).toContain(
      "\npN med: each launch's pN, median of 3 launches; mean, msg/s and MB/s are medians too. Pooled, of all launches together: " +
        "samples, min, max,\n  shape, and pN in JSON and CSV. [low–high]: smallest and largest launch.",
    );
  });

  test("have the same medians in Markdown", () => {
    expect(resultToMarkdown(RESULT)).toContain(
      "- uds one-way: service p50 13.0 µs, max 94.0 µs; lateness p50 1.25 µs, max 80.5 µs\n",
    );
  });

  test("have what that takes in the document", () => {
    const { launches, across_launches: across } = RESULT.results[0]!.details.tests[0]!;
    expect(launches.map(({ service_time: service }) => service!.mean_ns)).toEqual([12_000.5, 13_000.5, 92_000.5]);
    expect(launches[0]!.lateness).toEqual({
      mean_ns: 250.5,
      max_ns: 500,
      percentiles: [
        { percentile: 50, value_ns: 250 },
        { percentile: 99, value_ns: 495 },
      ],
      unbacked_percentiles: [
        { percentile: 99, samples_beyond: 5, excursions_beyond: null, reason: "5 samples lie above it, 10 are needed" },
      ],
    });
    expect(across.service_time!.mean_ns!.median).toBe(13_000.5);
    expect(across.lateness!.percentiles.map(({ percentile }) => percentile)).toEqual([50]);
    expect(across.lateness!.unbacked_percentiles.map(({ percentile }) => percentile)).toEqual([99]);
  });
});

test("Markdown gives no median of service time without samples for it", () => {
  const schedule = {
    service: evenly(1, 19),
    lateness: evenly(1, 2000),
    achievedRatePerSecond: 5000,
    scheduledRatePerSecond: 5000,
  };
  const plan = planOf({ tests: ["one-way"], arrival: { ratePerSecond: 5000, kind: "constant", burst: 1 } });
  const outcomes = [outcomeOf({ measurements: [measurementOf({ test: "one-way", schedule })] })];
  expect(resultToMarkdown(resultOf({ plan, outcomes }))).toContain(
    "- uds one-way: service max 19 ns; lateness p50 1.00 µs, max 2.00 µs\n",
  );
});
