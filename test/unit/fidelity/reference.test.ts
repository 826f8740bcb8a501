import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { compileBaseline } from "../../../scripts/fidelity/baseline.ts";
import { MECHANISMS, TESTS } from "../../../scripts/fidelity/row.ts";

const root = resolve(import.meta.dir, "../../..");
const folder = mkdtempSync(join(tmpdir(), "reference-test-"));
const program = join(folder, "reference");

interface Result {
  readonly mechanism: string;
  readonly test: string;
  readonly count: number;
  readonly p50_ns: number;
  readonly mean_ns: number;
  readonly p99_ns: number;
  readonly max_ns: number;
  readonly messages_per_second: number;
}

const start = (...args: string[]) => Bun.spawn([program, ...args], { stdout: "pipe", stderr: "pipe" });

async function run(...args: string[]): Promise<Result> {
  const child = start(...args, "--deadline", "20");
  const [output, complaint] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (child.exitCode !== 0) throw new Error(`${child.exitCode ?? child.signalCode}: ${complaint}`);
  return JSON.parse(output) as Result;
}

/** What a baseline of that pid would leave behind. */
const leftovers = (pid: number) => [
  ...readdirSync("/dev/shm").filter((name) => name.includes(`ipc-reference-${pid}`)),
  ...readdirSync("/tmp").filter((name) => name.includes(`ipc-reference-${pid}`)),
];

describe.skipIf(process.platform !== "linux")("the plain C baseline", () => {
  beforeAll(() => {
    compileBaseline(root, program);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  for (const mechanism of MECHANISMS) {
    for (const kind of TESTS) {
      test(`counts every message of a ${kind} test over ${mechanism}`, async () => {
        const result = await run("--mechanism", mechanism, "--test", kind, "--count", "200", "--size", "100");
        expect(result).toMatchObject({ mechanism, test: kind, count: 200 });
        expect(result.p50_ns).toBeGreaterThan(0);
        expect(result.p50_ns).toBeLessThanOrEqual(result.p99_ns);
        expect(result.p99_ns).toBeLessThanOrEqual(result.max_ns);
        expect(result.mean_ns).toBeLessThanOrEqual(result.max_ns);
        expect(result.messages_per_second).toBeGreaterThan(0);
      });
    }
  }

  test("carries the largest message that a queue takes here, and one that is longer than a read of a stream", async () => {
    const limits = { pmq: 8000, uds: 200_000, tcp: 200_000, shm: 200_000, "shm-direct": 200_000 };
    for (const [mechanism, size] of Object.entries(limits)) {
      const args = ["--mechanism", mechanism, "--test", "round-trip", "--count", "50", "--size", String(size)];
      expect((await run(...args)).count).toBe(50);
    }
  });

  test("pauses between messages", async () => {
    const { messages_per_second } = await run("--count", "100", "--delay-ns", "1000000", "--mechanism", "shm");
    expect(messages_per_second).toBeLessThan(1100);
  });

  test("refuses what it does not know", async () => {
    const child = start("--mechanism", "pigeon");
    expect(await child.exited).toBe(2);
    expect(await child.stderr.text()).toStartWith("usage: reference");
  });

  test.each(MECHANISMS)("leaves nothing behind when %s ends by SIGTERM", async (mechanism) => {
    const child = start("--mechanism", mechanism, "--count", "100000", "--delay-ns", "1000000");
    await Bun.sleep(100);
    child.kill("SIGTERM");
    expect(await child.exited).toBe(128 + 15);
    expect(leftovers(child.pid)).toEqual([]);
    expect(existsSync(`/dev/mqueue/ipc-reference-${child.pid}`)).toBe(false);
  });

  test("ends at its deadline", async () => {
    const child = start("--count", "100000", "--delay-ns", "1000000", "--deadline", "1");
    expect(await child.exited).toBe(128 + 14);
    expect(await child.stderr.text()).toContain("took too long");
  });
});
