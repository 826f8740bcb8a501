import { type CgroupChain, readMembership, readThrottling, type Throttling } from "./cgroup.ts";
import { isKnown, KernelFiles, type Known, numberIn, UNKNOWN } from "./kernel-files.ts";
import type { UsageFigures } from "./usage-schema.ts";

/** USER_HZ, the unit of times in /proc/stat and /proc/PID/stat: 100 on every architecture built for. */
const TICK_NS = 1e7;

/** Totals of a process since it started. */
interface ProcessTotals {
  readonly userNs: Known<number>;
  readonly systemNs: Known<number>;
  readonly voluntarySwitches: Known<number>;
  readonly involuntarySwitches: Known<number>;
  readonly minorFaults: Known<number>;
  readonly majorFaults: Known<number>;
}

/** Totals of its main thread, which runs the loop; where several threads run loops, of those. */
interface ThreadTotals {
  readonly cpuNs: Known<number>;
  /** Ready, but without a CPU. */
  readonly waitNs: Known<number>;
  readonly voluntarySwitches: Known<number>;
  readonly involuntarySwitches: Known<number>;
  readonly migrations: Known<number>;
}

/** Totals of the machine since boot. */
interface SystemTotals {
  readonly throttling: Known<Throttling>;
  readonly cpuPressureNs: Known<number>;
  readonly steal: Known<{ readonly ns: number; readonly cpuCount: number }>;
  readonly interrupts: Known<number>;
}

/** One reading of all totals; two of them make figures. */
export interface UsageReading {
  /** performance.now(), ms. */
  readonly atMs: number;
  readonly process: ProcessTotals;
  readonly mainThread: ThreadTotals;
  readonly system: SystemTotals;
}

export interface UsageMeterOptions {
  /** Default: this process. */
  readonly pid?: number;
  /** CPUs whose steal and interrupts count; none: steal of all, no interrupts. */
  readonly cpus?: readonly number[];
  readonly root?: string;
}

/**
 * Reads what a process and its machine have used up so far.
 *
 * Meant to be made by each role for itself when it starts, and to read right before its measured phase (before `started`, so that the canary
 * pays for the caches) and right after it (before `done`): a reading takes 0.2 to 0.4 ms, most of it for system-wide files,
 * and in between nothing happens. For the own process times, faults and switches come from getrusage(2), which is cheap (3 us), counts in
 * microseconds and includes threads that have ended; of another process /proc tells less: times in ticks of 10 ms.
 */
export class UsageMeter {
  readonly #files: KernelFiles;
  readonly #pid: string;
  readonly #isOwn: boolean;
  readonly #cpus: readonly number[];
  /** Threads that run the loops, as /proc numbers them. */
  #threads: readonly string[];
  /** Looked up once: it takes longer than all the rest. */
  readonly #cgroup: Known<CgroupChain | null>;

  constructor({ pid = process.pid, cpus = [], root = "/" }: UsageMeterOptions = {}) {
    this.#files = new KernelFiles(root);
    this.#pid = String(pid);
    this.#threads = [this.#pid];
    this.#isOwn = pid === process.pid && root === "/";
    this.#cpus = cpus;
    this.#cgroup = readMembership(this.#files, this.#pid).cpu;
    // The first reading takes many times as long as the next; let it be none of a measured window's.
    this.readOpening();
  }

  /** The loops are run by these threads instead of the main one; none: by the main one. To be said before a window opens. */
  followThreads(threads: readonly string[]): void {
    this.#threads = threads.length === 0 ? [this.#pid] : threads;
  }

  /**
   * The reading that opens a window. The machine comes first, as it takes longest and is to be in no figure; then the process
   * around its thread, as no part may have used more than the whole.
   */
  readOpening(): UsageReading {
    const system = this.#readSystem();
    const ofProcess = this.#readProcess();
    return { process: ofProcess, mainThread: this.#readMainThread(), system, atMs: performance.now() };
  }

  /** The reading that closes a window: the same backwards. */
  readClosing(): UsageReading {
    const atMs = performance.now();
    const mainThread = this.#readMainThread();
    return { atMs, process: this.#readProcess(), mainThread, system: this.#readSystem() };
  }

  #readProcess(): ProcessTotals {
    return this.#isOwn ? ownTotals() : totalsOf(this.#files, this.#pid);
  }

  #readMainThread(): ThreadTotals {
    const all = this.#threads.map((thread) => this.#readThread(`proc/${this.#pid}/task/${thread}`));
    if (all.length === 1) return all[0]!;
    const total = (key: keyof ThreadTotals) => sum(all.map((one) => one[key]));
    return {
      cpuNs: total("cpuNs"),
      waitNs: total("waitNs"),
      voluntarySwitches: total("voluntarySwitches"),
      involuntarySwitches: total("involuntarySwitches"),
      migrations: total("migrations"),
    };
  }

  #readThread(directory: string): ThreadTotals {
    const [cpuNs = UNKNOWN, waitNs = UNKNOWN] = this.#files.text(`${directory}/schedstat`).split(" ").map(numberIn);
    const migrations = /^(?:se\.)?nr_migrations\s*:\s*(\d+)/m.exec(this.#files.text(`${directory}/sched`))?.[1];
    return {
      cpuNs,
      waitNs,
      ...switchesIn(this.#files.text(`${directory}/status`)),
      migrations: migrations === undefined ? UNKNOWN : Number(migrations),
    };
  }

  #readSystem(): SystemTotals {
    return {
      throttling: readThrottling(this.#files, this.#cgroup),
      cpuPressureNs: cpuPressureNs(this.#files),
      steal: stealOf(this.#files, this.#cpus),
      interrupts: interruptsOn(this.#files, this.#cpus),
    };
  }
}

function ownTotals(): ProcessTotals {
  const usage = process.resourceUsage();
  return {
    userNs: usage.userCPUTime * 1000,
    systemNs: usage.systemCPUTime * 1000,
    voluntarySwitches: usage.voluntaryContextSwitches,
    involuntarySwitches: usage.involuntaryContextSwitches,
    minorFaults: usage.minorPageFault,
    majorFaults: usage.majorPageFault,
  };
}

/** proc(5), stat: what follows the name, which may itself hold blanks and parentheses. */
function totalsOf(files: KernelFiles, pid: string): ProcessTotals {
  const stat = files.text(`proc/${pid}/stat`);
  const fields = stat
    .slice(stat.lastIndexOf(")") + 1)
    .trim()
    .split(" ");
  const field = (number: number) => numberIn(fields[number - 3] ?? "");
  const scaled = (value: Known<number>) => (isKnown(value) ? value * TICK_NS : UNKNOWN);
  const threads = files
    .names(`proc/${pid}/task`)
    .map((thread) => switchesIn(files.text(`proc/${pid}/task/${thread}/status`)));
  return {
    minorFaults: field(10),
    majorFaults: field(12),
    userNs: scaled(field(14)),
    systemNs: scaled(field(15)),
    voluntarySwitches: sum(threads.map(({ voluntarySwitches }) => voluntarySwitches)),
    involuntarySwitches: sum(threads.map(({ involuntarySwitches }) => involuntarySwitches)),
  };
}

/** A thread that ended while it was read is left out; none at all is unknown. */
function sum(values: readonly Known<number>[]): Known<number> {
  const read = values.filter(isKnown);
  return read.length === 0 ? UNKNOWN : read.reduce((total, value) => total + value, 0);
}

function switchesIn(status: string): Pick<ThreadTotals, "voluntarySwitches" | "involuntarySwitches"> {
  const voluntary = /^voluntary_ctxt_switches:\s*(\d+)$/m.exec(status)?.[1];
  const involuntary = /^nonvoluntary_ctxt_switches:\s*(\d+)$/m.exec(status)?.[1];
  return {
    voluntarySwitches: voluntary === undefined ? UNKNOWN : Number(voluntary),
    involuntarySwitches: involuntary === undefined ? UNKNOWN : Number(involuntary),
  };
}

/** Documentation/accounting/psi.rst: microseconds in which some task waited for a CPU. */
function cpuPressureNs(files: KernelFiles): Known<number> {
  const totalUs = /^some .*\btotal=(\d+)/m.exec(files.text("proc/pressure/cpu"))?.[1];
  return totalUs === undefined ? UNKNOWN : Number(totalUs) * 1000;
}

/** proc(5), /proc/stat: the eighth figure of a CPU's line; the line without a number is the sum over all. */
function stealOf(files: KernelFiles, cpus: readonly number[]): SystemTotals["steal"] {
  const lines = files.lines("proc/stat");
  const rows = new Map(lines.filter((line) => line.startsWith("cpu")).map((line) => [line.split(" ")[0], line]));
  const names = cpus.length > 0 ? cpus.map((cpu) => `cpu${cpu}`) : ["cpu"];
  const ticks = names.map((name) => numberIn(rows.get(name)?.trim().split(/\s+/)[8] ?? ""));
  if (!ticks.every(isKnown)) return UNKNOWN;
  const ns = ticks.reduce((total, value) => total + value, 0) * TICK_NS;
  return { ns, cpuCount: cpus.length > 0 ? cpus.length : rows.size - 1 };
}

/** /proc/interrupts: a column per CPU online, a row per interrupt; rows like ERR have one figure for the whole machine. */
function interruptsOn(files: KernelFiles, cpus: readonly number[]): Known<number> {
  if (cpus.length === 0) return UNKNOWN;
  const [header = "", ...rows] = files.lines("proc/interrupts");
  const names = header.trim().split(/\s+/);
  const columns = cpus.map((cpu) => names.indexOf(`CPU${cpu}`));
  if (columns.includes(-1)) return UNKNOWN;
  let total = 0;
  for (const row of rows) {
    const figures = row.trim().split(/\s+/).slice(1);
    if (!/^\d+$/.test(figures[names.length - 1] ?? "")) continue;
    for (const column of columns) total += Number(figures[column]);
  }
  return total;
}

/** From one total to the next. Never negative: a counter that went back (its file changed hands) has no difference. */
function difference(before: Known<number>, after: Known<number>): Known<number> {
  if (!isKnown(before) || !isKnown(after)) return UNKNOWN;
  return after >= before ? after - before : UNKNOWN;
}

function shareOf(value: Known<number>, wholeNs: number): Known<number> {
  return isKnown(value) && wholeNs > 0 ? Math.min(1, value / wholeNs) : UNKNOWN;
}

const part = <T, K extends keyof T>(whole: Known<T>, key: K): Known<T[K]> => (isKnown(whole) ? whole[key] : UNKNOWN);

/** What was used up and what disturbed between two readings. */
export function differ(before: UsageReading, after: UsageReading): UsageFigures {
  const windowNs = Math.max(0, Math.round((after.atMs - before.atMs) * 1e6));
  const own = (key: keyof ProcessTotals) => difference(before.process[key], after.process[key]);
  const thread = (key: keyof ThreadTotals) => difference(before.mainThread[key], after.mainThread[key]);
  const stealNs = difference(part(before.system.steal, "ns"), part(after.system.steal, "ns"));
  const cpuCount = part(after.system.steal, "cpuCount");
  const throttled = (key: keyof Throttling) =>
    difference(part(before.system.throttling, key), part(after.system.throttling, key));
  return {
    window_ns: windowNs,
    user_ns: own("userNs"),
    system_ns: own("systemNs"),
    main_thread_cpu_ns: thread("cpuNs"),
    main_thread_wait_ns: thread("waitNs"),
    voluntary_switches: own("voluntarySwitches"),
    involuntary_switches: own("involuntarySwitches"),
    main_thread_voluntary_switches: thread("voluntarySwitches"),
    main_thread_involuntary_switches: thread("involuntarySwitches"),
    migrations: thread("migrations"),
    minor_faults: own("minorFaults"),
    major_faults: own("majorFaults"),
    throttled_count: throttled("count"),
    throttled_ns: throttled("totalNs"),
    cpu_pressure_share: shareOf(difference(before.system.cpuPressureNs, after.system.cpuPressureNs), windowNs),
    steal_share: shareOf(stealNs, windowNs * (isKnown(cpuCount) ? cpuCount : 0)),
    interrupts: difference(before.system.interrupts, after.system.interrupts),
  };
}

/** CPU time that one side spent on a message, ns; unknown without messages. */
export function cpuNsPerMessage(figures: UsageFigures, messages: number): Known<number> {
  const { user_ns: userNs, system_ns: systemNs } = figures;
  return isKnown(userNs) && isKnown(systemNs) && messages > 0 ? (userNs + systemNs) / messages : UNKNOWN;
}
