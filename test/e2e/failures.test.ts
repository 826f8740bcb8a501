import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { expectOneLine, inSandbox, TEST_TIMEOUT_MS } from "./expectations.ts";
import { allTests, type Sandbox } from "./harness.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

const SHORT = ["-i", "200", "-w", "10"];

/** Runs tcp between two others while its port is taken. */
async function withTakenPort(sandbox: Sandbox, flags: readonly string[]) {
  using taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const args = ["-m", "uds", "tcp", "shm", "--port", String(taken.port), ...SHORT, ...flags];
  const ended = await sandbox.measure(args);
  return { ...ended, port: taken.port };
}

describe.each([[], ["--blocking"]])("a mechanism that fails %p", (...mode) => {
  test("ends the run; what was measured before is kept", () =>
    inSandbox(async (sandbox) => {
      const ended = await withTakenPort(sandbox, mode);
      expect(ended.exitCode).toBe(1);
      expect(expectOneLine(ended)).toContain(`127.0.0.1:${ended.port}`);
      const { metadata, results } = ended.result;
      expect(metadata).toMatchObject({ complete: false, mechanisms_not_run: ["SharedMemory"] });
      expect(results.map(({ mechanism }) => mechanism)).toEqual(["UnixDomainSocket", "TcpSocket"]);
      expect(results[0]?.status).toBe("Success");
      expect(results[1]?.status).toHaveProperty("Failure");
      expect(results[1]?.details.complete).toBe(false);
      expect(ended.stdout).toContain("Not run: Shared Memory");
    }));

  test("does not end it with --continue-on-error, but shows in the exit code", () =>
    inSandbox(async (sandbox) => {
      const ended = await withTakenPort(sandbox, ["--continue-on-error", ...mode]);
      expect(ended.exitCode).toBe(1);
      expect(expectOneLine(ended)).toContain(`127.0.0.1:${ended.port}`);
      const { metadata, results } = ended.result;
      expect(metadata).toMatchObject({ complete: false, mechanisms_not_run: [] });
      expect(results.map(({ status }) => typeof status)).toEqual(["string", "object", "string"]);
      expect(allTests(ended.result).filter(({ failure }) => failure === null)).toHaveLength(4);
      expect(ended.result.summary.total_errors).toBeGreaterThan(0);
      expect(ended.stdout).toMatch(/^! tcp /m);
    }));

  test("a name that is taken stays its owner's", () =>
    inSandbox(async (sandbox) => {
      writeFileSync(sandbox.path("taken"), "not mine");
      const ended = await sandbox.measure(["--socket-path", "taken", ...SHORT, ...mode]);
      expect(ended.exitCode).toBe(1);
      expect(expectOneLine(ended)).toContain("taken");
      expect(await Bun.file(sandbox.path("taken")).text()).toBe("not mine");
    }));
});

/** One of each kind; the whole table is tested in test/unit/cli, without processes. */
const BAD_COMMAND_LINES: readonly (readonly [argv: readonly string[], names: string])[] = [
  [["--frobnicate"], "--frobnicate"],
  [["-m"], "--mechanism"],
  [["-m", "udp"], '"udp"'],
  [["-m", "uds,tcp"], '"uds,tcp"'],
  [["-s", "0"], "--message-size"],
  [["-s", "-5"], "--message-size"],
  [["-s", "16777189"], "--message-size"],
  [["-s", "1e3"], "--message-size"],
  [["-i", "NaN"], "--msg-count"],
  [["-i", "10", "-i", "20"], "--msg-count"],
  [["-d", "0"], "--duration"],
  [["-d", "5 parsecs"], "--duration"],
  [["--percentiles", "101"], "--percentiles"],
  [["--server-affinity", "two"], "--server-affinity"],
  [["--blocking", "--async"], "--async"],
  [["--pmq-priority", "40000", "-m", "pmq"], "--pmq-priority"],
  [["--port", "80"], "--port"],
  [["--shm-direct"], "--shm-direct"],
  [["--shared-memory-name", "../../etc/passwd", "-m", "shm"], "--shared-memory-name"],
  [["--reply", "\u001b[31m\n"], "--reply"],
  [["stray"], '"stray"'],
  [["--rate", "-1"], "--rate"],
];

describe("a bad command line ends with one line and exit code 2 before anything is started", () => {
  test.each(BAD_COMMAND_LINES)("%j", (argv, names) =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.run([...argv, "-o", "result.json"]);
      expect(ended.exitCode).toBe(2);
      expect(expectOneLine(ended)).toContain(names);
      expect(ended.stderr).not.toMatch(/\n\s+at /);
      expect(ended.stderr).not.toContain("\u001b");
      expect(ended.stdout).toBe("");
      expect(await Bun.file(sandbox.path("result.json")).exists()).toBe(false);
    }),
  );
});

describe("questions are answered on stdout", () => {
  test.each([
    ["-h", "Main flags"],
    ["--help", "Exit codes"],
    ["-V", "ipc-benchmark "],
  ])("%s", (flag, text) =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.run([flag]);
      expect(ended).toMatchObject({ exitCode: 0, stderr: "" });
      expect(ended.stdout).toContain(text);
    }),
  );
});
