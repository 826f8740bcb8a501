import { armPartName } from "./arm-parts.ts";
import { parseCpuList } from "./cpu-list.ts";
import { firstKnown, isKnown, type KernelFiles, type Known, UNKNOWN } from "./kernel-files.ts";
import type { CpuFacts, IdleState } from "./machine-schema.ts";

const directoryOf = (cpu: number) => `sys/devices/system/cpu/cpu${cpu}`;

/** Keys of one processor's section of /proc/cpuinfo, lower case; x86 and arm64 have different ones. */
export type CpuInfoSection = ReadonlyMap<string, string>;

/** Sections of /proc/cpuinfo by CPU number; -1 holds what stands in none (arm's "Hardware" and "Model"). */
export function readCpuInfo(files: KernelFiles): Map<number, CpuInfoSection> {
  const sections = new Map<number, Map<string, string>>();
  let section = new Map<string, string>();
  sections.set(-1, section);
  for (const line of files.lines("proc/cpuinfo")) {
    const [, key, value] = /^([^:\t]+?)\s*:\s*(.*)$/.exec(line) ?? [];
    if (key === "processor" && /^\d+$/.test(value ?? "")) {
      section = new Map();
      sections.set(Number(value), section);
    } else if (line.trim() === "") {
      section = sections.get(-1)!;
    } else if (key !== undefined) {
      section.set(key.toLowerCase(), value ?? "");
    }
  }
  return sections;
}

/** The CPU's own name: "model name" on x86; on arm64, which prints numbers, implementer and part in words. */
export function modelOf(section: CpuInfoSection | undefined): Known<string> {
  if (section === undefined) return UNKNOWN;
  const implementer = section.get("cpu implementer");
  const part = section.get("cpu part");
  const armName = implementer !== undefined && part !== undefined ? armPartName(implementer, part) : UNKNOWN;
  return firstKnown(section.get("model name") ?? UNKNOWN, armName);
}

function readIdleStates(files: KernelFiles, cpu: number): Known<IdleState[]> {
  const directory = `${directoryOf(cpu)}/cpuidle`;
  const states = files
    .names(directory)
    .filter((name) => /^state\d+$/.test(name))
    .sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)));
  if (states.length === 0) return UNKNOWN;
  return states.map((state) => {
    const disabled = files.number(`${directory}/${state}/disable`);
    return {
      name: files.text(`${directory}/${state}/name`),
      latency_us: files.number(`${directory}/${state}/latency`),
      residency_us: files.number(`${directory}/${state}/residency`),
      disabled: isKnown(disabled) ? disabled !== 0 : UNKNOWN,
    };
  });
}

function readCaches(files: KernelFiles, cpu: number): Known<CpuFacts["caches"]> & object {
  const directory = `${directoryOf(cpu)}/cache`;
  return files
    .names(directory)
    .filter((name) => /^index\d+$/.test(name))
    .map((index) => ({
      level: files.number(`${directory}/${index}/level`),
      type: files.text(`${directory}/${index}/type`),
      size: firstKnown(files.text(`${directory}/${index}/size`)),
      shared_cpus: parseCpuList(files.text(`${directory}/${index}/shared_cpu_list`)),
    }));
}

function readNumaNode(files: KernelFiles, cpu: number): Known<number> {
  const node = files.names(directoryOf(cpu)).find((name) => /^node\d+$/.test(name));
  return node === undefined ? UNKNOWN : Number(node.slice(4));
}

/** -1 is how sysfs says that the firmware did not tell. */
function identity(value: Known<number>): Known<number> {
  return isKnown(value) && value < 0 ? UNKNOWN : value;
}

/** One logical CPU: what it is, what it shares and with whom, how it clocks and how it sleeps. */
export function readCpu(files: KernelFiles, cpu: number, sections = readCpuInfo(files)): CpuFacts {
  const directory = directoryOf(cpu);
  const siblings = files.text(`${directory}/topology/thread_siblings_list`);
  return {
    cpu,
    model: modelOf(sections.get(cpu)),
    package: identity(files.number(`${directory}/topology/physical_package_id`)),
    core: identity(files.number(`${directory}/topology/core_id`)),
    numa_node: readNumaNode(files, cpu),
    smt_siblings: parseCpuList(firstKnown(siblings, files.text(`${directory}/topology/core_cpus_list`))),
    package_cpus: parseCpuList(
      firstKnown(
        files.text(`${directory}/topology/package_cpus_list`),
        files.text(`${directory}/topology/core_siblings_list`),
      ),
    ),
    caches: readCaches(files, cpu),
    governor: files.text(`${directory}/cpufreq/scaling_governor`),
    frequency_driver: files.text(`${directory}/cpufreq/scaling_driver`),
    energy_preference: files.text(`${directory}/cpufreq/energy_performance_preference`),
    frequency_khz: files.number(`${directory}/cpufreq/scaling_cur_freq`),
    frequency_min_khz: files.number(`${directory}/cpufreq/scaling_min_freq`),
    frequency_max_khz: files.number(`${directory}/cpufreq/scaling_max_freq`),
    idle_states: readIdleStates(files, cpu),
  };
}
