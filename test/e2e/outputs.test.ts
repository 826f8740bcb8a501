/** Files of a run beside `-o FILE`: tables, histograms, directories; as other programs read them. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { HistogramLogReader } from "hdr-histogram-js";
import { expectOneLine, expectSuccess, inSandbox, TEST_TIMEOUT_MS } from "./expectations.ts";
import { allTests, type Sandbox, until, validResult } from "./harness.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

const SHORT = ["-i", "300", "-w", "10", "-q"];
const CELLS = ["pmq", "shm", "tcp", "uds"].flatMap((mechanism) =>
  ["1024", "64"].flatMap((size) => ["one-way", "round-trip"].map((kind) => `${mechanism}_${size}_${kind}`)),
);

function text(sandbox: Sandbox, name: string): string {
  return readFileSync(sandbox.path(name), "utf8");
}

/** Strict: every row has as many fields as the header, quotes are where they may be. */
function csvRecords(sandbox: Sandbox, name: string): Record<string, string>[] {
  return parse(text(sandbox, name), { columns: true });
}

/** What jq prints; JSON.parse stands in where there is no jq. */
function jq(sandbox: Sandbox, filter: string, name: string): string {
  if (Bun.which("jq") === null) {
    JSON.parse(text(sandbox, name));
    return "";
  }
  const run = Bun.spawnSync(["jq", "-c", filter, sandbox.path(name)]);
  expect(run.stderr.toString()).toBe("");
  expect(run.exitCode).toBe(0);
  return run.stdout.toString();
}

/** Samples in each interval of a log, and in the last line of a percentile table. */
function intervalCounts(sandbox: Sandbox, name: string): number[] {
  const reader = new HistogramLogReader(text(sandbox, name), 64);
  const counts: number[] = [];
  for (let next = reader.nextIntervalHistogram(); next !== null; next = reader.nextIntervalHistogram())
    counts.push(next.totalCount);
  return counts;
}

describe.each([["async"], ["blocking"]])("every output of -m all in %s mode", (mode) => {
  test("is read by jq, by a CSV library and by a histogram reader, and they agree", () =>
    inSandbox(async (sandbox) => {
      const flags = ["-m", "all", "-s", "64", "1024", ...SHORT, ...(mode === "blocking" ? ["--blocking"] : [])];
      const files = ["--csv", "r.csv", "--markdown", "r.md", "--hlog", "h", "--hgrm", "h"];
      const ended = await sandbox.measure([...flags, ...files]);
      expectSuccess(ended);
      expect(readdirSync(sandbox.directory).sort()).toEqual(["h", "r.csv", "r.md", "result.json"]);

      const rows = csvRecords(sandbox, "r.csv");
      const keyed = new Map(rows.map((row) => [`${row.mechanism} ${row.message_size_bytes} ${row.test}`, row]));
      expect(keyed.size).toBe(CELLS.length);
      for (const { mechanism, test_config, details } of ended.result.results) {
        for (const { test: kind, counts, latency } of details.tests) {
          const row = keyed.get(`${mechanism} ${test_config.message_size} ${kind}`)!;
          expect(row.mode).toBe(mode);
          expect(Number(row.messages)).toBe(counts.received);
          expect(Number(row.samples)).toBe(Number(latency!.count));
        }
      }
      if (Bun.which("jq") !== null)
        expect(jq(sandbox, "[.results[].details.tests[].counts.received] | add", "result.json")).toBe(
          `${300 * CELLS.length}\n`,
        );

      expect(readdirSync(sandbox.path("h")).sort()).toEqual(
        CELLS.flatMap((cell) => [`${cell}.hgrm`, `${cell}.hlog`]).sort(),
      );
      for (const cell of CELLS) {
        expect(intervalCounts(sandbox, `h/${cell}.hlog`)).toEqual([300]);
        expect(text(sandbox, `h/${cell}.hgrm`)).toMatch(/Total count += {10}300\]\n/);
      }

      const table = text(sandbox, "r.md")
        .split("\n")
        .filter((line) => line.startsWith("|"));
      expect(table).toHaveLength(2 + CELLS.length);
      expect(new Set(table.map((line) => line.split("|").length)).size).toBe(1);
    }));
});

describe("-o DIR/", () => {
  test("writes a valid document for each mechanism and size", () =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.run(["-m", "uds", "shm", "-s", "64", "1024", ...SHORT, "-o", "out/"]);
      expect(ended).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
      const names = ["shm_1024", "shm_64", "uds_1024", "uds_64"].map((cell) => `${cell}_summary.json`);
      expect(readdirSync(sandbox.path("out")).sort()).toEqual(names);
      for (const name of names) {
        const document = validResult(text(sandbox, join("out", name)));
        jq(sandbox, ".", join("out", name));
        expect(document.metadata).toMatchObject({ total_tests: 1, complete: true });
        expect(allTests(document)).toHaveLength(2);
        expect(name).toContain(`_${document.results[0]!.test_config.message_size}_`);
      }
    }));

  test("takes streams without a name too: a file for each mechanism and size, with its rows only", () =>
    inSandbox(async (sandbox) => {
      const cells = ["shm_1024", "shm_64", "uds_1024", "uds_64"];
      const streams = ["--streaming-output-json", "--streaming-output-csv"];
      const args = ["-m", "uds", "shm", "-s", "64", "1024", ...SHORT, "-o", "out/", ...streams];
      expect(await sandbox.run(args)).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
      expect(readdirSync(sandbox.directory)).toEqual(["out"]);
      expect(readdirSync(sandbox.path("out")).sort()).toEqual(
        cells.flatMap((cell) => ["streaming.csv", "streaming.json", "summary.json"].map((x) => `${cell}_${x}`)),
      );
      for (const cell of cells) {
        const document = validResult(text(sandbox, `out/${cell}_summary.json`));
        const { mechanism, test_config } = document.results[0]!;
        const rows = csvRecords(sandbox, `out/${cell}_streaming.csv`);
        expect(rows).toHaveLength(600);
        for (const row of rows) {
          expect(row).toMatchObject({ mechanism, message_size: String(test_config.message_size) });
        }
        const { data } = JSON.parse(text(sandbox, `out/${cell}_streaming.json`)) as { data: unknown[][] };
        expect(data.map((row) => [row[1], row[6]])).toEqual(rows.map((row) => [Number(row.message_id), row.test!]));
      }
    }));

  test("leaves a stream with a name where it is told to go, and names all files in the summary", () =>
    inSandbox(async (sandbox) => {
      const streams = ["--streaming-output-json", "--streaming-output-csv", "rows.csv"];
      const args = ["-m", "uds", "shm", "-i", "200", "-o", "out/", ...streams];
      const { stdout } = await sandbox.run(args);
      expect(readdirSync(sandbox.directory).sort()).toEqual(["out", "rows.csv"]);
      expect(csvRecords(sandbox, "rows.csv")).toHaveLength(2 * 2 * 200);
      expect(stdout).toMatch(/^ {2}Final JSON +out\/ \(2 files\)$/m);
      expect(stdout).toMatch(/^ {2}Streaming JSON +out\/\*_streaming\.json \(2 files\)$/m);
      expect(stdout).toMatch(/^ {2}Streaming CSV +rows\.csv$/m);
    }));

  test.each([
    ["--streaming-output-csv", "missing/rows.csv"],
    ["--events", "missing/events"],
    ["--log-file", "missing/log"],
  ])("is not left behind if %s %s is refused", (flag, path) =>
    inSandbox(async (sandbox) => {
      const args = ["-d", "1h", "-o", "out/", "--hlog", "h", "--streaming-output-json", flag, path];
      if (flag !== "--log-file") args.push("--log-file", "run.log");
      const ended = await sandbox.run(args);
      expect(ended.exitCode).toBe(2);
      expect(expectOneLine(ended)).toContain("missing");
      expect(readdirSync(sandbox.directory)).toEqual([]);
    }),
  );

  test("streams of a matrix tell by the cell which of its plans a row is from", () =>
    inSandbox(async (sandbox) => {
      await Bun.write(sandbox.path("run.toml"), "blocking = [true, false]\n");
      const args = ["--config", "run.toml", "-i", "50", "-q", "-o", "out/", "--streaming-output-csv"];
      expect((await sandbox.run(args)).exitCode).toBe(0);
      const cells = csvRecords(sandbox, "out/uds_1024_streaming.csv").map(({ cell }) => cell);
      expect(cells).toEqual(["1", "2", "3", "4"].flatMap((cell) => Array<string>(50).fill(cell)));
    }));

  test("takes a directory that is there, without a slash", () =>
    inSandbox(async (sandbox) => {
      mkdirSync(sandbox.path("out"));
      expect((await sandbox.run([...SHORT, "-o", "out"])).exitCode).toBe(0);
      expect(readdirSync(sandbox.path("out"))).toEqual(["uds_1024_summary.json"]);
    }));

  test("makes one directory, not those above it", () =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.run(["-d", "1h", "-o", "a/b/"]);
      expect(ended.exitCode).toBe(2);
      expect(expectOneLine(ended)).toContain("a/b/ can't be written: no such file or directory");
      expect(readdirSync(sandbox.directory)).toEqual([]);
    }));
});

describe("before the first message", () => {
  const refused = [
    ["--csv", "missing/r.csv"],
    ["--markdown", "missing/r.md"],
    ["--hlog", "missing/h"],
    ["--hgrm", "/proc/h"],
  ] as const;
  test.each(refused)("%s %s is refused", (flag, path) =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.run(["-d", "1h", "-o", "out/", flag, path]);
      expect(ended.exitCode).toBe(2);
      expect(expectOneLine(ended)).toContain(`${path} can't be written`);
      expect(expectOneLine(ended)).toContain(flag);
      expect(ended.stdout).toBe("");
      expect(readdirSync(sandbox.directory)).toEqual([]);
    }),
  );

  test("two outputs to one file are refused, however it is said", () =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.run(["-d", "1h", "--csv", "same", "--markdown", "./same"]);
      expect(ended.exitCode).toBe(2);
      expect(expectOneLine(ended)).toContain("--csv and --markdown would both write ./same");
    }));
});

describe("a run that is killed between cells", () => {
  test("by SIGKILL leaves what was measured, whole, and nothing temporary", () =>
    inSandbox(async (sandbox) => {
      const files = ["-o", "r.json", "--csv", "r.csv", "--markdown", "r.md", "--hlog", "h", "--hgrm", "h"];
      const run = sandbox.start(["-m", "uds", "tcp", "--one-way", "-d", "700ms", "-w", "0", "-q", ...files]);
      await until("the first cell is written", () => existsSync(sandbox.path("r.md")));
      // The next cell has begun by then: its roles are there, and nobody writes.
      await run.bothRoles();
      run.signal("SIGKILL");
      expect((await run.ended).signal).toBe("SIGKILL");

      expect(readdirSync(sandbox.directory).sort()).toEqual(["h", "r.csv", "r.json", "r.md"]);
      expect(sandbox.readResult("r.json").metadata).toMatchObject({
        complete: false,
        mechanisms_not_run: ["TcpSocket"],
      });
      expect(csvRecords(sandbox, "r.csv").map(({ mechanism }) => mechanism)).toEqual(["UnixDomainSocket"]);
      expect(readdirSync(sandbox.path("h")).sort()).toEqual(["uds_1024_one-way.hgrm", "uds_1024_one-way.hlog"]);
      expect(intervalCounts(sandbox, "h/uds_1024_one-way.hlog")).toHaveLength(1);
    }));

  test("by SIGINT in the middle of one keeps those before, and is marked as incomplete", () =>
    inSandbox(async (sandbox) => {
      const run = sandbox.start([
        "-m",
        "uds",
        "tcp",
        "--one-way",
        "-d",
        "1s",
        "-w",
        "0",
        "-o",
        "out/",
        "--csv",
        "r.csv",
      ]);
      await until("the first cell is written", () => existsSync(sandbox.path("r.csv")));
      run.signal("SIGINT");
      const ended = await run.ended;
      expect(ended.exitCode).toBe(130);
      expect(csvRecords(sandbox, "r.csv")[0]).toMatchObject({
        mechanism: "UnixDomainSocket",
        complete: "true",
      });
      validResult(text(sandbox, "out/uds_1024_summary.json"));
    }));
});

describe("launches and schedules", () => {
  test("have an interval for each launch, service time and lateness under tags, and medians in the table", () =>
    inSandbox(async (sandbox) => {
      const schedule = ["--rate", "2000", "-i", "400", "-w", "10", "--one-way", "--launches", "3"];
      const ended = await sandbox.run([...schedule, "--hlog", "h", "--hgrm", "h", "--csv", "r.csv"]);
      expect(ended).toMatchObject({ exitCode: 0, stderr: "" });
      expect(readdirSync(sandbox.path("h")).sort()).toEqual([
        "uds_1024_one-way.hgrm",
        "uds_1024_one-way.hlog",
        "uds_1024_one-way_lateness.hgrm",
        "uds_1024_one-way_service.hgrm",
      ]);
      const log = text(sandbox, "h/uds_1024_one-way.hlog");
      expect(log.match(/^\d/gm)).toHaveLength(3);
      expect(log.match(/^Tag=service,/gm)).toHaveLength(3);
      expect(log.match(/^Tag=lateness,/gm)).toHaveLength(3);
      expect(csvRecords(sandbox, "r.csv")[0]).toMatchObject({
        launches: "3",
        launch_interval: "range",
        rate_asked_per_second: "2000",
      });
      expect(ended.stdout).toMatch(/^. uds +1200 +\S+ us \[\S+-\S+\] /m);
      expect(ended.stdout).toMatch(/^ {4}service +1200 /m);
      expect(ended.stdout).toMatch(/^ {4}lateness +1200 /m);
    }));
});
