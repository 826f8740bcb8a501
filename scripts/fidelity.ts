/** Compares the program, in blocking mode, with a plain C baseline that measures the same intervals (c/reference). */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { version } from "../package.json";
import { bareRolesProgram } from "./fidelity/bare-roles.ts";
import { compileBaseline } from "./fidelity/baseline.ts";
import { holdCpuLatency, machineFacts } from "./fidelity/machine.ts";
import { type MeasuredRow, type Measuring, measureRow } from "./fidelity/measure.ts";
import { baselineProgram, benchmarkProgram, withStreaming } from "./fidelity/program.ts";
import { allRows, messageCountOf, PACE_NS, type Row } from "./fidelity/row.ts";
import { closingText, rowText, TABLE_HEAD } from "./fidelity/table.ts";

const root = resolve(import.meta.dir, "..");

const HELP = `bun run fidelity [OPTIONS]

Launches two programs in turn, in random order and pinned the same way, and prints p50, mean and p99 of both, the ratio of their medians
with its 95 % interval, and a verdict: ok, miss, ~ (can't be told), depth (the queues were not equally full).

  --subject program|control|streaming|orchestrator
                                against the C baseline; the baseline against itself; streaming on against off; with an
                                orchestrator against roles alone
  --mechanism uds|tcp|pmq|shm|shm-direct
  --test one-way|round-trip
  --load paced|saturated        a message each 100 us, or as many as go
  --placement one-cpu|two-cpus
  --wait block|spin
                                each may be given several times; without, every one
  --size BYTES                  payload; may be given several times (64)
  --launches N                  of each program (10)
  --warmup N                    messages (1000)
  --max-foreign SHARE           CPUs' worth of other work beyond which a round is run again (0.15)
  --prefix "COMMAND"            start both programs through it, as in --prefix "chrt -f 10"
  --program FILE                ours (dist/ipc-benchmark)
  --save FILE                   write every launch to it, as in docs/fidelity.json
  --strict                      exit 1 on a miss`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      help: { type: "boolean", default: false },
      subject: { type: "string", multiple: true },
      mechanism: { type: "string", multiple: true },
      test: { type: "string", multiple: true },
      load: { type: "string", multiple: true },
      placement: { type: "string", multiple: true },
      wait: { type: "string", multiple: true },
      size: { type: "string", multiple: true, default: ["64"] },
      launches: { type: "string", default: "10" },
      warmup: { type: "string", default: "1000" },
      "max-foreign": { type: "string", default: "0.15" },
      prefix: { type: "string", default: "" },
      program: { type: "string", default: join(root, "dist", "ipc-benchmark") },
      save: { type: "string" },
      strict: { type: "boolean", default: false },
    },
  });
  return values;
}

type Options = ReturnType<typeof readOptions>;

function chosenRows(options: Options): Row[] {
  return allRows(options.size.map(Number)).filter((row) =>
    (["subject", "mechanism", "test", "load", "placement", "wait"] as const).every(
      (name) => options[name] === undefined || options[name].includes(row[name]),
    ),
  );
}

function documentOf(facts: Record<string, unknown>, rows: readonly MeasuredRow[]): string {
  const plain = rows.map(({ row, comparison, rounds }) => ({
    ...row,
    messages: messageCountOf(row),
    comparison,
    rounds,
  }));
  return `${JSON.stringify({ ...facts, rows: plain }, null, 1)}\n`;
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const chosen = chosenRows(options);
  if (chosen.length === 0) throw new Error("no row is like that (--help tells the choices)");
  const baselinePath = join(root, "dist", "reference");
  const { compiler } = compileBaseline(root, baselinePath);
  const hold = holdCpuLatency();
  const ours = benchmarkProgram(options.program);
  const plainC = baselineProgram(baselinePath);
  const measuring: Measuring = {
    contests: {
      program: { baseline: plainC, ours },
      control: { baseline: plainC, ours: plainC },
      streaming: { baseline: ours, ours: benchmarkProgram(options.program, withStreaming) },
      orchestrator: { baseline: bareRolesProgram(options.program), ours },
    },
    baselinePath,
    prefix: options.prefix.split(" ").filter((word) => word !== ""),
    launches: Number(options.launches),
    warmupCount: Number(options.warmup),
    mostForeign: Number(options["max-foreign"]),
  };
  const { launches, prefix, warmupCount, mostForeign } = measuring;
  const facts = {
    date: new Date().toISOString(),
    versions: { tool: version, bun: Bun.version, baseline_compiler: compiler },
    settings: { launches, prefix, warmup: warmupCount, pace_ns: PACE_NS, most_foreign: mostForeign },
    cpu_dma_latency_held_at_0: hold.inForce,
    machine: machineFacts(),
  };
  const state = hold.inForce
    ? "is held at 0"
    : `could not be held at 0 (${hold.reason}): rows on two CPUs show wake-up noise`;
  console.log(`/dev/cpu_dma_latency ${state}\n${TABLE_HEAD}`);
  const rows: MeasuredRow[] = [];
  for (const row of chosen) {
    const measured = await measureRow(row, measuring);
    rows.push(measured);
    console.log(rowText(row, measured.comparison));
    const disturbed = measured.rounds.filter(({ wasDisturbed }) => wasDisturbed).length;
    if (disturbed > 0) console.log(`  (${disturbed} of ${launches} rounds disturbed by other work)`);
    if (options.save !== undefined) writeFileSync(options.save, documentOf(facts, rows));
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
