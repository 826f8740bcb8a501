import { describe, expect, test } from "bun:test";
import { resultToMarkdown } from "../../../src/report/markdown.ts";
import { evenly, measurementOf, measurementOfNothing, outcomeOf, planOf, resultOf } from "../result/fixture.ts";

const SIDE = { ...measurementOf().client!, allowedCpus: [0], usedCpus: [0] };
const QUIET = { client: SIDE, server: SIDE, sameCpuMessages: 10_000 } as const;
const PINNED = { serverCpu: 0, clientCpu: 0 };

describe("the Markdown table", () => {
  test("ranks the tests and tells where they were measured", () => {
    const plan = planOf({ ...PINNED, mechanisms: ["uds", "shm"], tests: ["round-trip"] });
    const outcomes = [
      outcomeOf({ measurements: [measurementOf(QUIET)] }),
      outcomeOf({
        mechanism: "shm",
        measurements: [measurementOf({ ...QUIET, latency: evenly(1001, 11_000) })],
      }),
    ];
    expect(resultToMarkdown(resultOf({ plan, outcomes }))).toBe(`### ipc-benchmark

1 KiB payload, 10000 messages per test, async, server on CPU 0, client on CPU 0

| test | ipc | samples | min | mean | p50 | p95 | p99 | p99.9 | max | msg/s | MB/s | vs best | verdict |
| :-- | :-- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | :-- |
| round-trip | shm | 10000 | 1.00 µs | 6.00 µs | 6.00 µs | 10.5 µs | 10.9 µs | 11.0 µs | 11.0 µs | 100k | 102 | 1.00x? | valid |
| round-trip | uds | 10000 | 10.0 µs | 15.0 µs | 15.0 µs | 19.5 µs | 19.9 µs | 20.0 µs | 20.0 µs | 100k | 102 | 2.50x? | valid |

- vs best: p50 / lowest p50.
- ? no rank: the next run may give another order. --launches 6 or more can tell.

<details><summary>Environment</summary>

- linux x86\\_64, 2 CPUs, 8.0 GB
- ipc-benchmark 0.1.0, Bun 1.4.5
- Started 2026-01-02T03:04:04.000Z
- Command line: \`-m uds -o r.json\`

</details>
`);
  });

  test("says what failed, in a text that can't end the table or become markup", () => {
    const failure = "can't open a|b\n<img> `x` *y*";
    const plan = planOf({ tests: ["one-way"] });
    const outcomes = [outcomeOf({ measurements: [measurementOfNothing({ test: "one-way", failure })] })];
    const text = resultToMarkdown(resultOf({ plan, outcomes }));
    expect(text).toContain("| one-way | uds | - | - | - | - | - | - | - | - | - | - | - | failed |\n");
    expect(text).not.toContain("samples leave fewer");
    expect(text).toContain("- **uds one-way** failed: can't open a\\|b &lt;img&gt; \\`x\\` \\*y\\*\n");
    expect(text).toContain(", ended early or with failures\n");
  });

  test("has service time and lateness beside a response time", () => {
    const plan = planOf({ tests: ["one-way"], arrival: { ratePerSecond: 5000, kind: "constant", burst: 1 } });
    const schedule = {
      service: evenly(10_001, 20_000),
      lateness: evenly(1, 300),
      achievedRatePerSecond: 5000,
      scheduledRatePerSecond: 5000,
    };
    const outcomes = [outcomeOf({ measurements: [measurementOf({ test: "one-way", schedule })] })];
    expect(resultToMarkdown(resultOf({ plan, outcomes }))).toContain(
      "- uds one-way: service p50 15.0 µs, max 20.0 µs; lateness p50 150 ns, max 300 ns\n",
    );
  });

  test("fences a command line with backticks in it", () => {
    const plan = planOf({ commandLine: ["-o", "a`b``c"] });
    expect(resultToMarkdown(resultOf({ plan }))).toContain("- Command line: ``` -o a`b``c ```\n");
  });

  test("of nothing says so", () => {
    expect(resultToMarkdown(resultOf({ outcomes: [] }))).toContain(
      "\n\nNo results.\n\n- Not run: Unix Domain Socket\n",
    );
  });
});
