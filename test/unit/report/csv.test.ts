import { describe, expect, test } from "bun:test";
import { csvText } from "../../../src/report/csv-library.ts";
import { resultToCsv } from "../../../src/report/csv-table.ts";
import type { BenchmarkResult } from "../../../src/result/schema.ts";
import { snapshotOf } from "../../snapshot-of.ts";
import { evenly, measurementOf, measurementOfNothing, outcomeOf, planOf, resultOf } from "../result/fixture.ts";

/** RFC 4180, written for this test: another reader than the writer's own. */
function parseCsv(text: string): string[][] {
  const fields = [...text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n)/g)];
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of fields) {
    rows.at(-1)!.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'));
    if (end === "\n") rows.push([]);
  }
  rows.pop();
  return rows;
}

function recordsOf(result: BenchmarkResult): Record<string, string>[] {
  const [header, ...rows] = parseCsv(resultToCsv(result));
  for (const row of rows) expect(row).toHaveLength(header!.length);
  expect(new Set(header).size).toBe(header!.length);
  return rows.map((row) => Object.fromEntries(row.map((field, index) => [header![index]!, field])));
}

describe("CSV", () => {
  test("quotes what must be quoted and nothing else", () => {
    const rows = [["a,b", 'say "x"', "two\nlines", "plain", null, true, 1.5, 2n ** 70n]];
    expect(csvText(["h"], rows)).toBe('h\n"a,b","say ""x""","two\nlines",plain,,true,1.5,1180591620717411303424\n');
  });
});

describe("the table", () => {
  test("has a row for each mechanism, size and test", () => {
    const plan = planOf({ mechanisms: ["uds", "tcp"], messageSizes: [64, 1024] });
    const outcomes = (["uds", "tcp"] as const).flatMap((mechanism) =>
      [64, 1024].map((messageBytes) => outcomeOf({ mechanism, messageBytes })),
    );
    const rows = recordsOf(resultOf({ plan, outcomes }));
    expect(rows.map((row) => [row.mechanism, row.message_size_bytes, row.test].join(" "))).toEqual([
      "UnixDomainSocket 64 one-way",
      "UnixDomainSocket 64 round-trip",
      "UnixDomainSocket 1024 one-way",
      "UnixDomainSocket 1024 round-trip",
      "TcpSocket 64 one-way",
      "TcpSocket 64 round-trip",
      "TcpSocket 1024 one-way",
      "TcpSocket 1024 round-trip",
    ]);
  });

  test("has every figure of a good cell, exact", () => {
    expect(recordsOf(resultOf())[1]).toMatchObject({
      mode: "async",
      messages: "10000",
      lost: "0",
      min_ns: "10001",
      mean_ns: "15000.5",
      p50_ns: "15007",
      "p99.9_ns": "19999",
      max_ns: "20000",
      messages_per_second: "100000",
      bytes_per_second: "102400000",
      window_ns: "100000000",
      same_cpu_share: "0.25",
      client_send_buffer_bytes: "212992",
      server_cpus: "0 1",
      complete: "true",
      failure: "",
      launches: "1",
      launch_p50_median_ns: "",
    });
  });

  test("keeps all digits beyond 2^53", () => {
    const latency = snapshotOf([2n ** 64n - 1n]);
    const outcomes = [outcomeOf({ measurements: [measurementOf({ latency })] })];
    const plan = planOf({ tests: ["round-trip"] });
    expect(recordsOf(resultOf({ plan, outcomes }))[0]).toMatchObject({
      max_ns: "18446744073709551615",
      samples_beyond_60s: "1",
    });
  });

  test("leaves percentiles with too few samples empty and names them", () => {
    const outcomes = [outcomeOf({ measurements: [measurementOf({ latency: evenly(1, 500) })] })];
    const plan = planOf({ tests: ["round-trip"] });
    expect(recordsOf(resultOf({ plan, outcomes }))[0]).toMatchObject({
      p95_ns: "475",
      p99_ns: "",
      "p99.9_ns": "",
      unbacked_percentiles: "99 99.9",
    });
  });

  test("has empty fields and the reason where nothing was measured", () => {
    const outcomes = [outcomeOf({ measurements: [measurementOfNothing({ test: "one-way" })] })];
    const [failed, notRun] = recordsOf(resultOf({ outcomes }));
    expect(failed).toMatchObject({
      messages: "0",
      min_ns: "",
      messages_per_second: "",
      complete: "false",
      failure: "the server was killed by SIGKILL",
    });
    expect(notRun).toMatchObject({ messages: "", launches: "", complete: "false", failure: "not run" });
  });

  test("has columns for service time and lateness if there is a schedule, and only then", () => {
    const schedule = {
      service: evenly(1, 2000),
      lateness: evenly(1, 10),
      achievedRatePerSecond: 4999.5,
      scheduledRatePerSecond: 5000,
    };
    const plan = planOf({ tests: ["one-way"], arrival: { ratePerSecond: 5000, kind: "burst", burst: 3 } });
    const outcomes = [outcomeOf({ measurements: [measurementOf({ test: "one-way", schedule })] })];
    expect(recordsOf(resultOf({ plan, outcomes }))[0]).toMatchObject({
      rate_asked_per_second: "5000",
      rate_achieved_per_second: "4999.5",
      arrival: "burst",
      burst_messages: "3",
      service_p50_ns: "1000",
      lateness_max_ns: "10",
      lateness_p50_ns: "",
    });
    expect(recordsOf(resultOf())[0]).not.toHaveProperty("service_p50_ns");
  });

  test("has medians over launches with their ends", () => {
    const launches = [1, 2, 3].map((launch) => ({
      launch,
      measurement: measurementOf({ latency: evenly(launch * 1000, launch * 1000 + 999) }),
    }));
    const outcomes = [outcomeOf({ measurements: [measurementOf()], launches })];
    const plan = planOf({ tests: ["round-trip"], launches: 3, percentiles: [50] });
    expect(recordsOf(resultOf({ plan, outcomes }))[0]).toMatchObject({
      launches: "3",
      launches_complete: "3",
      launch_interval: "range",
      launch_mean_median_ns: "2499.5",
      launch_mean_low_ns: "1499.5",
      launch_mean_high_ns: "3499.5",
      launch_p50_median_ns: "2499",
      launch_messages_median_per_second: "100000",
    });
  });

  test("holds the verdict: reasons in words, warnings by their names", () => {
    const measurement = measurementOf({ latency: evenly(1, 50), sameCpuMessages: 2500 });
    const plan = planOf({ tests: ["round-trip"] });
    const row = recordsOf(resultOf({ plan, outcomes: [outcomeOf({ measurements: [measurement] })] }))[0]!;
    expect(row.verdict).toBe("invalid");
    expect(row.verdict_reasons).toBe("50 latency samples were measured, at least 100 are needed");
    expect(row.warnings!.split(" ")).toContain("placement-bimodal");
  });
});
