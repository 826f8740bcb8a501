import { afterAll } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Files by path below the root; a path that ends in "/" is a directory. */
export type Tree = Readonly<Record<string, string | Uint8Array>>;

const made: string[] = [];

/** To be called by each file that makes roots: a hook belongs to the file that sets it, not to this module. */
export function removeRootsAfterwards(): void {
  afterAll(() => {
    for (const root of made.splice(0)) rmSync(root, { recursive: true, force: true });
  });
}

/** A file system root that holds these files, gone after the tests of the file. */
export function rootOf(...trees: readonly Tree[]): string {
  const root = mkdtempSync(join(tmpdir(), "ipcb-machine-"));
  made.push(root);
  for (const [path, contents] of trees.flatMap((tree) => Object.entries(tree))) {
    const target = join(root, path);
    mkdirSync(path.endsWith("/") ? target : dirname(target), { recursive: true });
    if (!path.endsWith("/")) writeFileSync(target, contents);
  }
  return root;
}

const CPU = "sys/devices/system/cpu";

/** Caches of one CPU: [level, type, CPUs that share it]. */
export function cachesOf(cpu: number, caches: readonly (readonly [number, string, string])[]): Tree {
  return Object.fromEntries(
    caches.flatMap(([level, type, shared], i) => [
      [`${CPU}/cpu${cpu}/cache/index${i}/level`, `${level}\n`],
      [`${CPU}/cpu${cpu}/cache/index${i}/type`, `${type}\n`],
      [`${CPU}/cpu${cpu}/cache/index${i}/size`, "512K\n"],
      [`${CPU}/cpu${cpu}/cache/index${i}/shared_cpu_list`, `${shared}\n`],
    ]),
  );
}

/** Idle states of one CPU: [name, latency in us, disabled]. */
export function idleStatesOf(cpu: number, states: readonly (readonly [string, number, boolean])[]): Tree {
  return Object.fromEntries(
    states.flatMap(([name, latencyUs, disabled], i) => [
      [`${CPU}/cpu${cpu}/cpuidle/state${i}/name`, `${name}\n`],
      [`${CPU}/cpu${cpu}/cpuidle/state${i}/latency`, `${latencyUs}\n`],
      [`${CPU}/cpu${cpu}/cpuidle/state${i}/residency`, `${latencyUs * 2}\n`],
      [`${CPU}/cpu${cpu}/cpuidle/state${i}/disable`, disabled ? "1\n" : "0\n"],
    ]),
  );
}

interface Topology {
  readonly socket: number;
  readonly core: number;
  readonly node: number;
  readonly siblings: string;
  readonly socketCpus: string;
}

function topologyOf(cpu: number, { socket, core, node, siblings, socketCpus }: Topology): Tree {
  const directory = `${CPU}/cpu${cpu}`;
  return {
    [`${directory}/topology/physical_package_id`]: `${socket}\n`,
    [`${directory}/topology/core_id`]: `${core}\n`,
    [`${directory}/topology/thread_siblings_list`]: `${siblings}\n`,
    [`${directory}/topology/package_cpus_list`]: `${socketCpus}\n`,
    [`${directory}/node${node}/`]: "",
  };
}

/** Two sockets of two cores with two threads each: CPU 0 and 4 are siblings, 0 and 1 share L3, 2 and 3 are the other socket. */
export const X86_SERVER: Tree = {
  "proc/version": "Linux version 6.1.0-18-amd64 (x) (gcc-12) #1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1\n",
  "proc/sys/kernel/osrelease": "6.1.0-18-amd64\n",
  "proc/cmdline": "BOOT_IMAGE=/vmlinuz root=/dev/sda1 preempt=full isolcpus=domain,managed_irq,2-3 nohz_full=2-3\n",
  "proc/meminfo": "MemTotal:       16316412 kB\nMemFree: 1 kB\n",
  "proc/cpuinfo": Array.from(
    { length: 8 },
    (_, cpu) =>
      `processor\t: ${cpu}\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Xeon(R) Gold 6226R CPU @ 2.90GHz\nflags\t\t: fpu tsc msr constant_tsc\n`,
  ).join("\n"),
  [`${CPU}/online`]: "0-7\n",
  [`${CPU}/isolated`]: "2-3\n",
  [`${CPU}/nohz_full`]: "2-3\n",
  [`${CPU}/smt/control`]: "on\n",
  [`${CPU}/intel_pstate/no_turbo`]: "0\n",
  [`${CPU}/cpuidle/current_driver`]: "intel_idle\n",
  [`${CPU}/cpuidle/current_governor`]: "menu\n",
  [`${CPU}/vulnerabilities/meltdown`]: "Not affected\n",
  [`${CPU}/vulnerabilities/spectre_v2`]: "Mitigation: Enhanced IBRS\n",
  "sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
  "sys/devices/system/clocksource/clocksource0/available_clocksource": "tsc hpet acpi_pm \n",
  "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
  "sys/kernel/security/lsm": "lockdown,capability,apparmor",
  "sys/class/dmi/id/product_name": "PowerEdge R640\n",
  "sys/class/dmi/id/sys_vendor": "Dell Inc.\n",
  "dev/cpu_dma_latency": new Uint8Array([0x00, 0x94, 0x35, 0x77]),
  ...Object.assign(
    {},
    ...Array.from({ length: 8 }, (_, cpu) => {
      const core = cpu % 4;
      const socket = Math.floor(core / 2);
      const socketCpus = socket === 0 ? "0-1,4-5" : "2-3,6-7";
      const own = `${core},${core + 4}`;
      return {
        ...topologyOf(cpu, { socket, core: core % 2, node: socket, siblings: own, socketCpus }),
        ...cachesOf(cpu, [
          [1, "Data", own],
          [1, "Instruction", own],
          [2, "Unified", own],
          [3, "Unified", socketCpus],
        ]),
        ...idleStatesOf(cpu, [
          ["POLL", 0, false],
          ["C1", 2, false],
          ["C6", 133, cpu === 1],
        ]),
        [`${CPU}/cpu${cpu}/cpufreq/scaling_governor`]: cpu === 1 ? "performance\n" : "powersave\n",
        [`${CPU}/cpu${cpu}/cpufreq/scaling_driver`]: "intel_pstate\n",
        [`${CPU}/cpu${cpu}/cpufreq/energy_performance_preference`]: "balance_performance\n",
        [`${CPU}/cpu${cpu}/cpufreq/scaling_cur_freq`]: "2900000\n",
        [`${CPU}/cpu${cpu}/cpufreq/scaling_min_freq`]: "1200000\n",
        [`${CPU}/cpu${cpu}/cpufreq/scaling_max_freq`]: "3900000\n",
      };
    }),
  ),
};

/** Four Cortex-A72 in one socket that share their L2; a PREEMPT_RT kernel; no DMI, no SMT, no mitigations file. */
export const ARM_BOARD: Tree = {
  "proc/version": "Linux version 6.6.20+rpt-rpi-v8-rt (x) #1 SMP PREEMPT_RT Debian\n",
  "proc/sys/kernel/osrelease": "6.6.20+rpt-rpi-v8-rt\n",
  "proc/cmdline": "console=serial0,115200 isolcpus=3\n",
  "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
  "proc/cpuinfo": `${Array.from(
    { length: 4 },
    (_, cpu) =>
      `processor\t: ${cpu}\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd08\nCPU revision\t: 3\n`,
  ).join("\n")}\nRevision\t: d03114\nModel\t\t: Raspberry Pi 4 Model B Rev 1.4\n`,
  [`${CPU}/online`]: "0-3\n",
  [`${CPU}/cpufreq/boost`]: "0\n",
  "sys/kernel/realtime": "1\n",
  "sys/devices/system/clocksource/clocksource0/current_clocksource": "arch_sys_counter\n",
  "sys/devices/system/clocksource/clocksource0/available_clocksource": "arch_sys_counter \n",
  ...Object.assign(
    {},
    ...Array.from({ length: 4 }, (_, cpu) => ({
      ...topologyOf(cpu, { socket: 0, core: cpu, node: 0, siblings: String(cpu), socketCpus: "0-3" }),
      ...cachesOf(cpu, [
        [1, "Data", String(cpu)],
        [2, "Unified", "0-3"],
      ]),
      [`${CPU}/cpu${cpu}/cpufreq/scaling_governor`]: "ondemand\n",
    })),
  ),
};

export const CGROUP_V2: Tree = {
  "proc/self/cgroup": "0::/system.slice/bench.service\n",
  "proc/self/mountinfo":
    "22 1 0:21 / /proc rw - proc proc rw\n30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
  "sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids\n",
  "sys/fs/cgroup/system.slice/cpu.max": "max 100000\n",
  "sys/fs/cgroup/system.slice/memory.max": "2147483648\n",
  "sys/fs/cgroup/system.slice/cpu.stat": "usage_usec 5\nnr_periods 10\nnr_throttled 2\nthrottled_usec 700\n",
  "sys/fs/cgroup/system.slice/bench.service/cpu.max": "150000 100000\n",
  "sys/fs/cgroup/system.slice/bench.service/memory.max": "max\n",
  "sys/fs/cgroup/system.slice/bench.service/cpuset.cpus.effective": "0-3\n",
  "sys/fs/cgroup/system.slice/bench.service/cpu.stat":
    "usage_usec 12\nuser_usec 6\nsystem_usec 6\nnr_periods 40\nnr_throttled 3\nthrottled_usec 1500\n",
};

/** A Docker container on a host with v1: the paths are the host's, the mounts begin at the container's own group. */
export const CGROUP_V1_CONTAINER: Tree = {
  "proc/self/cgroup":
    "9:cpuset:/docker/4f2a\n5:memory:/docker/4f2a\n4:cpu,cpuacct:/docker/4f2a\n1:name=systemd:/docker/4f2a\n",
  "proc/self/mountinfo": [
    "31 30 0:32 /docker/4f2a /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct",
    "34 30 0:34 /docker/4f2a /sys/fs/cgroup/cpuset ro - cgroup cgroup rw,cpuset",
    "35 30 0:35 /docker/4f2a /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory",
  ].join("\n"),
  "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "50000\n",
  "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
  "sys/fs/cgroup/cpu,cpuacct/cpu.stat": "nr_periods 100\nnr_throttled 7\nthrottled_time 123456789\n",
  "sys/fs/cgroup/cpuset/cpuset.cpus": "1,3\n",
  "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
  ".dockerenv": "",
};
