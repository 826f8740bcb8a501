import { describe, expect, test } from "bun:test";
import type { MechanismOutcome } from "../../../src/measure/measurement.ts";
import { mergeLaunches } from "../../../src/measure/merge.ts";
import { type SummaryOptions, summaryText } from "../../../src/report/summary.ts";
import type { BenchmarkResult } from "../../../src/result/schema.ts";
import { snapshotOf } from "../../snapshot-of.ts";
import { evenly, measurementOf, measurementOfNothing, outcomeOf, planOf, resultOf } from "../result/fixture.ts";
import { QUIET as QUIET_USAGE } from "../verdict/fixture.ts";

function textOf(result: BenchmarkResult, options: Partial<SummaryOptions> = {}): string {
  return summaryText(result, { utf8: true, colour: false, columns: 80, files: [], ...options });
}

/** Pinned, so that the summary has nothing to warn of. */
const PINNED = { serverCpu: 0, clientCpu: 0 };
const SIDE = { ...measurementOf().client!, allowedCpus: [0], usedCpus: [0] };
const QUIET = { client: SIDE, server: SIDE, sameCpuMessages: 10_000 } as const;

function pinned(changes: Parameters<typeof measurementOf>[0] = {}) {
  return measurementOf({ ...QUIET, ...changes });
}

/** Two peaks, at 8 to 12 µs and at 44 to 62 µs, and one outlier. */
const BIMODAL = snapshotOf([
  ...Array.from({ length: 4000 }, (_, i) => BigInt(8000 + i)),
  ...Array.from({ length: 6000 }, (_, i) => BigInt(44_000 + 3 * i)),
  2_000_000n,
]);

const GOOD = resultOf({
  plan: planOf({ ...PINNED, mechanisms: ["uds", "shm"] }),
  outcomes: [
    outcomeOf({ measurements: [pinned({ test: "one-way" }), pinned()] }),
    outcomeOf({
      mechanism: "shm",
      measurements: [pinned({ test: "one-way", latency: BIMODAL }), pinned({ latency: evenly(900, 1900) })],
    }),
  ],
});

const LOSSY = pinned({
  test: "one-way",
  counts: { sent: 10_000, received: 9_997, lost: 3, duplicated: 0, reordered: 0, corrupt: 0 },
  failure: "the client closed early",
});

const TROUBLED = resultOf({
  plan: planOf({ ...PINNED, mode: "blocking", mechanisms: ["uds", "tcp", "uds", "shm"] }),
  outcomes: [
    outcomeOf({ measurements: [pinned({ test: "one-way" }), pinned()] }),
    outcomeOf({ mechanism: "tcp", measurements: [LOSSY, measurementOfNothing()] }),
    outcomeOf({ measurements: [pinned({ test: "one-way", latency: evenly(900, 1500) })] }),
  ],
});

/** Seven launches, 1 µs apart. */
function launched(mechanism: MechanismOutcome["mechanism"], fromNs: number): MechanismOutcome {
  const measurements = [1, 2, 3, 4, 5, 6, 7].map((launch) =>
    pinned({
      latency: evenly(fromNs + launch * 1000, fromNs + launch * 1000 + 9999),
      windowNs: BigInt(100_000_000 + launch * 1_000_000),
    }),
  );
  return outcomeOf({
    mechanism,
    measurements: [pinned({ latency: evenly(fromNs + 1000, fromNs + 17_000) })],
    launches: measurements.map((measurement, index) => ({ launch: index + 1, measurement })),
  });
}

const LAUNCHED = resultOf({
  plan: planOf({ ...PINNED, mechanisms: ["tcp", "uds"], tests: ["round-trip"], launches: 7 }),
  outcomes: [launched("tcp", 30_000), launched("uds", 10_000)],
});

const SCHEDULED = resultOf({
  plan: planOf({
    ...PINNED,
    tests: ["one-way"],
    arrival: { ratePerSecond: 5000, kind: "poisson", burst: 1 },
    percentiles: [50, 99],
  }),
  outcomes: [
    outcomeOf({
      measurements: [
        pinned({
          test: "one-way",
          latency: evenly(20_001, 90_000),
          schedule: {
            service: evenly(10_001, 20_000),
            lateness: evenly(1, 300),
            achievedRatePerSecond: 4900,
            scheduledRatePerSecond: 5000,
          },
        }),
      ],
    }),
  ],
});

const SIZES = resultOf({
  plan: planOf({ ...PINNED, mechanisms: ["uds", "tcp"], messageSizes: [64, 65_536], tests: ["one-way"] }),
  outcomes: (["uds", "tcp"] as const).flatMap((mechanism) =>
    [64, 65_536].map((messageBytes) =>
      outcomeOf({
        mechanism,
        messageBytes,
        measurements: [
          pinned({
            test: "one-way",
            latency: evenly(messageBytes, messageBytes + (mechanism === "uds" ? 20_000 : 10_000)),
          }),
        ],
      }),
    ),
  ),
});

/** The widest figures there can be: failed, repeated, blocking, a hundred million messages. */
const WIDE = resultOf({
  plan: planOf({ mode: "blocking", mechanisms: ["uds", "uds"], messageSizes: [1], tests: ["round-trip"] }),
  outcomes: [1, 2].map(() =>
    outcomeOf({
      messageBytes: 1,
      measurements: [
        measurementOf({
          counts: {
            sent: 99_999_999,
            received: 99_999_999,
            lost: 0,
            duplicated: 0,
            reordered: 0,
            corrupt: 0,
          },
          latency: evenly(123_000, 133_000),
          windowNs: 10n ** 18n,
          failure: "boom",
        }),
      ],
    }),
  ),
});

const ALL = { GOOD, TROUBLED, LAUNCHED, SCHEDULED, SIZES, WIDE };

describe("a good run", () => {
  test("in 80 columns is ranked tests and the files written", () => {
    expect(textOf(GOOD, { files: [{ label: "Final JSON", path: "r.json" }] })).toBe(
      `1 KiB payload, 10000 messages per test, async, server on CPU 0, client on CPU 0

ipc    samples      p50      p99      max  msg/s  in flight  vs best  shape
one-way
  uds    10000  15.0 µs  19.9 µs  20.0 µs   100k        1.5   1.00x?  ▅▅▅▆▆▇▇█
  shm    10001  47.0 µs  61.7 µs  2.00 ms   100k        3.6   1.00x?  ▄▃    ▃█
round-trip
  shm     1001  1.40 µs  1.89 µs  1.90 µs   100k        0.1   1.00x?  ▄▅▅▆▆▇▇█
  uds    10000  15.0 µs  19.9 µs  20.0 µs   100k        1.5   10.7x?  ▅▅▅▆▆▇▇█

vs best: msg/s / highest msg/s where messages queue up, else p50 / lowest p50.
?  no rank: the next run may give another order. --launches 6 or more can tell.
in flight: msg/s times mean latency. From 2 on, one-way latency is time in the
  queue. For messages that find no queue: --rate 10000
Left out for lack of width: min, mean, p95, p99.9, MB/s
Shape: histogram from min to p99, log scale. Last bar: everything above p99.

~ shm round-trip: p99.9 is not shown: 1 of 1001 samples lies above it, 10 are
    needed. Use -i 10000 or more, or a longer -d.

Files written:
  Final JSON  r.json
`,
    );
  });

  test("in 140 columns shows all percentiles asked for", () => {
    expect(textOf(GOOD, { columns: 140 })).toBe(
      `1 KiB payload, 10000 messages per test, async, server on CPU 0, client on CPU 0

ipc    samples      min     mean      p50      p95      p99    p99.9      max  msg/s  MB/s  in flight  vs best  shape
one-way
  uds    10000  10.0 µs  15.0 µs  15.0 µs  19.5 µs  19.9 µs  20.0 µs  20.0 µs   100k   102        1.5   1.00x?  ▅▅▅▆▆▇▇█
  shm    10001  8.00 µs  36.0 µs  47.0 µs  60.5 µs  61.7 µs  62.0 µs  2.00 ms   100k   102        3.6   1.00x?  ▄▃    ▃█
round-trip
  shm     1001   900 ns  1.40 µs  1.40 µs  1.85 µs  1.89 µs        -  1.90 µs   100k   102        0.1   1.00x?  ▄▅▅▆▆▇▇█
  uds    10000  10.0 µs  15.0 µs  15.0 µs  19.5 µs  19.9 µs  20.0 µs  20.0 µs   100k   102        1.5   10.7x?  ▅▅▅▆▆▇▇█

-  not shown: fewer than 10 samples lie above this percentile
vs best: msg/s / highest msg/s where messages queue up, else p50 / lowest p50.
?  no rank: the next run may give another order. --launches 6 or more can tell.
in flight: msg/s times mean latency. From 2 on, one-way latency is time in the queue. For messages that find no queue: --rate 10000
Shape: histogram from min to p99, log scale. Last bar: everything above p99.

~ shm round-trip: p99.9 is not shown: 1 of 1001 samples lies above it, 10 are needed. Use -i 10000 or more, or a longer -d.
`,
    );
  });

  test("spells out the time of a run by time", () => {
    const plan = planOf({ messageCount: null, durationNs: 1_500_000_000 });
    expect(textOf(resultOf({ plan }))).toStartWith("1 KiB payload, 1.50 s per test, async\n");
  });
});

describe("trouble", () => {
  test("counts what a stopped test did not wait for as on its way", () => {
    const stopped = { ...LOSSY, failure: "the run was stopped by SIGINT", complete: false };
    const text = textOf(resultOf({ plan: planOf(PINNED), outcomes: [outcomeOf({ measurements: [stopped] })] }));
    expect(text).toMatch(/10000 sent, 9997 received, 3 still\s+on its way/);
  });

  test("marks what failed or was not run, with the reasons below", () => {
    expect(textOf(TROUBLED)).toBe(
      `1 KiB payload, 10000 messages per test, blocking, server on CPU 0,
  client on CPU 0

ipc      samples      p50      p95      p99      max  msg/s  vs best  shape
one-way
  uds#2      601  1.20 µs  1.47 µs        -  1.50 µs   100k   1.00x?  ▅▆▆▆▇▇██
  uds      10000  15.0 µs  19.5 µs  19.9 µs  20.0 µs   100k   12.5x?  ▅▅▅▆▆▇▇█
! tcp      10000  15.0 µs  19.5 µs  19.9 µs  20.0 µs   100k        -  ▅▅▅▆▆▇▇█
round-trip
  uds      10000  15.0 µs  19.5 µs  19.9 µs  20.0 µs   100k   1.00x?  ▅▅▅▆▆▇▇█
! tcp          -        -        -        -        -      -        -
! uds#2        -        -        -        -        -      -        -

-  not shown: fewer than 10 samples lie above this percentile
vs best: p50 / lowest p50.
?  no rank: the next run may give another order. --launches 6 or more can tell.
Left out for lack of width: min, mean, p99.9, MB/s, in flight
Shape: histogram from min to p99, log scale. Last bar: everything above p99.

! tcp one-way: the client closed early (10000 sent, 9997 received, 3 lost)
! tcp round-trip: the server was killed by SIGKILL
! uds#2 round-trip: not run
~ uds#2 one-way: p99 and p99.9 are not shown: fewer than 10 of 601 samples lie
    above them. Use -i 10000 or more, or a longer -d.

Not run: Shared Memory
`,
    );
  });

  test("does not repeat counts that the reason names", () => {
    const outcomes = [outcomeOf({ measurements: [{ ...LOSSY, failure: null }] })];
    const plan = planOf({ ...PINNED, tests: ["one-way"] });
    expect(textOf(resultOf({ plan, outcomes }))).toContain("! uds one-way: of 10000 messages: 3 lost\n");
  });

  test("says of a failed test that it failed, and gives no advice about its figures", () => {
    const schedule = {
      service: evenly(1, 9),
      lateness: evenly(1, 9),
      achievedRatePerSecond: 200,
      scheduledRatePerSecond: 5000,
    };
    const server = { ...SIDE, allowedCpus: [0, 1] };
    const failed = measurementOf({ ...LOSSY, client: null, server, counts: measurementOf().counts, schedule });
    const plan = planOf({ tests: ["one-way"], arrival: { ratePerSecond: 5000, kind: "constant", burst: 1 } });
    const result = resultOf({ plan, outcomes: [outcomeOf({ measurements: [failed] })] });
    const { verdict } = result.results[0]!.details.tests[0]!;
    expect(verdict.reasons.map(({ id }) => id)).toContain("rate-missed");
    expect(verdict.warnings).not.toBeEmpty();
    const marked = textOf(result)
      .split("\n")
      .filter((line) => /^[!~] /.test(line) && !line.includes("µs"));
    expect(marked).toEqual(["! uds one-way: the client closed early"]);
  });

  test("warns once of what all tests have in common, and together of what the same advice answers", () => {
    expect(textOf(resultOf())).toContain(
      `
~ both tests: neither side was pinned. The next run may use other CPUs. 25 % of
    the messages passed with both sides on one CPU, the others between two CPUs.
    The figures mix both cases. The kernel moved the server between CPUs
    4 times. Pin both sides with --server-affinity and --client-affinity.
`,
    );
  });

  test.each([
    [["uds"], "Files"],
    [["uds", "shm"], "(also in 1 other test)"],
    [["uds", "shm", "tcp"], "(also in 2 other tests)"],
  ] as const)("tells of %j in how many other tests the same was found with other figures", (mechanisms, words) => {
    const plan = planOf({ ...PINNED, mechanisms, tests: ["round-trip"] });
    const outcomes = mechanisms.map((mechanism, i) =>
      outcomeOf({ mechanism, measurements: [pinned({ latency: evenly(1001 + 10 * i, 9000) })] }),
    );
    const text = textOf(resultOf({ plan, outcomes }), { files: [{ label: "Files", path: "x" }] });
    expect(text.replace(/\n +/g, " ")).toContain(words);
    expect(text.includes("(also in")).toBe(mechanisms.length > 1);
  });

  test("puts that behind the first sentence", () => {
    const plan = planOf({ ...PINNED, mechanisms: ["uds", "shm"], tests: ["round-trip"] });
    const waited = { main_thread_cpu_ns: 0, main_thread_voluntary_switches: 0, cpu_pressure_share: 0.5 };
    const side = (share: number) => ({
      ...SIDE,
      usage: { ...QUIET_USAGE, ...waited, main_thread_wait_ns: share * QUIET_USAGE.window_ns },
    });
    const outcomes = [0.2, 0.3].map((share, i) =>
      outcomeOf({
        mechanism: i === 0 ? "uds" : "shm",
        measurements: [pinned({ client: side(share), server: side(share) })],
      }),
    );
    expect(textOf(resultOf({ plan, outcomes })).replace(/\n +/g, " ")).toMatch(
      /waited for a CPU for up to \d+ % of the test \(also in 1 other test\)\. On the whole machine/,
    );
  });

  test("of nothing says so", () => {
    expect(textOf(resultOf({ outcomes: [] }))).toBe("No results.\n\nNot run: Unix Domain Socket\n");
  });
});

describe("percentiles without samples beyond them", () => {
  test("are explained by the tail that is too short", () => {
    const measurements = [pinned({ latency: evenly(1001, 2000) })];
    const textWith = (percentiles: readonly number[]) => {
      const plan = planOf({ ...PINNED, tests: ["round-trip"], percentiles });
      return textOf(resultOf({ plan, outcomes: [outcomeOf({ measurements })] }));
    };
    expect(textWith([0.5, 50])).toContain("\n-  not shown: fewer than 10 samples lie below this percentile\n");
    expect(textWith([50, 99.5])).toContain("\n-  not shown: fewer than 10 samples lie above this percentile\n");
    expect(textWith([0.5, 99.5])).toContain(
      "\n-  not shown: fewer than 10 samples lie below or above this percentile\n",
    );
  });
});

/** Six launches of 500 samples each. */
const SHORT_LAUNCHES = [1, 2, 3, 4, 5, 6].map((launch) =>
  pinned({ latency: evenly(launch * 1000 + 1, launch * 1000 + 500) }),
);
const FEW_EACH = resultOf({
  plan: planOf({ ...PINNED, tests: ["round-trip"], launches: 6, percentiles: [50, 98, 99, 99.9] }),
  outcomes: [
    outcomeOf({
      measurements: [mergeLaunches(SHORT_LAUNCHES)],
      launches: SHORT_LAUNCHES.map((measurement, index) => ({ launch: index + 1, measurement })),
    }),
  ],
});

describe("launches of few samples", () => {
  test("show no percentile that one of them has too few for, also where all together had enough", () => {
    const text = textOf(FEW_EACH, { columns: 140 });
    expect(text).toMatch(/^ {2}uds +3000 .* 3\.75 µs \[.*\] +3\.99 µs \[.*\] +- +- +6\.50 µs +100k /m);
    expect(text).toContain("\n-  not shown: fewer than 10 samples of a launch lie above this percentile\n");
    expect(text).toContain(
      "~ uds round-trip: p99 and p99.9 are not shown: fewer than 10 of the 500 samples of a launch lie above them. Use",
    );
  });
});

describe("launches", () => {
  test("in 80 columns have the median of the middle percentile with its interval", () => {
    expect(textOf(LAUNCHED)).toBe(
      `1 KiB payload, 10000 messages per test, async, server on CPU 0, client on CPU 0

ipc    samples          p50 med  p99 med      max  msg/s  vs best  shape
round-trip
  uds    16001  19.0 µs [16–22]  23.9 µs  27.0 µs  96.2k    1.00x  ▄▄▅▅▆▇▇█
  tcp    16001  39.0 µs [36–42]  43.9 µs  47.0 µs  96.2k    2.05x  ▆▆▆▇▇▇██

pN med: each launch's pN, median of 7 launches; mean, msg/s and MB/s are medians
  too. Pooled, of all launches together: samples, min, max, shape, and pN in
  JSON and CSV. [low–high]: 95 % interval of the median (bootstrap).
vs best: p50 / lowest p50.
Left out for lack of width: min, mean, p95, p99.9, MB/s
Shape: histogram from min to p99, log scale. Last bar: everything above p99.
`,
    );
  });

  test("in 140 columns have intervals throughout", () => {
    expect(textOf(LAUNCHED, { columns: 140 })).toBe(
      `1 KiB payload, 10000 messages per test, async, server on CPU 0, client on CPU 0

ipc    samples          p50 med          p95 med          p99 med        p99.9 med      max  msg/s  MB/s  vs best  shape
round-trip
  uds    16001  19.0 µs [16–22]  23.5 µs [21–26]  23.9 µs [21–26]  24.0 µs [21–27]  27.0 µs  96.2k  98.5    1.00x  ▄▄▅▅▆▇▇█
  tcp    16001  39.0 µs [36–42]  43.5 µs [41–46]  43.9 µs [41–46]  44.0 µs [41–47]  47.0 µs  96.2k  98.5    2.05x  ▆▆▆▇▇▇██

pN med: each launch's pN, median of 7 launches; mean, msg/s and MB/s are medians too. Pooled, of all launches together: samples, min, max,
  shape, and pN in JSON and CSV. [low–high]: 95 % interval of the median (bootstrap).
vs best: p50 / lowest p50.
Left out for lack of width: min, mean
Shape: histogram from min to p99, log scale. Last bar: everything above p99.
`,
    );
  });
});

describe("a schedule", () => {
  test("has response time as headline, service time and lateness beside it, and says when it was missed", () => {
    expect(textOf(SCHEDULED)).toBe(
      `1 KiB payload, 10000 messages per test, async, 5000 messages/s, poisson,
  server on CPU 0, client on CPU 0

ipc           samples      p50      p99      max  msg/s  MB/s  shape
one-way
! uds           70000  55.0 µs  89.3 µs  90.0 µs   100k   102  ▃▃▄▄▅▆▇█
    service     10000  15.0 µs  19.9 µs  20.0 µs
    lateness      300   150 ns        -   300 ns

-  not shown: fewer than 10 samples lie above this percentile
Figures are response times: from the scheduled moment to the arrival. service:
  from the actual send to the arrival. lateness: from the scheduled moment to
  the actual send.
Left out for lack of width: min, mean, in flight
Shape: histogram from min to p99, log scale. Last bar: everything above p99.

! uds one-way: invalid: 4900 messages/s were sent instead of 5000. Use
    --rate 4900 or less, or give the client a CPU of its own with
    --client-affinity.
`,
    );
  });
});

describe("several sizes", () => {
  test("are ranked by themselves", () => {
    expect(textOf(SIZES)).toBe(
      `10000 messages per test, async, server on CPU 0, client on CPU 0

ipc    samples      p50      p99      max  msg/s  in flight  vs best  shape
one-way, 64 B payload
  tcp    10001  5.07 µs  9.97 µs  10.1 µs   100k        0.5   1.00x?  ▁▁▁▁▂▃▅█
  uds    20001  10.1 µs  19.9 µs  20.1 µs   100k        1.0   1.99x?  ▁▁▁▁▁▂▄█
one-way, 64 KiB payload
  uds    20001  75.6 µs  85.4 µs  85.5 µs   100k        7.6   1.00x?  ▇▇▇▇▇▇██
  tcp    10001  70.6 µs  75.5 µs  75.5 µs   100k        7.1   1.00x?  ▇▇▇▇▇███

vs best: msg/s / highest msg/s where messages queue up, else p50 / lowest p50.
?  no rank: the next run may give another order. --launches 6 or more can tell.
in flight: msg/s times mean latency. From 2 on, one-way latency is time in the
  queue. For messages that find no queue: --rate 10000
Left out for lack of width: min, mean, p95, p99.9, MB/s
Shape: histogram from min to p99, log scale. Last bar: everything above p99.
`,
    );
  });
});

describe.each(Object.entries(ALL))("%s", (_, result) => {
  test.each([80, 100, 140])("keeps within %d columns", (columns) => {
    const widths = textOf(result, { columns })
      .split("\n")
      .map((line) => line.length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(columns);
  });

  test("is plain ASCII where the terminal is not UTF-8", () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole of ASCII is what is meant
    expect(textOf(result, { utf8: false })).toMatch(/^[\x00-\x7f]*$/);
  });

  test("has no colour unless asked, and the same text with it", () => {
    expect(textOf(result)).not.toContain("\u001b");
    const coloured = textOf(result, { colour: true });
    expect(coloured).toContain("\u001b");
    expect(Bun.stripANSI(coloured)).toBe(textOf(result));
  });
});
