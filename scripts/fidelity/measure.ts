/** Runs both programs in rounds, in random order, and rounds again that something else disturbed. */
import { readFileSync } from "node:fs";
import { seededRandom } from "../../src/plan/random.ts";
import { type Comparison, compareRow, type Figures } from "./compare.ts";
import { ForeignWork } from "./machine.ts";
import { type Cpus, cpuDistanceNs, type Program } from "./program.ts";
import type { Row } from "./row.ts";

export interface Launch extends Figures {
  /** CPUs' worth of work that was going on beside it. */
  readonly foreign: number;
  /** Spinning rows: the distance between the CPUs right before; else null. */
  readonly cpuDistanceNs: number | null;
}

export interface MeasuredRound {
  readonly baseline: Launch;
  readonly ours: Launch;
  readonly wasDisturbed: boolean;
}

export interface MeasuredRow {
  readonly row: Row;
  readonly comparison: Comparison;
  readonly rounds: readonly MeasuredRound[];
}

/** The first is what the second is held against. */
export interface Contest {
  readonly baseline: Program;
  readonly ours: Program;
}

export interface Measuring {
  readonly contests: Readonly<Record<Row["subject"], Contest>>;
  readonly baselinePath: string;
  readonly prefix: readonly string[];
  readonly launches: number;
  readonly warmupCount: number;
  /** CPUs' worth of foreign work beyond which a round counts as disturbed. */
  readonly mostForeign: number;
}

/** A disturbed round is run again this often, then kept with a mark. */
const MOST_REPEATS = 5;
const REPEAT_AFTER_MS = 1000;
const ORDER_SEED = 11;
/** The same two CPUs, unmoved, differ by less. */
const LARGEST_DISTANCE_RATIO = 1.2;

function allowedCpus(): number[] {
  const list = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
  return list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

/** The last allowed CPU for both sides of one, as the first one tends to take the interrupts. */
function cpusFor(row: Row): Cpus {
  const [server, client] = allowedCpus().slice(-2);
  if (client === undefined || server === undefined) throw new Error("two CPUs are needed");
  return row.placement === "one-cpu" ? { server: client, client } : { server, client };
}

async function launch(program: Program, row: Row, measuring: Measuring): Promise<Launch> {
  const { baselinePath, prefix, warmupCount } = measuring;
  const cpus = cpusFor(row);
  const distance = row.wait === "spin" ? await cpuDistanceNs(baselinePath, cpus, prefix) : null;
  const foreign = new ForeignWork();
  const { figures, cpuMs } = await program.launch({ row, prefix, cpus, warmupCount });
  return { ...figures, foreign: foreign.share(cpuMs), cpuDistanceNs: distance };
}

/** Whether the two launches can't be compared: other work ran beside one, or the host moved the CPUs between them. */
export function isDisturbed(baseline: Launch, ours: Launch, mostForeign: number): boolean {
  if (Math.max(baseline.foreign, ours.foreign) > mostForeign) return true;
  const distances = [baseline.cpuDistanceNs ?? 1, ours.cpuDistanceNs ?? 1];
  return Math.max(...distances) > LARGEST_DISTANCE_RATIO * Math.min(...distances);
}

/** In either order, as what a launch leaves behind (caches, memory to give back) meets the next one. */
async function launchBoth(row: Row, measuring: Measuring, isOursFirst: boolean): Promise<[Launch, Launch]> {
  const contest = measuring.contests[row.subject];
  const ours = isOursFirst ? await launch(contest.ours, row, measuring) : null;
  const baseline = await launch(contest.baseline, row, measuring);
  return [baseline, ours ?? (await launch(contest.ours, row, measuring))];
}

async function measureRound(row: Row, measuring: Measuring, random: () => number): Promise<MeasuredRound> {
  for (let repeats = 0; ; repeats++) {
    const [baseline, ours] = await launchBoth(row, measuring, random() < 0.5);
    const wasDisturbed = isDisturbed(baseline, ours, measuring.mostForeign);
    if (!wasDisturbed || repeats === MOST_REPEATS) return { baseline, ours, wasDisturbed };
    await Bun.sleep(REPEAT_AFTER_MS);
  }
}

export async function measureRow(row: Row, measuring: Measuring): Promise<MeasuredRow> {
  const rounds: MeasuredRound[] = [];
  const random = seededRandom(ORDER_SEED);
  for (let index = 0; index < measuring.launches; index++) rounds.push(await measureRound(row, measuring, random));
  return { row, rounds, comparison: compareRow(row, rounds) };
}
