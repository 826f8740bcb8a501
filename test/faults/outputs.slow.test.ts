/** Outputs that fill up, close or dawdle while rows and results are written to them. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { inSandbox, TEST_TIMEOUT_MS } from "../e2e/expectations.ts";
import type { Sandbox } from "../e2e/harness.ts";
import { mounting, possible, shell, withPipeOf } from "./rigs.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

const options = (sandbox: Sandbox) => ({ env: { TMPDIR: sandbox.temp, PATH: process.env.PATH ?? "" } });
/** Runs the program into a reader; its exit code goes to a file. */
const into = (reader: string) => shell(`{ "$@"; echo $? >code; } | ${reader}`);
const exitCodeIn = (sandbox: Sandbox) => Number(readFileSync(sandbox.path("code"), "utf8"));
const lastLine = (text: string) => text.split("\n").filter(Boolean).at(-1);

describe("a reader that goes away after the first line", () => {
  test.each([[["--help"]], [["man"]], [["-m", "uds", "-i", "200", "--one-way"]]])("does not fail %j", (args) =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.run(args, { ...options(sandbox), through: into("head -1") });
      expect(exitCodeIn(sandbox)).toBe(0);
      expect(ended.stdout.split("\n").filter(Boolean)).toHaveLength(1);
      expect(ended.stderr).not.toContain("internal error");
    }),
  );

  test.each(["--streaming-output-csv", "--streaming-output-json", "--events"])(
    "ends a run that writes there with %s, in time and with a line",
    (flag) =>
      inSandbox(async (sandbox) => {
        const args = ["-m", "uds", "-d", "20s", "--one-way", "-q", flag, "-", "-o", "result.json"];
        const ended = await sandbox.run(args, { ...options(sandbox), through: into("head -1") });
        expect(exitCodeIn(sandbox)).toBe(1);
        expect(lastLine(ended.stderr)).toMatch(/^ipc-benchmark: standard output can't be written: broken pipe/);
        expect(sandbox.readResult().metadata.complete).toBe(false);
        expect(ended.wallMs).toBeLessThan(15_000);
      }),
  );
});

test.each([[["--help"]], [["man"]], [["--dry-run"]], [["-m", "uds", "-i", "200", "-o", "result.json"]]])(
  "a full disk under standard output is told %p",
  (args) =>
    inSandbox(async (sandbox) => {
      const full = shell('"$@" > /dev/full');
      const { exitCode, stderr } = await sandbox.run(args, { ...options(sandbox), through: full });
      expect(exitCode).toBe(1);
      expect(stderr).toEndWith("ipc-benchmark: standard output can't be written: no space left on device\n");
      if (args.includes("-o")) expect(sandbox.readResult().metadata.complete).toBe(true);
    }),
);

test("into a pipe of 32 KiB every row arrives, however slowly it is read", () =>
  inSandbox(async (sandbox) => {
    const args = ["-m", "uds", "-i", "20000", "--one-way", "-q", "--streaming-output-csv", "-"];
    const slowly = shell(`{ ${withPipeOf(32768).join(" ")} "$@"; echo $? >code; } | { sleep 1; cat; }`);
    const ended = await sandbox.run(args, { ...options(sandbox), through: slowly });
    expect(ended.stderr).toBe("");
    expect(exitCodeIn(sandbox)).toBe(0);
    expect(ended.stdout.split("\n").filter(Boolean)).toHaveLength(20_001);
  }));

const small = possible([{ name: "a disk of 256 KiB", through: mounting("mount -t tmpfs -o size=256k none /mnt") }]);

describe.each(small)("on $name", ({ through = [] }) => {
  test.each([
    ["--streaming-output-csv", "--async"],
    ["--streaming-output-json", "--blocking"],
  ])("%s ends the run when it is full, %s; what was measured before is kept", (flag, mode) =>
    inSandbox(async (sandbox) => {
      const args = ["-m", "shm", mode, "-d", "20s", "--one-way", "-q", flag, "/mnt/rows", "-o", "result.json"];
      const keep = shell('"$@"; status=$?; cp /mnt/rows rows; exit $status');
      const ended = await sandbox.run(args, { ...options(sandbox), through: [...through, ...keep] });
      expect(ended.exitCode).toBe(1);
      expect(lastLine(ended.stderr)).toMatch(/^ipc-benchmark: \/mnt\/rows can't be written: no space left on device/);
      expect(ended.stderr.split("\n").filter(Boolean)).toHaveLength(1);
      expect(sandbox.readResult().metadata.complete).toBe(false);
      const rows = readFileSync(sandbox.path("rows"), "utf8");
      expect(rows.length).toBeGreaterThan(100_000);
      if (flag === "--streaming-output-json") expect(() => JSON.parse(rows)).not.toThrow();
      expect(ended.wallMs).toBeLessThan(15_000);
    }),
  );
});
