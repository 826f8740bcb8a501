/** -c: several clients at once. `IPC_BENCHMARK_LONG_TESTS=1` sends as many messages as an afternoon allows. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import type { TestDetails } from "../../src/result/schema-details.ts";
import { expectOneLine, expectSuccess, inSandbox, TEST_TIMEOUT_MS } from "./expectations.ts";
import { allTests, type Sandbox, until } from "./harness.ts";
import { LedgerPeek } from "./ledger-peek.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

const MODES = { async: [], blocking: ["--blocking"] } as const;
const modes = Object.keys(MODES) as (keyof typeof MODES)[];

const MESSAGES = process.env.IPC_BENCHMARK_LONG_TESTS === "1" ? 40_002 : 2_002;
const SHARES = [1, 1, 0, 0].map((rest) => Math.floor(MESSAGES / 4) + rest);

interface Row {
  readonly mechanism: string;
  readonly test: string;
  readonly worker: number;
  readonly id: number;
  readonly latencyNs: number;
}

function readRows(path: string): Row[] {
  const records = parse(readFileSync(path), { columns: true }) as Record<string, string>[];
  return records.map(({ mechanism, test: name, worker, message_id, ...values }) => ({
    mechanism: mechanism!,
    test: name!,
    worker: Number(worker),
    id: Number(message_id),
    latencyNs: Number(values.one_way_latency_ns || values.round_trip_latency_ns),
  }));
}

/** The merged figures are those of all rows: sums exactly, percentiles to the width of a bucket. */
function expectMerged({ latency, workers }: TestDetails, figures: Figures, rows: readonly Row[]): void {
  const values = rows.map(({ latencyNs }) => latencyNs).sort((a, b) => a - b);
  expect(Number(latency?.sum_ns)).toBe(values.reduce((total, value) => total + value, 0));
  expect(Number(figures.min_ns)).toBe(values[0]!);
  expect(Number(figures.max_ns)).toBe(values.at(-1)!);
  for (const { percentile, value_ns } of figures.percentiles) {
    const exact = values[Math.ceil((percentile / 100) * values.length) - 1]!;
    expect(Number(value_ns)).toBeWithin(exact, exact * 1.001 + 1);
  }
  for (const { worker, counts, latency: own } of workers) {
    const ids = rows.filter((row) => row.worker === worker).map(({ id }) => id);
    expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: counts.sent }, (_, id) => id));
    expect(Number(own?.distribution.count)).toBe(counts.sent);
  }
}

type Figures = {
  readonly min_ns: unknown;
  readonly max_ns: unknown;
  readonly percentiles: readonly { readonly percentile: number; readonly value_ns: unknown }[];
};

const ENDLESS = ["-c", "4", "-d", "1h", "--one-way", "-o", "result.json"] as const;

/** Pids of all four clients, once messages are measured. */
async function measuringClients(sandbox: Sandbox): Promise<number[]> {
  const clients = () => sandbox.processes().filter(({ arguments: words }) => words.includes("--client"));
  const pids = (await until("four clients run", () => clients().length === 4 && clients())).map(({ pid }) => pid);
  using peek = await until("the ledger can be looked into", () => {
    try {
      return new LedgerPeek(pids[0]!);
    } catch {
      return null;
    }
  });
  await until("messages are measured", () => peek.progress().sent > 100);
  return pids;
}

describe.each(modes)("in %s mode", (mode) => {
  const flags = MODES[mode];

  test("four clients share the messages, and their latencies are merged", () =>
    inSandbox(async (sandbox) => {
      const args = ["-m", "all", "-c", "4", "-i", `${MESSAGES}`, "-w", "20", ...flags];
      const ended = await sandbox.measure([...args, "--streaming-output-csv", "rows.csv"]);
      expectSuccess(ended);
      const rows = readRows(sandbox.path("rows.csv"));
      expect(rows).toHaveLength(8 * MESSAGES);
      for (const { mechanism, test_config, details, ...results } of ended.result.results) {
        expect(test_config.concurrency).toBe(4);
        for (const entry of details.tests) {
          expect(entry.workers.map(({ worker }) => worker)).toEqual([0, 1, 2, 3]);
          expect(entry.workers.map(({ counts }) => counts.received)).toEqual(SHARES);
          expect(new Set(entry.workers.map(({ client }) => client?.pid)).size).toBe(4);
          expect(new Set(entry.workers.map(({ server }) => server?.pid)).size).toBe(1);
          const own = rows.filter((row) => row.mechanism === mechanism && row.test === entry.test);
          const metrics = entry.test === "one-way" ? results.one_way_results : results.round_trip_results;
          expectMerged(entry, metrics!.latency!, own);
        }
      }
    }));

  test("a rate is that of all clients together, in one window", () =>
    inSandbox(async (sandbox) => {
      const args = ["-m", "uds", "shm", "-c", "2", "-d", "400ms", "--rate", "1000", ...flags];
      const ended = await sandbox.measure(args);
      expectSuccess(ended);
      for (const { counts, window_ns, workers, schedule } of allTests(ended.result)) {
        expect(schedule?.requested_rate_per_second).toBe(1000);
        expect(counts.sent).toBeWithin(300, 420);
        expect(Number(window_ns)).toBeLessThan(2_400e6);
        for (const worker of workers) {
          expect(worker.counts.sent).toBeWithin(150, 210);
          expect(Number(worker.window_ns)).toBeLessThanOrEqual(Number(window_ns));
        }
      }
    }));

  test("constant arrivals of three clients are as far apart as those of one", () =>
    inSandbox(async (sandbox) => {
      const args = ["-m", "uds", "-c", "3", "-i", "600", "--rate", "3000", "--one-way", ...flags];
      expectSuccess(await sandbox.measure([...args, "--streaming-output-csv", "rows.csv"]));
      const rows = parse(readFileSync(sandbox.path("rows.csv")), { columns: true }) as Record<string, string>[];
      const due = rows.map(({ scheduled_ns }) => BigInt(scheduled_ns!)).sort((a, b) => (a < b ? -1 : 1));
      const gapsNs = due.slice(1).map((ns, i) => Number(ns - due[i]!));
      expect(gapsNs).toHaveLength(599);
      // Each client has its own reading of the distance between the clocks.
      for (const gapNs of gapsNs) expect(gapNs).toBeWithin(333_333 - 20_000, 333_334 + 20_000);
    }));

  test.each(mode === "async" ? ["shm", "tcp"] : ["uds", "pmq"])(
    "one of four clients that is killed ends the run over %s",
    (mechanism) =>
      inSandbox(async (sandbox) => {
        const run = sandbox.start([...ENDLESS, "-m", mechanism, ...flags]);
        process.kill((await measuringClients(sandbox))[1]!, "SIGKILL");
        const ended = await run.ended;
        expect(ended.exitCode).toBe(1);
        expect(expectOneLine(ended)).toMatch(/client [0-3] was killed by SIGKILL$/);
        const result = sandbox.readResult();
        expect(result.metadata.complete).toBe(false);
        expect(allTests(result)[0]).toMatchObject({ complete: false, workers: { length: 4 } });
        expect(allTests(result)[0]?.counts.received).toBeGreaterThan(0);
      }),
  );

  test("SIGINT ends four clients and keeps what was measured", () =>
    inSandbox(async (sandbox) => {
      const run = sandbox.start([...ENDLESS, "-m", "uds", ...flags]);
      await measuringClients(sandbox);
      const start = performance.now();
      run.signal("SIGINT");
      const ended = await run.ended;
      expect(performance.now() - start).toBeLessThan(20_000);
      expect(ended.exitCode).toBe(130);
      expect(allTests(sandbox.readResult())[0]?.counts.received).toBeGreaterThan(0);
    }));
});

test("more queues than the limits allow are refused beforehand, and the limit is named", () =>
  inSandbox(async (sandbox) => {
    const ended = await sandbox.run(["-m", "pmq", "-c", "1000"]);
    expect(ended.exitCode).toBe(2);
    expect(expectOneLine(ended)).toMatch(/RLIMIT_MSGQUEUE|fs\.mqueue\.queues_max/);
    expect(ended.stderr).toContain("smaller -c");
  }));
