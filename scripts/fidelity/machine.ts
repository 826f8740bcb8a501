/** What the machine is, how busy it is with other work, and how it is kept from sleeping deeply. */
import { closeSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";

/** Whether `/dev/cpu_dma_latency` is held at 0, and if not why. */
export interface LatencyHold {
  readonly inForce: boolean;
  readonly reason: string | null;
  release(): void;
}

/** Asks the kernel to use no idle state that takes time to leave, for as long as this process lives. */
export function holdCpuLatency(): LatencyHold {
  let device: number;
  try {
    device = openSync("/dev/cpu_dma_latency", "r+");
    writeSync(device, new Uint8Array(4));
  } catch (error) {
    return { inForce: false, reason: (error as Error).message, release() {} };
  }
  const effective = new Int32Array(1);
  readSync(device, effective, 0, 4, 0);
  return {
    inForce: effective[0] === 0,
    reason: effective[0] === 0 ? null : `the kernel says ${effective[0]} us`,
    release: () => closeSync(device),
  };
}

/** Milliseconds that all CPUs together have been busy since boot, time taken by the host included; null if unknown. */
function busyMs(): number | null {
  try {
    const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n");
    const [user, nice, system, , , irq, softirq, steal] = line.split(/\s+/).slice(1).map(Number);
    return 10 * (user! + nice! + system! + irq! + softirq! + steal!);
  } catch {
    return null;
  }
}

/** Watches how much of the CPUs' time goes to neither this process nor the children it accounts for. */
export class ForeignWork {
  readonly #busyMs = busyMs();
  readonly #startMs = performance.now();
  readonly #own = process.cpuUsage();

  /** CPUs' worth of foreign work since construction: 1 is one CPU all the time. Whole ticks of 10 ms, so not exact. */
  share(childrenMs: number): number {
    const now = busyMs();
    if (now === null || this.#busyMs === null) return 0;
    const { user, system } = process.cpuUsage(this.#own);
    const foreignMs = now - this.#busyMs - childrenMs - (user + system) / 1000;
    return Math.max(0, foreignMs / (performance.now() - this.#startMs));
  }
}

function firstLine(path: string): string {
  try {
    return readFileSync(path, "utf8").trim().split("\n")[0]!;
  } catch {
    return "unknown";
  }
}

/** Parameters of the kernel that latency depends on; the rest of its command line is nobody's business. */
const TELLING =
  /^(mitigations|isolcpus|nohz|nohz_full|rcu_nocbs|idle|cpuidle|intel_idle|processor|clocksource|tsc|preempt|threadirqs|nosmt|maxcpus|transparent_hugepage|page_reporting|sched_)/;

function tellingParameters(commandLine: string): string {
  const [parameters = ""] = commandLine.split(" -- ");
  return parameters
    .split(" ")
    .filter((parameter) => TELLING.test(parameter))
    .join(" ");
}

export function machineFacts(): Record<string, unknown> {
  return {
    kernel: release(),
    kernel_parameters: tellingParameters(firstLine("/proc/cmdline")),
    cpu: cpus()[0]?.model ?? "unknown",
    cpu_count: cpus().length,
    memory_bytes: totalmem(),
    clock_source: firstLine("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
    cpuidle_driver: firstLine("/sys/devices/system/cpu/cpuidle/current_driver"),
    governor: firstLine("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
    load_average_at_start: loadavg(),
  };
}
