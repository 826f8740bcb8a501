/** Runs the program for long and watches that it needs no more memory at the end than after its first minute, and keeps its pace. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { BenchmarkResult } from "../src/result/schema.ts";
import { parseDurationNs } from "../src/text/duration.ts";
import { LedgerPeek } from "../test/e2e/ledger-peek.ts";

const HELP = `Soak test of the compiled program: memory and pace over a long run, with every message streamed.

  bun scripts/soak.ts [options] [-- flags of ipc-benchmark]

  --duration D    length of each run (default 10m)
  --settle D      what is compared with the end: memory and pace after this time (default 1m, or a quarter of the run)
  --rate N        messages a second, 0 for full speed; without it one run at full speed and one at 1000 a second
  --program PATH  the executable (default dist/ipc-benchmark)
  --help          this text

Flags after -- replace "-m uds --round-trip --blocking". Exit code 0 if the memory of every process stays within 10 % of what it
was once settled, the pace too, and nothing was lost; else 1.`;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    duration: { type: "string", default: "10m" },
    settle: { type: "string" },
    rate: { type: "string" },
    program: { type: "string", default: resolve(import.meta.dir, "../dist/ipc-benchmark") },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit(0);
}

/** Of a text that must be a duration, ms. */
function milliseconds(text: string): number {
  const ns = parseDurationNs(text);
  if (ns !== null && ns > 0) return ns / 1e6;
  console.error(`soak: "${text}" is no duration (see --help)`);
  process.exit(2);
}

const durationMs = milliseconds(options.duration);
const settleMs = options.settle === undefined ? Math.min(60_000, durationMs / 4) : milliseconds(options.settle);
const flags = positionals.length > 0 ? positionals : ["-m", "uds", "--round-trip", "--blocking"];

const ALLOWED_GROWTH = 0.1;
const SAMPLE_MS = 1000;
/** Figures at either point are means over this share of the run before it. */
const WINDOW = 0.1;

interface Sample {
  readonly atMs: number;
  /** Resident memory by process, KiB. */
  readonly residentKib: Readonly<Record<string, number>>;
  readonly sent: number;
}

function residentKib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
}

/** Pids by role of an orchestrator's children. */
function rolesOf(orchestrator: number): Record<string, number> {
  const found: Record<string, number> = {};
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${entry}/status`, "utf8"))?.[1];
      if (Number(parent) !== orchestrator) continue;
      const role = /--(server|client)/.exec(readFileSync(`/proc/${entry}/cmdline`, "utf8"))?.[1];
      if (role !== undefined) found[role] = Number(entry);
    } catch {
      // It has just ended.
    }
  }
  return found;
}

/** Samples until the run ends; the first one once both roles send. */
async function watch(orchestrator: number, isOver: () => boolean): Promise<Sample[]> {
  const samples: Sample[] = [];
  let startMs = 0;
  let ledger: LedgerPeek | null = null;
  for (; !isOver(); await Bun.sleep(SAMPLE_MS)) {
    try {
      const roles = rolesOf(orchestrator);
      if (roles.client === undefined || roles.server === undefined) continue;
      ledger ??= new LedgerPeek(roles.client);
      const { sent } = ledger.progress();
      if (sent === 0) continue;
      if (startMs === 0) startMs = performance.now();
      const pids = Object.entries({ orchestrator, ...roles });
      samples.push({
        atMs: performance.now() - startMs,
        residentKib: Object.fromEntries(pids.map(([role, pid]) => [role, residentKib(pid)])),
        sent,
      });
    } catch {
      // A role has ended between two looks.
    }
  }
  ledger?.[Symbol.dispose]();
  return samples;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The samples of the window that ends at a moment. */
function windowBefore(samples: readonly Sample[], endMs: number): Sample[] {
  const from = endMs - Math.max(5 * SAMPLE_MS, WINDOW * durationMs);
  return samples.filter(({ atMs }) => atMs >= from && atMs <= endMs);
}

const paceOf = (samples: readonly Sample[]) =>
  ((samples.at(-1)!.sent - samples[0]!.sent) * 1000) / (samples.at(-1)!.atMs - samples[0]!.atMs);

interface Comparison {
  readonly what: string;
  readonly settled: number;
  readonly end: number;
}

function compare(samples: readonly Sample[]): Comparison[] {
  const settled = windowBefore(samples, settleMs);
  const end = windowBefore(samples, samples.at(-1)!.atMs);
  const memory = Object.keys(settled[0]!.residentKib).map((role) => ({
    what: `${role}, KiB`,
    settled: mean(settled.map((sample) => sample.residentKib[role] ?? 0)),
    end: mean(end.map((sample) => sample.residentKib[role] ?? 0)),
  }));
  return [...memory, { what: "messages/s", settled: paceOf(settled), end: paceOf(end) }];
}

/** At full speed the pace is the machine's affair: only a schedule must be kept. */
const isHeld = ({ what, settled, end }: Comparison, isPaced: boolean) =>
  (what === "messages/s" && !isPaced) || Math.abs(end - settled) <= ALLOWED_GROWTH * settled;

/** One run; whether all was well. */
async function soak(rate: number | null): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), "soak-"));
  const output = join(directory, "result.json");
  const pace = rate === null ? [] : ["--rate", String(rate)];
  const stream = ["--streaming-output-csv", "/dev/null"];
  const length = ["-d", `${Math.round(durationMs)}ms`];
  try {
    const run = Bun.spawn([options.program, ...flags, ...pace, ...length, ...stream, "-q", "-o", output], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    let isOver = false;
    void run.exited.then(() => {
      isOver = true;
    });
    const samples = await watch(run.pid, () => isOver);
    const exitCode = await run.exited;
    const result = (await Bun.file(output).json()) as BenchmarkResult;
    const { counts } = result.results[0]!.details.tests[0]!;
    console.log(
      `\n${rate === null ? "full speed" : `${rate} messages/s`}, ${options.duration}: ${JSON.stringify(counts)}`,
    );
    const comparisons = compare(samples);
    for (const one of comparisons) {
      const change = ((one.end / one.settled - 1) * 100).toFixed(1);
      const verdict = isHeld(one, rate !== null) ? "" : "  NOT HELD";
      console.log(
        `  ${one.what.padEnd(18)} ${one.settled.toFixed(0).padStart(10)} → ${one.end.toFixed(0).padStart(10)}  ${change} %${verdict}`,
      );
    }
    const isWhole = exitCode === 0 && (counts.lost ?? 0) + counts.duplicated + counts.reordered + counts.corrupt === 0;
    return isWhole && comparisons.every((one) => isHeld(one, rate !== null));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const rates = options.rate === undefined ? [null, 1000] : [Number(options.rate) || null];
let isAllWell = true;
for (const rate of rates) isAllWell = (await soak(rate)) && isAllWell;
process.exit(isAllWell ? 0 : 1);
