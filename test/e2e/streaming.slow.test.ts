import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import type { BenchmarkResult } from "../../src/result/schema.ts";
import { expectOneLine, expectSuccess, inSandbox, TEST_TIMEOUT_MS } from "./expectations.ts";
import { allTests, type Sandbox, until } from "./harness.ts";
import { isRoot } from "./system-state.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

const BOTH = ["--streaming-output-json", "s.json", "--streaming-output-csv", "s.csv"];
const REFERENCE = [
  "timestamp_ns",
  "message_id",
  "mechanism",
  "message_size",
  "one_way_latency_ns",
  "round_trip_latency_ns",
];

type Details = BenchmarkResult["results"][number]["details"];

interface Row {
  readonly timestampNs: bigint;
  readonly id: number;
  readonly mechanism: string;
  readonly size: number;
  readonly oneWayNs: number | null;
  readonly roundTripNs: number | null;
  readonly test: string;
  readonly others: readonly string[];
}

/** Strict: the header's number of fields in every row, LF after each, nothing quoted. */
function readCsv(text: string): { header: string[]; rows: string[][] } {
  expect(text).toEndWith("\n");
  expect(text).not.toMatch(/["\r]/);
  const [header, ...rows] = text
    .slice(0, -1)
    .split("\n")
    .map((line) => line.split(","));
  for (const row of rows) if (row.length !== header!.length) throw new Error(`a row of ${row.length} fields: ${row}`);
  return { header: header!, rows };
}

/** Rows as they stand, numbers as text: they exceed 2^53. */
function readJson(text: string): { header: string[]; rows: string[][] } {
  const document = JSON.parse(text) as { headings: string[]; data: unknown[][] };
  const lines = text.split("\n").filter((line) => line.startsWith("    ["));
  expect(lines).toHaveLength(document.data.length);
  const rows = lines.map((line) =>
    line
      .replace(/^ {4}\[(.*)\],?$/, "$1")
      .split(",")
      .map((field) => (field === "null" ? "" : field.replaceAll('"', ""))),
  );
  return { header: document.headings, rows };
}

/** Both files, which must agree record by record. */
function readBoth(sandbox: Sandbox, json = "s.json", csv = "s.csv"): { header: string[]; rows: Row[] } {
  const fromJson = readJson(readFileSync(sandbox.path(json), "utf8"));
  const fromCsv = readCsv(readFileSync(sandbox.path(csv), "utf8"));
  expect(fromJson.header).toEqual(fromCsv.header);
  expect(fromJson.header.slice(0, 8)).toEqual([...REFERENCE, "test", "worker"]);
  const [a, b] = [fromJson.rows.map(String), fromCsv.rows.map(String)];
  expect(a.length).toBe(b.length);
  expect(a.findIndex((row, i) => row !== b[i])).toBe(-1);
  const figure = (text: string) => (text === "" ? null : Number(text));
  const rows = fromCsv.rows.map(([timestamp, id, mechanism, size, oneWay, roundTrip, test, worker, ...others]) => {
    expect(worker).toBe("0");
    return {
      timestampNs: BigInt(timestamp!),
      id: Number(id),
      mechanism: mechanism!,
      size: Number(size),
      oneWayNs: figure(oneWay!),
      roundTripNs: figure(roundTrip!),
      test: test!,
      others,
    };
  });
  return { header: fromCsv.header, rows };
}

/** Every id from 0 on, once. */
function expectAllIds(rows: readonly Row[], count: number): void {
  expect(rows).toHaveLength(count);
  const ids = rows.map(({ id }) => id).sort((a, b) => a - b);
  expect(ids.findIndex((id, i) => id !== i)).toBe(-1);
}

/** The fields that say how it was measured. */
function methodOf({ requested, mode, reply, wait, send_delay_ns }: Details) {
  return { requested, mode, reply, wait, send_delay_ns };
}

describe.each([[], ["--blocking"]])("both files %p", (...mode) => {
  test("have a row for each message of every mechanism and test, with the figures of the result", () =>
    inSandbox(async (sandbox) => {
      const startedNs = BigInt(Date.now()) * 1_000_000n;
      const ended = await sandbox.measure(["-m", "all", "-i", "3000", "-w", "50", ...BOTH, ...mode]);
      const endedNs = BigInt(Date.now() + 1) * 1_000_000n;
      expectSuccess(ended);
      const { header, rows } = readBoth(sandbox);
      expect(header).toHaveLength(8);
      for (const { mechanism, details, ...entry } of ended.result.results) {
        for (const { test: name, latency, stalls } of details.tests) {
          const own = rows.filter((row) => row.mechanism === mechanism && row.test === name);
          expectAllIds(own, 3000);
          const isOneWay = name === "one-way";
          const values = own.map((row) => (isOneWay ? row.oneWayNs : row.roundTripNs)!);
          expect(own.every((row) => (isOneWay ? row.roundTripNs : row.oneWayNs) === null)).toBe(true);
          expect(own.every((row) => row.size === 1024)).toBe(true);
          expect(own.every(({ timestampNs }) => timestampNs >= startedNs && timestampNs <= endedNs)).toBe(true);
          const metrics = isOneWay ? entry.one_way_results : entry.round_trip_results;
          expect(Math.min(...values)).toBe(Number(metrics?.latency?.min_ns));
          expect(Math.max(...values)).toBe(Number(metrics?.latency?.max_ns));
          expect(values.reduce((sum, value) => sum + value, 0)).toBe(Number(latency?.sum_ns));
          expect(stalls).toEqual({ count: 0, total_ns: 0 });
        }
      }
      expect(rows).toHaveLength(8 * 3000);
    }));

  test("have the scheduled time with --rate, and the launch with several", () =>
    inSandbox(async (sandbox) => {
      const args = ["-m", "uds", "shm", "-i", "500", "-w", "5", "--rate", "5000", "--launches", "2", ...BOTH, ...mode];
      const ended = await sandbox.measure(args);
      expectSuccess(ended);
      const { header, rows } = readBoth(sandbox);
      expect(header.slice(8)).toEqual(["launch", "scheduled_ns"]);
      expect(rows).toHaveLength(2 * 2 * 2 * 500);
      for (const launch of ["1", "2"]) {
        const own = rows.filter(({ mechanism, test, others }) => {
          return mechanism === "SharedMemory" && test === "round-trip" && others[0] === launch;
        });
        expectAllIds(own, 500);
        const ordered = own.toSorted((a, b) => a.id - b.id);
        const scheduled = ordered.map(({ others }) => BigInt(others[1]!));
        // 200 us from one to the next, rounded; never sent before.
        expect(scheduled.every((ns, i) => i === 0 || ns - scheduled[i - 1]! === 200_000n)).toBe(true);
        expect(ordered.every(({ timestampNs }, i) => timestampNs >= scheduled[i]!)).toBe(true);
      }
    }));

  test("are live", () =>
    inSandbox(async (sandbox) => {
      const run = sandbox.start(["-d", "2s", "--round-trip", ...BOTH, ...mode]);
      await until("a hundred rows are there", () => {
        const { directory } = sandbox;
        if (!readdirSync(directory).includes("s.csv")) return false;
        return readFileSync(sandbox.path("s.csv"), "utf8").split("\n").length > 100;
      });
      const csv = readFileSync(sandbox.path("s.csv"), "utf8");
      const lastNs = BigInt(csv.slice(0, csv.lastIndexOf("\n")).split("\n").at(-1)!.split(",")[0]!);
      expect(run.hasEnded).toBe(false);
      expect(BigInt(Date.now()) * 1_000_000n - lastNs).toBeLessThan(1_000_000_000n);
      await run.ended;
    }));

  test("do not change what is measured", () =>
    inSandbox(async (sandbox) => {
      const args = ["-i", "300", "-w", "10", ...mode];
      const off = (await sandbox.measure(args)).result.results[0]!;
      const on = (await sandbox.measure([...args, ...BOTH])).result.results[0]!;
      expect(methodOf(on.details)).toEqual(methodOf(off.details));
      expect(on.details.tests.map(({ test, counts }) => [test, counts])).toEqual(
        off.details.tests.map(({ test, counts }) => [test, counts]),
      );
      expect(on.one_way_results?.latency?.latency_type).toBe("OneWay");
      expect(on.test_config).toEqual({ ...off.test_config });
      expect(off.details.tests.map(({ stalls }) => stalls)).toEqual([null, null]);

      // Nor does it matter which tests there are: the reference measures one way otherwise if both are on.
      const alone = (await sandbox.measure([...args, ...BOTH, "--one-way"])).result.results[0]!;
      expect(methodOf(alone.details)).toEqual(methodOf(off.details));
      expect(alone.one_way_results?.latency?.latency_type).toBe("OneWay");
      expect(alone.details.tests[0]?.counts).toEqual(off.details.tests[0]!.counts);
      const { rows } = readBoth(sandbox);
      expectAllIds(rows, 300);
      expect(rows.every(({ oneWayNs, roundTripNs }) => oneWayNs !== null && roundTripNs === null)).toBe(true);
    }));

  test("are complete after SIGINT", () =>
    inSandbox(async (sandbox) => {
      const run = sandbox.start(["-d", "1h", "-o", "result.json", ...BOTH, ...mode]);
      await until("rows are there", () => {
        return readdirSync(sandbox.directory).includes("s.csv") && statSync(sandbox.path("s.csv")).size > 20_000;
      });
      await Bun.sleep(200);
      run.signal("SIGINT");
      const ended = await run.ended;
      expect(ended.exitCode).toBe(130);
      expect(expectOneLine(ended)).toContain("SIGINT");
      const result = sandbox.readResult();
      expect(result.results[0]?.details.complete).toBe(false);
      expectAllIds(readBoth(sandbox).rows, allTests(result)[0]!.counts.received);
    }));

  test("are complete after a role was killed", () =>
    inSandbox(async (sandbox) => {
      const run = sandbox.start(["-d", "1h", "--round-trip", "-o", "result.json", ...BOTH, ...mode]);
      const { server } = await run.bothRoles();
      await until("rows are there", () => {
        return readdirSync(sandbox.directory).includes("s.csv") && statSync(sandbox.path("s.csv")).size > 20_000;
      });
      process.kill(server, "SIGKILL");
      const ended = await run.ended;
      expect(ended.exitCode).toBe(1);
      expect(expectOneLine(ended)).toContain("killed by SIGKILL");
      const result = sandbox.readResult();
      expect(result.metadata.complete).toBe(false);
      expectAllIds(readBoth(sandbox).rows, allTests(result)[0]!.counts.received);
    }));

  test("are readable line by line after everything was killed", () =>
    inSandbox(async (sandbox) => {
      const run = sandbox.start(["-d", "1h", "--round-trip", ...BOTH, ...mode]);
      const { server, client } = await run.bothRoles();
      await until("rows are there", () => {
        return readdirSync(sandbox.directory).includes("s.csv") && statSync(sandbox.path("s.csv")).size > 200_000;
      });
      const killedNs = BigInt(Date.now()) * 1_000_000n;
      for (const pid of [run.pid, server, client]) process.kill(pid, "SIGKILL");
      await run.ended;
      const lines = readFileSync(sandbox.path("s.json"), "utf8").split("\n");
      const rows = lines.flatMap((line) => /^ {4}\[(\d+),(\d+),.*\],?$/.exec(line)?.slice(1, 3) ?? []);
      expect(rows.length / 2).toBeGreaterThanOrEqual(lines.length - 4);
      expect(killedNs - BigInt(rows.at(-2)!)).toBeLessThan(1_000_000_000n);
    }));
});

describe.skipIf(!isRoot)("a full disk", () => {
  const through = (sandbox: Sandbox) => {
    mkdirSync(sandbox.path("full"));
    // In a mount namespace of its own, with what is to be looked at copied out.
    const script = 'mount -t tmpfs -o size=1m none full && "$@"; code=$?; cp -r full kept; exit $code';
    return ["unshare", "-m", "sh", "-c", script, "sh"];
  };

  test.each([[[]], [["--blocking"]], [["--rate", "20000"]], [["--rate", "20000", "--blocking"]]])(
    "ends the run with one line, and leaves valid files %p",
    (flags) =>
      inSandbox(async (sandbox) => {
        const files = ["--streaming-output-json", "full/s.json", "--streaming-output-csv", "full/s.csv"];
        const args = ["-d", "1h", "-m", "uds", ...files, "-o", "result.json", ...flags];
        const ended = await sandbox.run(args, { through: through(sandbox) });
        expect(ended.exitCode).toBe(1);
        expect(expectOneLine(ended)).toMatch(/full\/s\.(json|csv) can't be written: no space left on device/);
        expect(ended.wallMs).toBeLessThan(20_000);
        expect(sandbox.readResult().metadata.complete).toBe(false);
        const json = readJson(readFileSync(sandbox.path("kept/s.json"), "utf8"));
        const csv = readCsv(readFileSync(sandbox.path("kept/s.csv"), "utf8"));
        expect(Math.min(json.rows.length, csv.rows.length)).toBeGreaterThan(1000);
        const both = Math.min(json.rows.length, csv.rows.length);
        expect(json.rows.slice(0, both).map(String)).toEqual(csv.rows.slice(0, both).map(String));
      }),
  );
});

describe("a slow reader", () => {
  test("makes the recording side wait; that is counted and warned about, and nothing is dropped", () =>
    inSandbox(async (sandbox) => {
      const count = 400_000;
      const args = ["-m", "shm", "-s", "8", "--blocking", "--one-way", "-i", String(count)];
      // Some 20 MB a second, which is far less than the messages make.
      const reader = `for await (const chunk of Bun.stdin.stream()) { await Bun.write(Bun.stdout, chunk); await Bun.sleep(3); }`;
      const script = `set -o pipefail; "$@" | '${process.execPath}' -e '${reader}' > s.csv`;
      const run = await sandbox.run([...args, "--streaming-output-csv", "-", "-o", "result.json", "--events", "e"], {
        through: ["bash", "-c", script, "bash"],
      });
      expect(run.exitCode).toBe(0);
      const [details] = allTests(sandbox.readResult());
      expect(details?.counts).toMatchObject({ sent: count, received: count });
      expect(details?.stalls?.count).toBeGreaterThan(0);
      expect(details?.stalls?.total_ns).toBeGreaterThan(0);
      expect(details?.verdict.warnings.map(({ id }) => id)).toContain("stream-stalls");
      const events = readFileSync(sandbox.path("e"), "utf8").trimEnd().split("\n");
      const warning = events.map((line) => JSON.parse(line)).find(({ type }) => type === "warning");
      expect(warning).toMatchObject({
        id: "stream-stalls",
        cell: 1,
        figures: { count: details!.stalls!.count },
      });
      const { rows } = readCsv(readFileSync(sandbox.path("s.csv"), "utf8"));
      expect(rows).toHaveLength(count);
      expect(rows.findIndex(([, id], i) => Number(id) !== i)).toBe(-1);
    }));
});

describe("places", () => {
  test("without a name the reference's", () =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.run(["-i", "100", "--streaming-output-json", "--streaming-output-csv", "-q"]);
      expect(ended).toMatchObject({ exitCode: 0, stdout: "", stderr: "", progress: [] });
      expect(readdirSync(sandbox.directory).sort()).toEqual([
        "benchmark_streaming_output.csv",
        "benchmark_streaming_output.json",
      ]);
      const { rows } = readBoth(sandbox, "benchmark_streaming_output.json", "benchmark_streaming_output.csv");
      expect(rows).toHaveLength(200);
    }));

  test.each(["-", "/dev/stdout"])("%s is standard output, and the summary goes to stderr", (path) =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.run(["-i", "100", "--streaming-output-json", path]);
      expect(ended.exitCode).toBe(0);
      expect(readJson(ended.stdout).rows).toHaveLength(200);
      expect(ended.stderr).toContain("round-trip");
      expect(readdirSync(sandbox.directory)).toEqual([]);
    }),
  );

  test("a reader of standard output that goes away ends the run with one line", () =>
    inSandbox(async (sandbox) => {
      const through = ["bash", "-c", '"$@" | head -n 3; exit $' + "{PIPESTATUS[0]}", "bash"];
      const ended = await sandbox.run(["-d", "1h", "-q", "--streaming-output-csv", "-"], { through });
      expect(ended.exitCode).toBe(1);
      expect(expectOneLine(ended)).toContain("standard output can't be written: broken pipe");
      expect(ended.stdout.trimEnd().split("\n")).toHaveLength(3);
    }));

  const conflicts = [
    ["--streaming-output-json", "-", "--streaming-output-csv", "-"],
    ["--streaming-output-json", "-", "-o", "/dev/stdout"],
    ["--events", "-", "--streaming-output-csv", "/proc/self/fd/1"],
    ["--streaming-output-json", "x", "--streaming-output-csv", "x"],
    ["--streaming-output-json", "x", "-o", "./x"],
    ["--streaming-output-json", "x", "--events", "missing/x"],
    ["--streaming-output-json", "missing/x"],
    ["--streaming-output-csv", "."],
  ];
  test.each(conflicts.map((flags) => [flags]))("%j is refused before anything starts", (flags) =>
    inSandbox(async (sandbox) => {
      writeFileSync(sandbox.path("kept"), "kept");
      const ended = await sandbox.run(["-d", "1h", ...flags]);
      expect(ended.exitCode).toBe(2);
      expectOneLine(ended);
      expect(ended.stdout).toBe("");
      expect(readdirSync(sandbox.directory)).toEqual(["kept"]);
    }),
  );
});
