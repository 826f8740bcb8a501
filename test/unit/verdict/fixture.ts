import type { MachineFacts } from "../../../src/system/machine-schema.ts";
import type { Effective, RealTimeReport } from "../../../src/system/privileges.ts";
import type { UsageFigures } from "../../../src/system/usage-schema.ts";
import type { VerdictInput, VerdictSide } from "../../../src/verdict/input.ts";

const held = <T>(requested: T, effective: T): Effective<T> => ({
  requested,
  effective,
  note: null,
  isDenied: false,
});

export const REAL_TIME: RealTimeReport = {
  fifoPriority: held(49, 49),
  memoryLock: held<"present" | "present and future">("present and future", "present and future"),
  lockedBytes: 6e9,
  prefaultedStackBytes: held(524_288, 524_288),
  timerSlackNs: held(1, 0),
};

/** A window of one second in which nothing disturbed. */
export const QUIET: UsageFigures = {
  window_ns: 1e9,
  user_ns: 4e8,
  system_ns: 3e8,
  main_thread_cpu_ns: 7e8,
  main_thread_wait_ns: 0,
  voluntary_switches: 10_000,
  involuntary_switches: 2,
  main_thread_voluntary_switches: 10_000,
  main_thread_involuntary_switches: 1,
  migrations: 0,
  minor_faults: 3,
  major_faults: 0,
  throttled_count: 0,
  throttled_ns: 0,
  cpu_pressure_share: 0,
  steal_share: 0,
  interrupts: 250,
};

const cpuOf = (cpu: number): MachineFacts["cpus"][number] => ({
  cpu,
  model: "Some CPU",
  package: 0,
  core: cpu,
  numa_node: 0,
  smt_siblings: [cpu],
  package_cpus: [0, 1],
  caches: [],
  governor: "performance",
  frequency_driver: "acpi-cpufreq",
  energy_preference: "unknown",
  frequency_khz: 2e6,
  frequency_min_khz: 1e6,
  frequency_max_khz: 2e6,
  idle_states: [
    { name: "POLL", latency_us: 0, residency_us: 0, disabled: false },
    { name: "C1", latency_us: 2, residency_us: 4, disabled: false },
  ],
});

/** Two CPUs, nothing to warn of. */
export const MACHINE: MachineFacts = {
  kernel_release: "6.1.0",
  kernel_version: "Linux version 6.1.0",
  kernel_command_line: "quiet",
  kernel_preemption: "voluntary",
  cpu_model: "Some CPU",
  board_model: "unknown",
  cpus_online: [0, 1],
  cpus_isolated: [],
  cpus_nohz_full: [],
  smt: "off",
  cpus: [cpuOf(0), cpuOf(1)],
  cpu_relation: "same L3",
  boost: false,
  idle_driver: "acpi_idle",
  idle_governor: "menu",
  cpu_dma_latency_us: 2e9,
  clock_source: "tsc",
  clock_sources_available: ["tsc"],
  mitigations: {},
  transparent_huge_pages: "madvise",
  cgroup_version: "v2",
  cgroup_path: "/",
  cgroup_cpu_limit: "unlimited",
  cgroup_cpus: [0, 1],
  cgroup_memory_limit_bytes: "unlimited",
  container: "none",
  hypervisor: "none",
  product_name: "Board",
  system_vendor: "Maker",
  limits: {},
  sysctls: { "kernel.sched_rt_runtime_us": "950000", "kernel.sched_rt_period_us": "1000000" },
  security_modules: [],
  libc: "glibc 2.36",
  memory_bytes: 8e9,
  binary_sha256: "unknown",
};

export function machineWith(changes: Partial<MachineFacts>, cpu0: Partial<MachineFacts["cpus"][number]> = {}) {
  return { ...MACHINE, cpus: [{ ...cpuOf(0), ...cpu0 }, cpuOf(1)], ...changes };
}

export function sideOf(cpu: number, changes: Partial<VerdictSide> = {}): VerdictSide {
  return {
    requestedCpu: cpu,
    allowedCpus: [cpu],
    usedCpus: [cpu],
    migrations: 0,
    sendBufferBytes: 425_984,
    receiveBufferBytes: 425_984,
    realTime: null,
    usage: QUIET,
    ...changes,
  };
}

/** A test in perfect order: valid, no warning. */
export function inputOf(changes: Partial<VerdictInput> = {}): VerdictInput {
  return {
    complete: true,
    failure: null,
    counts: { sent: 10_000, received: 10_000, lost: 0, duplicated: 0, reordered: 0, corrupt: 0 },
    latencyAbsent: null,
    isThroughputKnown: true,
    isPeerForeign: false,
    sampleCount: 10_000,
    fewestSamples: 10_000,
    isTimed: false,
    percentiles: [
      { percentile: 50, samplesBeyond: 5000, excursions: null },
      { percentile: 99, samplesBeyond: 100, excursions: null },
    ],
    p50Ns: 10_000,
    clockResolutionNs: 30,
    rate: null,
    lateness: null,
    requestedBufferBytes: null,
    cpuDmaLatencyUs: null,
    clientCount: 1,
    serverThreads: 1,
    isSpinning: false,
    sameCpuShare: 0,
    streamStalls: null,
    client: sideOf(0),
    server: sideOf(1),
    machine: MACHINE,
    ...changes,
  };
}
