import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { expectOneLine, inSandbox, TEST_TIMEOUT_MS } from "./expectations.ts";
import type { Sandbox } from "./harness.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

const SHORT = ["-i", "200", "-w", "10", "--round-trip"];
const LINE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) (ERROR|INFO|DEBUG|TRACE) (orchestrator|server|client): \S.*$/;

interface Line {
  readonly time: string;
  readonly level: string;
  readonly speaker: string;
}

/** Lines of a log; every one of them must be one. */
function linesOf(text: string): Line[] {
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      expect(line).toMatch(LINE);
      const [, time, level, speaker] = LINE.exec(line)!;
      return { time: time!, level: level!, speaker: speaker! };
    });
}

const setOf = (lines: readonly Line[], field: keyof Line) => [...new Set(lines.map((line) => line[field]))].toSorted();

/** The one log file there is, whose name must be that of today, or of yesterday if midnight has just passed. */
function logFile(sandbox: Sandbox, name: string): Line[] {
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const files = readdirSync(sandbox.directory).filter((file) => file.startsWith(`${name}.`));
  expect(files).toHaveLength(1);
  expect([day(Date.now()), day(Date.now() - 60_000)]).toContain(files[0]!.slice(name.length + 1));
  return linesOf(readFileSync(sandbox.path(files[0]!), "utf8"));
}

const logLines = (stderr: string) =>
  stderr
    .split("\n")
    .filter((line) => LINE.test(line))
    .join("\n");

describe("without -v and --log-file", () => {
  test("nothing is logged", () =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.run(SHORT);
      expect(ended.exitCode).toBe(0);
      expect(logLines(ended.stderr)).toBe("");
      expect(readdirSync(sandbox.directory)).toEqual([]);
    }));
});

describe("a log on stderr", () => {
  test("holds details of all processes with -v", () =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.run([...SHORT, "-v"]);
      const lines = linesOf(logLines(ended.stderr));
      expect(setOf(lines, "speaker")).toEqual(["client", "orchestrator", "server"]);
      expect(setOf(lines, "level")).toEqual(["DEBUG", "INFO"]);
      for (const part of [
        /INFO orchestrator: uds async, 1024 bytes, round-trip, launch 1 of 1: begins at \//,
        /DEBUG server: listens at .+ over uds/,
        /DEBUG server: is connected; buffers of \d+ bytes to send/,
        /DEBUG client: is connected; buffers of \d+ bytes to send/,
        /INFO orchestrator: uds async, .+: ended, 200 messages/,
      ]) {
        expect(ended.stderr).toMatch(part);
      }
      expect(readdirSync(sandbox.directory)).toEqual([]);
    }));

  test("holds everything with -vv, and only the main steps with --log-file stderr", () =>
    inSandbox(async (sandbox) => {
      const all = linesOf(logLines((await sandbox.run([...SHORT, "-vv"])).stderr));
      expect(setOf(all, "level")).toEqual(["DEBUG", "INFO", "TRACE"]);
      const main = linesOf(logLines((await sandbox.run([...SHORT, "--log-file", "stderr"])).stderr));
      expect(setOf(main, "level")).toEqual(["INFO"]);
      expect(setOf(main, "speaker")).toEqual(["orchestrator"]);
    }));

  test("is silenced by -q", () =>
    inSandbox(async (sandbox) => {
      expect(await sandbox.run([...SHORT, "-vv", "-q"])).toMatchObject({
        exitCode: 0,
        stdout: "",
        stderr: "",
      });
      const ended = await sandbox.run([...SHORT, "--log-file", "stderr", "-q"]);
      expect(ended).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
    }));
});

describe("a log file", () => {
  test("has the date in its name, and is named in the summary", () =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.run([...SHORT, "--log-file", "run.log"]);
      expect(setOf(logFile(sandbox, "run.log"), "level")).toEqual(["INFO"]);
      expect(logLines(ended.stderr)).toBe("");
      expect(ended.stdout).toMatch(/run\.log\.\d{4}-\d\d-\d\d/);
    }));

  test("is written with -q too, in blocking mode too, and goes on where the last run ended", () =>
    inSandbox(async (sandbox) => {
      const args = [...SHORT, "--blocking", "-m", "shm", "-vv", "-q", "--log-file", "run.log"];
      expect(await sandbox.run(args)).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
      const once = logFile(sandbox, "run.log");
      expect(setOf(once, "speaker")).toEqual(["client", "orchestrator", "server"]);
      await sandbox.run(args);
      expect(logFile(sandbox, "run.log").length).toBeGreaterThan(once.length);
    }));

  test("tells of a failure", () =>
    inSandbox(async (sandbox) => {
      const running = sandbox.start(["-d", "2s", "--log-file", "run.log", "-q"]);
      const { client } = await running.bothRoles();
      process.kill(client, "SIGKILL");
      expect((await running.ended).exitCode).toBe(1);
      const errors = logFile(sandbox, "run.log").filter(({ level }) => level === "ERROR");
      expect(errors.map(({ speaker }) => speaker)).toContain("orchestrator");
    }));

  test("that can't be written is refused before anything starts", () =>
    inSandbox(async (sandbox) => {
      mkdirSync(sandbox.path("run.log"));
      for (const path of ["no/such/run.log", `${"x".repeat(250)}`]) {
        const ended = await sandbox.run([...SHORT, "--log-file", path]);
        expect(ended.exitCode).toBe(2);
        expect(expectOneLine(ended)).toContain("--log-file");
      }
    }));
});

test("a log changes nothing in the result but its command line", () =>
  inSandbox(async (sandbox) => {
    const { result } = await sandbox.measure([...SHORT, "-vv", "--log-file", "run.log"]);
    expect(result.metadata.complete).toBe(true);
    expect(result.results[0]!.details.tests[0]!.counts).toMatchObject({ sent: 200, received: 200, lost: 0 });
  }));
