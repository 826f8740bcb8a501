import { describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expectOneLine, expectSuccess, inSandbox, TEST_TIMEOUT_MS } from "./expectations.ts";
import { program, until, validResult } from "./harness.ts";
import { isRoot } from "./system-state.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

const SHORT = ["-i", "200", "-w", "10"];

describe("-o", () => {
  test("writes nothing but its file, where it is told to", () =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.measure(SHORT);
      expectSuccess(ended);
      expect(readdirSync(sandbox.directory)).toEqual(["result.json"]);
      expect(ended.stdout).toContain("result.json");
    }));

  test("alone writes benchmark_results.json", () =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.run([...SHORT, "-o"]);
      expect(ended.exitCode).toBe(0);
      expect(readdirSync(sandbox.directory)).toEqual(["benchmark_results.json"]);
      sandbox.readResult("benchmark_results.json");
    }));

  test("replaces an older file", () =>
    inSandbox(async (sandbox) => {
      writeFileSync(sandbox.path("result.json"), "x".repeat(1_000_000));
      expectSuccess(await sandbox.measure(SHORT));
    }));

  test("writes through a symbolic link", () =>
    inSandbox(async (sandbox) => {
      mkdirSync(sandbox.path("elsewhere"));
      writeFileSync(sandbox.path("elsewhere/target.json"), "old");
      symlinkSync("elsewhere/target.json", sandbox.path("result.json"));
      expectSuccess(await sandbox.measure(SHORT));
      expect(lstatSync(sandbox.path("result.json")).isSymbolicLink()).toBe(true);
      sandbox.readResult("elsewhere/target.json");
      expect(readdirSync(sandbox.path("elsewhere"))).toEqual(["target.json"]);
    }));

  // Through cat: standard output is a pipe then, and not the socket that Bun makes.
  const through = ["bash", "-c", '"$@" | cat; exit $' + "{PIPESTATUS[0]}", "bash"];

  test.each(["/dev/stdout", "/proc/self/fd/1"])("%s is one valid document, in a pipe", (path) =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.run(["-m", "uds", "tcp", ...SHORT, "-q", "-o", path], { through });
      expect(ended).toMatchObject({ exitCode: 0, stderr: "" });
      expect(validResult(ended.stdout).results).toHaveLength(2);
      expect(readdirSync(sandbox.directory)).toEqual([]);
    }),
  );

  test("a named pipe gets one valid document; without a reader the run does not start", () =>
    inSandbox(async (sandbox) => {
      Bun.spawnSync(["mkfifo", sandbox.path("pipe")]);
      const alone = await sandbox.run(["-d", "1h", "-o", "pipe"]);
      expect(alone.exitCode).toBe(2);
      expect(expectOneLine(alone)).toContain("pipe can't be written");

      const reader = Bun.spawn(["cat", sandbox.path("pipe")], { stdout: "pipe" });
      // The reader may not have opened it yet.
      const run = async () => sandbox.run(["-m", "uds", "tcp", ...SHORT, "-o", "pipe"]);
      let ended = await run();
      for (let i = 0; i < 20 && ended.exitCode === 2; i++) ended = await run();
      expect(ended).toMatchObject({ exitCode: 0, stderr: "" });
      expect(validResult(await reader.stdout.text()).results).toHaveLength(2);
    }));

  test("/dev/null is left alone", () =>
    inSandbox(async (sandbox) => {
      expect((await sandbox.run([...SHORT, "-o", "/dev/null"])).exitCode).toBe(0);
      expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
    }));

  const unwritable = ["missing/result.json", "/proc/result.json", "/proc/", "a-file/result.json"];
  test.each(unwritable)("%s can't be written: said at once", (path) =>
    inSandbox(async (sandbox) => {
      writeFileSync(sandbox.path("a-file"), "");
      const ended = await sandbox.run(["-d", "1h", "-o", path]);
      expect(ended.exitCode).toBe(2);
      expect(expectOneLine(ended)).toContain(path);
      expect(ended.stdout).toBe("");
      expect(readdirSync(sandbox.directory)).toEqual(["a-file"]);
    }),
  );

  test.skipIf(!isRoot)("a directory that may not be written is said at once", () =>
    inSandbox(async (sandbox) => {
      chmodSync(sandbox.base, 0o755);
      const through = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
      const ended = await sandbox.run(["-d", "1h", "-o", "result.json"], { through });
      expect(ended.exitCode).toBe(2);
      expect(expectOneLine(ended)).toContain("result.json can't be written: permission denied");
    }),
  );

  test("is there after the first test, while the others run", () =>
    inSandbox(async (sandbox) => {
      const run = sandbox.start(["-m", "uds", "tcp", "-d", "500ms", "-o", "result.json"]);
      await until("a result is written", () => readdirSync(sandbox.directory).includes("result.json"));
      const early = sandbox.readResult();
      expect(early.metadata).toMatchObject({ complete: false, mechanisms_not_run: ["TcpSocket"] });
      expectSuccess({ ...(await run.ended), result: sandbox.readResult() });
    }));
});

describe("stdout and stderr", () => {
  test("the summary goes to stdout, without colours, and nothing to stderr", () =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.run(["-m", "uds", "shm", ...SHORT]);
      expect(ended).toMatchObject({ exitCode: 0, stderr: "" });
      expect(ended.stdout).toMatch(/^1 KiB payload, 200 messages per test, async\n\nipc +samples +p50 /);
      expect(ended.stdout).toMatch(/^round-trip\n(.*\n)?. shm +200 /m);
      expect(ended.stdout).not.toContain("\u001b");
      for (const line of ended.stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    }));

  test("-q says nothing when all went well", () =>
    inSandbox(async (sandbox) => {
      expect(await sandbox.run(["-q", ...SHORT])).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
    }));

  test("-q still says what went wrong", () =>
    inSandbox(async (sandbox) => {
      writeFileSync(sandbox.path("taken"), "");
      const ended = await sandbox.run(["-q", "--socket-path", "taken", ...SHORT]);
      expect(ended).toMatchObject({ exitCode: 1, stdout: "" });
      expect(expectOneLine(ended)).toContain("taken");
      expect(readFileSync(sandbox.path("taken"), "utf8")).toBe("");
    }));

  test("a reader that goes after the first line changes nothing", () =>
    inSandbox(async (sandbox) => {
      const script = '"$@" | head -1; echo "status $' + '{PIPESTATUS[0]}"';
      const ended = await sandbox.run(SHORT, { through: ["bash", "-c", script, "bash"] });
      expect(ended.stderr).toBe("");
      expect(ended.stdout).toBe("1 KiB payload, 200 messages per test, async\nstatus 0\n");
    }));

  test("a reader that is gone before the first line changes nothing", () =>
    inSandbox(async (sandbox) => {
      const script = '"$@" -o result.json | true; echo "status $' + '{PIPESTATUS[0]}"';
      const ended = await sandbox.run(SHORT, { through: ["bash", "-c", script, "bash"] });
      expect(ended).toMatchObject({ stderr: "", stdout: "status 0\n" });
      expect(sandbox.readResult().metadata.complete).toBe(true);
    }));
});

describe("where temporary files go", () => {
  test.skipIf(!isRoot)("a noexec temp directory is good enough, and stays empty", () =>
    inSandbox(async (sandbox) => {
      const mounted =
        'mount -t tmpfs -o noexec,size=1m none "$TMPDIR" && { "$@"; code=$?; ls -A "$TMPDIR"; exit $code; }';
      const through = ["unshare", "-m", "sh", "-c", mounted, "sh"];
      for (const flags of [[], ["--blocking"]]) {
        const args = ["-m", "all", ...SHORT, "-q", ...flags];
        const ended = await sandbox.measure(args, { through, env: { TMPDIR: sandbox.temp } });
        expectSuccess(ended);
        expect(ended.stdout).toBe("");
      }
    }),
  );

  test("IPC_BENCHMARK_TEMP_DIR takes the sockets", () =>
    inSandbox(async (sandbox) => {
      const env = { IPC_BENCHMARK_TEMP_DIR: sandbox.temp };
      const ended = await sandbox.measure(SHORT, { env });
      expectSuccess(ended);
      expect(ended.result.results[0]?.details.endpoint).toStartWith(`${sandbox.temp}/ipcb-`);
    }));

  const unusable = [
    ["a missing one", (temp: string) => join(temp, "missing"), "is not a directory"],
    ["a file", () => program, "is not a directory"],
    ["a path too long for sockets", (temp: string) => deepDirectory(temp), "bytes, at most 103 are allowed"],
  ] as const;
  test.each(unusable)("IPC_BENCHMARK_TEMP_DIR with %s is refused", (_, directoryOf, reason) =>
    inSandbox(async (sandbox) => {
      const env = { IPC_BENCHMARK_TEMP_DIR: directoryOf(sandbox.directory) };
      const ended = await sandbox.run(SHORT, { env });
      expect(ended.exitCode).toBe(2);
      expect(expectOneLine(ended)).toContain(reason);
    }),
  );

  test("a missing TMPDIR fails with a line that names it", () =>
    inSandbox(async (sandbox) => {
      const missing = sandbox.path("missing");
      const ended = await sandbox.run(SHORT, { env: { TMPDIR: missing } });
      expect(ended.exitCode).toBe(2);
      expect(expectOneLine(ended)).toContain(missing);
    }));
});

describe("what fails by the user's own input", () => {
  const cases = [
    [["--strict", "-i", "20", "--one-way"], 4, "--strict: 1 test is invalid (uds one-way): 20 latency samples were"],
    [["--socket-path", "/nonexistent/a.sock", "--continue-on-error"], 1, "(create the directory, or choose another"],
    [["--socket-path", "/tmp"], 1, "/tmp: it is a directory (name a file with --socket-path)"],
    [["--socket-path", "/tmp", "--blocking"], 1, "/tmp: it is a directory (name a file with --socket-path)"],
  ] as const;
  test.each(cases)("%p -q is told in one line, with what to do", (flags, exitCode, words) =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.run([...flags, "-q"]);
      expect(ended.exitCode).toBe(exitCode);
      expect(expectOneLine(ended)).toContain(words);
    }),
  );
});

function deepDirectory(below: string): string {
  const path = join(below, "d".repeat(100));
  mkdirSync(path);
  return path;
}

test("a link to a file that is not there yet is written through", () =>
  inSandbox(async (sandbox) => {
    const outputs = ["-o", "--csv", "--streaming-output-csv", "--events"];
    const args = outputs.flatMap((flag, i) => {
      symlinkSync(`target-${i}`, sandbox.path(`link-${i}`));
      return [flag, `link-${i}`];
    });
    const { exitCode, stderr } = await sandbox.run(["-m", "uds", "-i", "200", "-q", ...args]);
    expect([exitCode, stderr]).toEqual([0, ""]);
    for (const i of outputs.keys()) {
      expect(lstatSync(sandbox.path(`link-${i}`)).isSymbolicLink()).toBe(true);
      expect(statSync(sandbox.path(`target-${i}`)).size).toBeGreaterThan(100);
    }
  }));
