/**
 * Compares the program, in blocking mode, with a plain C baseline that measures the same intervals (c/reference.c).
 *
 *   bun run fidelity                              every row, 10 launches of each program, alternating
 *   bun run fidelity --mechanism uds --test round-trip --launches 20
 *   bun run fidelity --save                       write every launch to docs/fidelity.json too
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { version } from "../package.json";
import { type Comparison, compareRow, type Figures } from "./fidelity/compare.ts";
import { ForeignWork, holdCpuLatency, machineFacts } from "./fidelity/machine.ts";
import { baselineProgram, benchmarkProgram, type Cpus, type Program } from "./fidelity/program.ts";
import { allRows, messageCountOf, PACE_NS, type Row } from "./fidelity/row.ts";
import { closingText, rowText, TABLE_HEAD } from "./fidelity/table.ts";

const root = resolve(import.meta.dir, "..");
const dist = join(root, "dist");

const { values: options } = parseArgs({
  options: {
    mechanism: { type: "string", multiple: true },
    test: { type: "string", multiple: true },
    load: { type: "string", multiple: true },
    placement: { type: "string", multiple: true },
    wait: { type: "string", multiple: true },
    size: { type: "string", multiple: true, default: ["64", "1024"] },
    launches: { type: "string", default: "10" },
    warmup: { type: "string", default: "1000" },
    /** CPUs' worth of foreign work beyond which a round is run again. */
    "max-foreign": { type: "string", default: "0.15" },
    program: { type: "string", default: join(dist, "ipc-benchmark") },
    save: { type: "boolean", default: false },
    strict: { type: "boolean", default: false },
  },
});

/** A round that the machine disturbed is repeated this often, then kept with a mark. */
const MOST_REPEATS = 8;
const REPEAT_AFTER_MS = 3000;

interface Launch extends Figures {
  /** CPUs' worth of work that was going on beside it. */
  readonly foreign: number;
}

interface MeasuredRow {
  readonly row: Row;
  readonly comparison: Comparison;
  readonly rounds: readonly { readonly baseline: Launch; readonly ours: Launch }[];
}

function compileBaseline(): { path: string; compiler: string } {
  const zig = join(root, "node_modules", ".bin", "zig");
  const caches = {
    ZIG_GLOBAL_CACHE_DIR: join(dist, "zig-cache"),
    ZIG_LOCAL_CACHE_DIR: join(dist, "zig-cache"),
  };
  const sources = readdirSync(join(root, "c", "reference")).filter((file) => file.endsWith(".c"));
  const path = join(dist, "reference");
  const rest = [
    ...["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE"],
    join(root, "c", "reference.c"),
    ...sources.map((file) => join(root, "c", "reference", file)),
    ...["-lpthread", "-lrt", "-o", path],
  ];
  for (const compiler of [[zig, "cc"], ["gcc"], ["cc"]]) {
    try {
      const { exitCode, stderr } = Bun.spawnSync([...compiler, ...rest], {
        env: { ...process.env, ...caches },
      });
      if (exitCode === 0) return { path, compiler: compiler.length === 2 ? "zig cc" : compiler[0]! };
      console.error(`${compiler.join(" ")}: ${stderr}`);
    } catch {
      // Not installed; the next one may be.
    }
  }
  throw new Error("the C baseline does not compile");
}

/** The last allowed CPU for both sides of one, as the first one tends to take the interrupts. */
function cpusFor(row: Row): Cpus {
  const allowed = allowedCpus();
  const [server, client] = [allowed.at(-2), allowed.at(-1)];
  if (client === undefined || server === undefined) throw new Error("two CPUs are needed");
  return row.placement === "one-cpu" ? { server: client, client } : { server, client };
}

function allowedCpus(): number[] {
  const list = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
  return list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

async function launch(program: Program, row: Row): Promise<Launch> {
  const foreign = new ForeignWork();
  const { figures, cpuMs } = await program.launch({
    row,
    cpus: cpusFor(row),
    warmupCount: Number(options.warmup),
  });
  return { ...figures, foreign: foreign.share(cpuMs) };
}

async function measureRound(baseline: Program, ours: Program, row: Row) {
  for (let repeats = 0; ; repeats++) {
    const round = { baseline: await launch(baseline, row), ours: await launch(ours, row) };
    const isQuiet = Math.max(round.baseline.foreign, round.ours.foreign) <= Number(options["max-foreign"]);
    if (isQuiet || repeats === MOST_REPEATS) return round;
    await Bun.sleep(REPEAT_AFTER_MS);
  }
}

async function measureRow(baseline: Program, ours: Program, row: Row): Promise<MeasuredRow> {
  const rounds = [];
  for (let index = 0; index < Number(options.launches); index++)
    rounds.push(await measureRound(baseline, ours, row));
  return { row, rounds, comparison: compareRow(row, rounds) };
}

function chosenRows(): Row[] {
  const isAsked = (asked: readonly string[] | undefined, value: string) =>
    asked === undefined || asked.includes(value);
  return allRows(options.size.map(Number)).filter(
    (row) =>
      isAsked(options.mechanism, row.mechanism) &&
      isAsked(options.test, row.test) &&
      isAsked(options.load, row.load) &&
      isAsked(options.placement, row.placement) &&
      isAsked(options.wait, row.wait),
  );
}

function save(facts: Record<string, unknown>, rows: readonly MeasuredRow[]): void {
  const document = {
    ...facts,
    rows: rows.map(({ row, comparison, rounds }) => ({
      ...row,
      messages: messageCountOf(row),
      comparison,
      rounds,
    })),
  };
  writeFileSync(join(root, "docs", "fidelity.json"), `${JSON.stringify(document, null, 1)}\n`);
}

async function main(): Promise<number> {
  const { path, compiler } = compileBaseline();
  const hold = holdCpuLatency();
  const facts = {
    date: new Date().toISOString(),
    versions: { tool: version, bun: Bun.version, baseline_compiler: compiler },
    settings: { launches: Number(options.launches), warmup: Number(options.warmup), pace_ns: PACE_NS },
    cpu_dma_latency_held_at_0: hold.inForce,
    machine: machineFacts(),
  };
  console.log(
    `/dev/cpu_dma_latency ${hold.inForce ? "is held at 0" : `could not be held at 0 (${hold.reason}): rows on two CPUs show wake-up noise`}`,
  );
  console.log(TABLE_HEAD);
  const rows: MeasuredRow[] = [];
  for (const row of chosenRows()) {
    const measured = await measureRow(baselineProgram(path), benchmarkProgram(options.program), row);
    rows.push(measured);
    const busy = measured.rounds.filter(
      ({ baseline, ours }) => Math.max(baseline.foreign, ours.foreign) > Number(options["max-foreign"]),
    );
    console.log(rowText(row, measured.comparison));
    if (busy.length > 0) console.log(`  (${busy.length} of its rounds on a busy machine)`);
    if (options.save) save(facts, rows);
  }
  console.log(closingText(rows));
  hold.release();
  return options.strict && rows.some(({ comparison }) => comparison.verdict === "miss") ? 1 : 0;
}

try {
  process.exit(await main());
} catch (error) {
  console.error(`fidelity: ${(error as Error).message}`);
  process.exit(1);
}
