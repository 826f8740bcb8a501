import { describe, expect, test } from "bun:test";
import Ajv from "ajv";
import schema from "../../../docs/result.schema.json";
import { mergeLaunches } from "../../../src/measure/merge.ts";
import type { Mechanism } from "../../../src/plan/run-plan.ts";
import { resultToJson } from "../../../src/report/json.ts";
import { decodeBuckets } from "../../../src/stats/hdr.ts";
import { snapshotOf } from "../../snapshot-of.ts";
import { REAL_TIME } from "../verdict/fixture.ts";
import { evenly, measurementOf, measurementOfNothing, outcomeOf, planOf, resultOf } from "./fixture.ts";

const validate = new Ajv({ allErrors: true }).compile(schema);

const LOSSY = { sent: 10_000, received: 9_996, lost: 4, duplicated: 1, reordered: 2, corrupt: 1 };

const RUNS: Record<string, Parameters<typeof resultOf>[0]> = {
  "a perfect run": {},
  "a run by time": { plan: planOf({ messageCount: null, durationNs: 1_500_000_000 }) },
  "a failed test": {
    outcomes: [outcomeOf({ measurements: [measurementOf({ failure: "boom", complete: false })] })],
  },
  "a test without a single latency": { outcomes: [outcomeOf({ measurements: [measurementOfNothing()] })] },
  "a mechanism that did not get to any test": { outcomes: [outcomeOf({ measurements: [], endpoint: null })] },
  "a run that ended before its first mechanism": { outcomes: [] },
  "one mechanism of two": { plan: planOf({ mechanisms: ["uds", "pmq"] }) },
  "latencies that no double holds": {
    outcomes: [outcomeOf({ measurements: [measurementOf({ latency: snapshotOf([1n, 2n ** 64n - 1n]) })] })],
  },
  "a blocking run with everything asked for": {
    plan: planOf({ mode: "blocking", bufferBytes: 65_536, serverCpu: 1, clientCpu: 0, percentiles: [] }),
  },
};

describe("the result document", () => {
  test.each(Object.entries(RUNS))("of %s is valid against docs/result.schema.json", (_, input) => {
    validate(JSON.parse(resultToJson(resultOf(input))));
    expect(validate.errors).toBeNull();
  });

  test("with a field too many or too few is not valid", () => {
    const document = JSON.parse(resultToJson(resultOf()));
    expect(validate({ ...document, surprise: 1 })).toBe(false);
    delete document.results[0].round_trip_results;
    expect(validate(document)).toBe(false);
  });
});

describe("metrics of a test", () => {
  const { one_way_results: oneWay, round_trip_results: roundTrip } = resultOf().results[0]!;

  test("hold the percentiles asked for, each with its value", () => {
    const plan = planOf({ percentiles: [99.9, 10] });
    expect(resultOf({ plan }).results[0]!.round_trip_results!.latency!.percentiles).toEqual([
      { percentile: 99.9, value_ns: 19_999 },
      { percentile: 10, value_ns: 11_007 },
    ]);
  });

  test("hold exact extremes, mean and deviation", () => {
    expect(roundTrip!.latency).toMatchObject({
      latency_type: "RoundTrip",
      min_ns: 10_001,
      max_ns: 20_000,
      mean_ns: 15_000.5,
      std_dev_ns: Math.sqrt((10_000 ** 2 - 1) / 12),
      total_samples: 10_000,
    });
  });

  test("hold rates over the measured window alone", () => {
    expect(oneWay!.throughput).toEqual({
      messages_per_second: 500_000,
      bytes_per_second: 512_000_000,
      total_messages: 10_000,
      total_bytes: 10_240_000,
      duration_ns: 20_000_000,
    });
  });

  test("start when the measured phase did, to the nanosecond", () => {
    expect(roundTrip!.timestamp).toBe("2026-01-02T03:04:05.000000006Z");
  });

  test.each([0n, null])("have rates of 0 in a window of %p", (windowNs) => {
    const outcomes = [outcomeOf({ measurements: [measurementOf({ windowNs })] })];
    expect(resultOf({ outcomes }).results[0]!.round_trip_results!.throughput).toMatchObject({
      messages_per_second: 0,
      bytes_per_second: 0,
      duration_ns: 0,
    });
  });

  test("have no latency where nothing was recorded, instead of zeros", () => {
    const outcomes = [outcomeOf({ measurements: [measurementOfNothing()] })];
    expect(resultOf({ outcomes }).results[0]!.round_trip_results!.latency).toBeNull();
  });
});

describe("summary of a mechanism", () => {
  const slow = measurementOf({ latency: evenly(30_001, 40_000) });
  const fast = measurementOf({ test: "one-way", windowNs: 20_000_000n });

  test("takes throughput from one-way and latency from round-trip, and says so", () => {
    const { summary, details } = resultOf({ outcomes: [outcomeOf({ measurements: [fast, slow] })] }).results[0]!;
    expect(details.summary_from).toEqual({ throughput: "one-way", latency: "round-trip" });
    expect(summary).toEqual({
      total_messages_sent: 20_000,
      total_bytes_transferred: 20_480_000,
      average_throughput_megabytes_per_sec: 512,
      peak_throughput_megabytes_per_sec: 512,
      average_latency_ns: 35_000.5,
      min_latency_ns: 30_001,
      max_latency_ns: 40_000,
      p95_latency_ns: 39_519,
      p99_latency_ns: 39_903,
      error_count: 0,
    });
  });

  test("takes both from the only test there is", () => {
    const input = { plan: planOf({ tests: ["one-way"] }), outcomes: [outcomeOf({ measurements: [fast] })] };
    const { summary, details } = resultOf(input).results[0]!;
    expect(details.summary_from).toEqual({ throughput: "one-way", latency: "one-way" });
    expect(summary.average_latency_ns).toBe(15_000.5);
  });

  test("has no p95 and p99 that were not asked for, not even near ones", () => {
    const { summary } = resultOf({ plan: planOf({ percentiles: [95.05, 99.01] }) }).results[0]!;
    expect([summary.p95_latency_ns, summary.p99_latency_ns]).toEqual([null, null]);
  });

  test("counts every fault and every failed test as an error", () => {
    const outcomes = [outcomeOf({ measurements: [measurementOf({ test: "one-way", counts: LOSSY })] })];
    // 4 lost, 1 duplicated, 2 reordered, 1 corrupt; one-way failed for it, round-trip was not run.
    expect(resultOf({ outcomes }).results[0]!.summary.error_count).toBe(10);
  });
});

describe("status", () => {
  test("is Success when every test asked for is complete and perfect", () => {
    expect(resultOf().results[0]!.status).toBe("Success");
  });

  test("names each test that is not, and why", () => {
    const outcomes = [outcomeOf({ measurements: [measurementOf({ test: "one-way", counts: LOSSY })] })];
    expect(resultOf({ outcomes }).results[0]!.status).toEqual({
      Failure: "one-way: of 10000 messages: 4 lost, 1 duplicated, 2 reordered, 1 corrupt; round-trip: not run",
    });
  });

  test("is Failure for a test that ended early with what it had", () => {
    const result = resultOf({
      plan: planOf({ tests: ["round-trip"] }),
      outcomes: [outcomeOf({ measurements: [measurementOf({ complete: false })] })],
    });
    expect(result.results[0]!.status).toEqual({ Failure: "round-trip: ended early" });
    expect(result.results[0]!.details.complete).toBe(false);
    expect(result.metadata.complete).toBe(false);
  });
});

describe("overall summary", () => {
  const quick = outcomeOf({
    mechanism: "tcp",
    measurements: [measurementOf({ latency: evenly(5_001, 15_000) })],
  });
  const broad = outcomeOf({ measurements: [measurementOf({ windowNs: 1_000_000n })] });
  const failed = outcomeOf({
    mechanism: "pmq",
    measurements: [measurementOf({ windowNs: 1n, latency: evenly(1, 2), failure: "boom" })],
  });
  const plan = planOf({ mechanisms: ["tcp", "uds", "pmq"], tests: ["round-trip"] });

  test("ranks the successful mechanisms only", () => {
    const { summary } = resultOf({ plan, outcomes: [quick, broad, failed] });
    expect(summary.fastest_mechanism).toBe("Unix Domain Socket");
    expect(summary.lowest_latency_mechanism).toBe("TCP Socket");
  });

  test("ranks nothing where all failed", () => {
    const { summary } = resultOf({ plan, outcomes: [failed] });
    expect([summary.fastest_mechanism, summary.lowest_latency_mechanism]).toEqual([null, null]);
  });

  test("keeps a mechanism that ran twice twice", () => {
    const { summary } = resultOf({ plan: planOf({ mechanisms: ["tcp", "tcp"] }), outcomes: [quick, quick] });
    expect(Object.keys(summary.mechanisms)).toEqual(["TCP Socket", "TCP Socket (2)"]);
  });

  test("of an unfinished run says which mechanisms are missing", () => {
    const { metadata } = resultOf({ plan: planOf({ mechanisms: ["uds", "shm", "uds", "pmq"] }) });
    expect(metadata).toMatchObject({
      complete: false,
      total_tests: 1,
      mechanisms_not_run: ["SharedMemory", "UnixDomainSocket", "PosixMessageQueue"],
    });
  });
});

describe("several sizes and plans", () => {
  const one = planOf({ messageSizes: [64, 128, 64] });
  const two = planOf({ mode: "blocking", sendDelayNs: 50_000 });

  test("give a result each, with the size and settings of its own", () => {
    const outcomes = [
      outcomeOf({ plan: one, messageBytes: 64 }),
      outcomeOf({ plan: one, messageBytes: 128 }),
      outcomeOf({ plan: one, messageBytes: 64 }),
      outcomeOf({ plan: two }),
    ];
    const { results, metadata, summary } = resultOf({ plans: [one, two], outcomes });
    expect(
      results.map(({ test_config, details }) => [test_config.message_size, details.mode, details.send_delay_ns]),
    ).toEqual([
      [64, "async", 0],
      [128, "async", 0],
      [64, "async", 0],
      [1024, "blocking", 50_000],
    ]);
    expect(results.map((result) => result.one_way_results!.throughput.total_bytes)).toEqual([
      640_000, 1_280_000, 640_000, 10_240_000,
    ]);
    expect(metadata).toMatchObject({ complete: true, total_tests: 4, mechanisms_not_run: [] });
    expect(Object.keys(summary.mechanisms)).toHaveLength(4);
  });

  test("of an unfinished run are missing once for each size of each plan", () => {
    const outcomes = [outcomeOf({ plan: one, messageBytes: 64 })];
    const { metadata } = resultOf({ plans: [one, two], outcomes });
    expect(metadata.mechanisms_not_run).toHaveLength(3);
  });
});

describe("details", () => {
  test("say of queues by whose word a sender knows that they are full", () => {
    const byHand = planOf({ standalone: { side: "client", connectTimeoutNs: 1e9 } });
    const roomBy = (mechanism: Mechanism, plan = planOf()) =>
      resultOf({ plan, outcomes: [outcomeOf({ mechanism })] }).results[0]!.details.tests[0]!.room_by;
    expect(roomBy("uds")).toBeNull();
    expect(roomBy("pmq")).toBe("peer's count");
    expect(roomBy("pmq", byHand)).toBe("the system");
  });

  const [, roundTrip] = resultOf().results[0]!.details.tests;

  test("hold what it takes to merge the distribution", () => {
    const latency = evenly(10_001, 20_000);
    expect(roundTrip!.latency).toMatchObject({
      count: 10_000,
      sum_ns: Number(latency.sumNs),
      sum_of_squares_ns2: Number(latency.sumOfSquaresNs2),
      overflow_count: 0,
    });
    expect(decodeBuckets(roundTrip!.latency!.histogram_v2_base64)).toEqual(latency.bucketCounts);
  });

  test("name the percentiles with too few samples beyond them, and why", () => {
    const plan = planOf({ percentiles: [0.01, 50, 99.9, 99.99] });
    expect(resultOf({ plan }).results[0]!.details.tests[1]!.latency!.unbacked_percentiles).toEqual([
      { percentile: 0.01, samples_beyond: 1, reason: "1 sample lies below it, 10 are needed" },
      { percentile: 99.99, samples_beyond: 1, reason: "1 sample lies above it, 10 are needed" },
    ]);
  });

  test("give the share of messages with both sides on one CPU", () => {
    expect([roundTrip!.same_cpu_messages, roundTrip!.same_cpu_share]).toEqual([2500, 0.25]);
  });
});

describe("launches", () => {
  const plan = planOf({ tests: ["round-trip"], launches: 6, percentiles: [2.5, 50, 98, 99] });
  const detailsOf = (counts: readonly number[]) => {
    const launches = counts.map((count, index) => ({
      launch: index + 1,
      measurement: measurementOf({ latency: evenly(1001, 1000 + count) }),
    }));
    const measurements = [mergeLaunches(launches.map(({ measurement }) => measurement))];
    const outcomes = [outcomeOf({ measurements, launches })];
    return resultOf({ plan, outcomes }).results[0]!.details.tests[0]!;
  };

  test("have a median at a percentile only if each has enough samples beyond it", () => {
    const { across_launches: across } = detailsOf([500, 500, 500, 480, 500, 300]);
    expect(across.percentiles.map(({ percentile }) => percentile)).toEqual([50]);
    expect(across.unbacked_percentiles).toEqual([
      { percentile: 2.5, samples_beyond: 7, reason: "launch 6: 7 samples lie below it, 10 are needed" },
      { percentile: 98, samples_beyond: 6, reason: "launch 6: 6 samples lie above it, 10 are needed" },
      { percentile: 99, samples_beyond: 3, reason: "launch 6: 3 samples lie above it, 10 are needed" },
    ]);
  });

  test("mark what is unbacked in each, though all together have enough", () => {
    const { launches, latency, verdict } = detailsOf([500, 500, 500, 500, 500, 500]);
    expect(latency!.unbacked_percentiles).toEqual([]);
    expect(launches[0]!.percentiles.map(({ percentile }) => percentile)).toEqual([...plan.percentiles]);
    expect(launches.map((launch) => launch.unbacked_percentiles)).toEqual(
      launches.map(() => [{ percentile: 99, samples_beyond: 5, reason: "5 samples lie above it, 10 are needed" }]),
    );
    expect(verdict.warnings.find(({ id }) => id === "percentiles-unbacked")!.figures).toEqual({
      percentiles: "p99",
      samples: 500,
      allLaunches: 3000,
      needed: 10,
    });
  });

  test("of which one recorded nothing have no median but that of the mean", () => {
    const { across_launches: across } = detailsOf([500, 0, 500]);
    expect(across.percentiles).toEqual([]);
    expect(across.unbacked_percentiles.map(({ reason }) => reason)).toEqual(
      plan.percentiles.map((p) => `launch 2: 0 samples lie ${p < 50 ? "below" : "above"} it, 10 are needed`),
    );
  });
});

describe("a verdict", () => {
  test("names everything denied, once for all launches", () => {
    const denied = { effective: null, note: "no", isDenied: true } as const;
    const realTime = {
      ...REAL_TIME,
      fifoPriority: { requested: 49, ...denied },
      memoryLock: { requested: "present and future", ...denied },
    } as const;
    const measurement = measurementOf();
    const launched = { ...measurement, client: { ...measurement.client!, realTime } };
    const launches = [1, 2].map((launch) => ({ launch, measurement: launched }));
    const { results } = resultOf({ outcomes: [outcomeOf({ measurements: [launched], launches })] });
    const { reasons } = results[0]!.details.tests[0]!.verdict;
    expect(reasons.map(({ id, figures }) => [id, figures.side, figures.part])).toEqual([
      ["rt-not-in-force", "client", "fifoPriority"],
      ["rt-not-in-force", "client", "memoryLock"],
    ]);
  });
});

describe("drop-in fields", () => {
  test("say what is true", () => {
    const { results, metadata } = resultOf({ plan: planOf({ durationNs: 1_500_000_000, messageCount: 7 }) });
    expect(metadata.system_info.rust_version).toBe("n/a (Bun 1.4.5)");
    expect(metadata.system_info.memory_gb).toBe(8);
    expect(results[0]!.test_duration).toEqual({ secs: 1, nanos: 250_000_000 });
    expect(results[0]!.test_config).toMatchObject({
      msg_count: null,
      duration: { secs: 1, nanos: 500_000_000 },
      buffer_size: 212_992,
      percentiles: [50, 95, 99, 99.9],
    });
  });

  test("have a buffer size of 0 where none could be read", () => {
    const outcomes = [outcomeOf({ measurements: [measurementOfNothing()] })];
    expect(resultOf({ outcomes }).results[0]!.test_config.buffer_size).toBe(0);
  });
});
