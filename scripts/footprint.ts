/**
 * What the program takes before and beside measuring: the time from its start to the first measured message, and the
 * resident memory of each role, soon after it began and much later.
 *
 *   bun scripts/footprint.ts                     uds, both modes: about 40 s
 *   bun scripts/footprint.ts --mechanism shm     another mechanism
 *   bun scripts/footprint.ts --seconds 5         look at the memory again after 5 s instead of 30
 *
 * The exit code is 1 when a limit is missed.
 */
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const START_LIMIT_MS = 150;
const MEMORY_LIMIT_MB = 80;
/** "The same" early and late: what garbage collection moves in a run of constant size. */
const GROWTH_LIMIT = 1.1;
const LAUNCHES = 11;

const program = resolve(import.meta.dir, "..", "dist", "ipc-benchmark");
const { values } = parseArgs({
  options: { mechanism: { type: "string", default: "uds" }, seconds: { type: "string", default: "30" } },
});
const lateSeconds = Number(values.seconds);
const directory = mkdtempSync(join(tmpdir(), "footprint-"));
const MODES = ["async", "blocking"] as const;
const TESTS = ["one-way", "round-trip"] as const;
let isWithinLimits = true;

function verdict(isMet: boolean, limit: string): string {
  isWithinLimits &&= isMet;
  return isMet ? `within ${limit}` : `MORE THAN ${limit}`;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}

/** Wall time from right before the command is started to its first measured message. */
async function startMs(flags: readonly string[]): Promise<number> {
  const output = join(directory, "start.json");
  const startedAtMs = performance.timeOrigin + performance.now();
  const run = Bun.spawn([program, "-m", values.mechanism, "-i", "100", "-q", "-o", output, ...flags], {
    env: {},
  });
  if ((await run.exited) !== 0) throw new Error("the run failed");
  // Digits beyond 2^53 are lost in a double; microseconds are left.
  const text = readFileSync(output, "utf8");
  const firstNs = BigInt(/"started_at_epoch_ns": (\d+)/.exec(text)![1]!);
  return Number(firstNs / 1000n) / 1000 - startedAtMs;
}

async function printStart(): Promise<void> {
  console.log(
    `Start of the command to the first measured message, ms (${LAUNCHES} launches, least / median / greatest)`,
  );
  for (const mode of MODES) {
    for (const [label, warmup] of [
      ["1000 warm-up messages", []],
      ["no warm-up", ["-w", "0"]],
    ] as const) {
      const taken: number[] = [];
      for (let i = 0; i < LAUNCHES; i++) taken.push(await startMs([`--${mode}`, "--one-way", ...warmup]));
      const figures = [Math.min(...taken), median(taken), Math.max(...taken)].map((ms) => ms.toFixed(1)).join(" / ");
      const check = verdict(median(taken) < START_LIMIT_MS, `${START_LIMIT_MS} ms`);
      console.log(`  ${mode.padEnd(9)} ${label.padEnd(22)} ${figures.padStart(23)}   ${check}`);
    }
  }
}

type Role = "server" | "client";

/** Pids of the roles of an orchestrator. */
function rolesOf(orchestrator: number): Map<Role, number> {
  const roles = new Map<Role, number>();
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const parent = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${entry}/status`, "utf8"))?.[1]);
      if (parent !== orchestrator || readlinkSync(`/proc/${entry}/exe`) !== program) continue;
      const words = readFileSync(`/proc/${entry}/cmdline`, "utf8").split("\0");
      if (words.includes("--server")) roles.set("server", Number(entry));
      if (words.includes("--client")) roles.set("client", Number(entry));
    } catch {
      // It has just ended.
    }
  }
  return roles;
}

interface Memory {
  readonly totalMb: number;
  /** Memory of its own; the rest are pages of the executable, shared by all three processes. */
  readonly privateMb: number;
}

function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const megabytes = (field: string) => Number(new RegExp(`^${field}:\\s*(\\d+) kB`, "m").exec(status)?.[1]) / 1000;
  return { totalMb: megabytes("VmRSS"), privateMb: megabytes("RssAnon") };
}

async function roleMemory(mode: string, test: string): Promise<string[]> {
  const seconds = lateSeconds + 1;
  const args = ["-m", values.mechanism, `--${mode}`, `--${test}`, "-d", `${seconds}s`, "-q"];
  const run = Bun.spawn([program, ...args], { env: {} });
  let roles = rolesOf(run.pid);
  for (; roles.size < 2 && run.exitCode === null; roles = rolesOf(run.pid)) await Bun.sleep(10);
  await Bun.sleep(1_000);
  const early = new Map([...roles].map(([role, pid]) => [role, memoryOf(pid)]));
  await Bun.sleep((lateSeconds - 1) * 1_000);
  const lines = [...roles].map(([role, pid]) => {
    const first = early.get(role)!;
    const last = memoryOf(pid);
    const text = [first, last].map(({ totalMb, privateMb }) => `${totalMb.toFixed(1)} (${privateMb.toFixed(1)})`);
    const checks = [
      verdict(Math.max(first.totalMb, last.totalMb) < MEMORY_LIMIT_MB, `${MEMORY_LIMIT_MB} MB`),
      verdict(last.totalMb < first.totalMb * GROWTH_LIMIT, "10 % of growth"),
    ];
    return `  ${mode.padEnd(9)} ${test.padEnd(11)} ${role.padEnd(7)} ${text[0]!.padStart(13)} ${text[1]!.padStart(13)}   ${checks.join(", ")}`;
  });
  if ((await run.exited) !== 0 || lines.length !== 2) throw new Error("the run failed");
  return lines;
}

async function printMemory(): Promise<void> {
  console.log(`\nResident memory of each role after 1 s and ${lateSeconds} s of messages, MB (of its own in brackets)`);
  // At once: memory, unlike time, does not mind company.
  const runs = MODES.flatMap((mode) => TESTS.map((test) => roleMemory(mode, test)));
  for (const lines of await Promise.all(runs)) console.log(lines.join("\n"));
}

try {
  await printStart();
  await printMemory();
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.exit(isWithinLimits ? 0 : 1);
