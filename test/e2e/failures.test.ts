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
