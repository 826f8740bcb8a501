import { cpus as cpusOfSystem, release } from "node:os";
import { cpuLimitOf, cpusOf, memoryLimitOf, readMembership } from "./cgroup.ts";
import { modelOf, readCpu, readCpuInfo } from "./cpu-facts.ts";
import { parseCpuList } from "./cpu-list.ts";
import { farthestRelation } from "./cpu-relation.ts";
import {
  commandLineCpus,
  readHugePages,
  readLibc,
  readLimits,
  readMemoryBytes,
  readMitigations,
  readPreemption,
  readSecurityModules,
  readSysctls,
} from "./kernel-facts.ts";
import { firstKnown, isKnown, KernelFiles, type Known, UNKNOWN } from "./kernel-files.ts";
import type { MachineFacts } from "./machine-schema.ts";
import { detectContainer, detectHypervisor, readDmi } from "./surroundings.ts";

const CPU_DIRECTORY = "sys/devices/system/cpu";
/** Reading a CPU's frequency may wake it and take milliseconds, so not those of a whole server. */
export const MOST_CPUS_READ = 16;

/** Turbo or boost: one switch on most drivers, one with the opposite sense on Intel's. */
function readBoost(files: KernelFiles): Known<boolean> {
  const boost = files.number(`${CPU_DIRECTORY}/cpufreq/boost`);
  if (isKnown(boost)) return boost !== 0;
  const noTurbo = files.number(`${CPU_DIRECTORY}/intel_pstate/no_turbo`);
  return isKnown(noTurbo) ? noTurbo === 0 : UNKNOWN;
}

function readCpuDmaLatencyUs(files: KernelFiles): Known<number> {
  const value = files.bytes("dev/cpu_dma_latency");
  return isKnown(value) && value.length === 4 ? value.readInt32LE() : UNKNOWN;
}

function readClockSources(files: KernelFiles): Pick<MachineFacts, "clock_source" | "clock_sources_available"> {
  const directory = "sys/devices/system/clocksource/clocksource0";
  const available = files.text(`${directory}/available_clocksource`);
  return {
    clock_source: files.text(`${directory}/current_clocksource`),
    clock_sources_available: isKnown(available) ? available.split(/\s+/) : UNKNOWN,
  };
}

/** /proc is Linux's; elsewhere the runtime knows these two. */
function readOutsideLinux(files: KernelFiles): { release: Known<string>; model: Known<string> } {
  if (files.root !== "/" || process.platform === "linux") return { release: UNKNOWN, model: UNKNOWN };
  return { release: release(), model: cpusOfSystem()[0]?.model ?? UNKNOWN };
}

/**
 * What the machine is. Reads files only and never throws; what can't be read is "unknown". Takes some milliseconds and wakes
 * CPUs, so call it before the first measured phase or after the last. `binary_sha256` is left unknown: see binarySha256.
 * @param cpus those that the roles are pinned to, else those they may use; the first 16 are looked at
 * @param root where /proc, /sys, /dev and /run are found
 */
export function readMachine(cpus: readonly number[], root = "/"): MachineFacts {
  const files = new KernelFiles(root);
  const sections = readCpuInfo(files);
  const facts = [...new Set(cpus)].slice(0, MOST_CPUS_READ).map((cpu) => readCpu(files, cpu, sections));
  const outside = readOutsideLinux(files);
  const commandLine = files.text("proc/cmdline");
  const membership = readMembership(files);
  const dmi = readDmi(files);
  const cpuDirectoryIsThere = files.has(CPU_DIRECTORY);
  const cpuListOf = (name: string, parameter: "isolcpus" | "nohz_full") => {
    const text = files.text(`${CPU_DIRECTORY}/${name}`);
    if (isKnown(text)) return parseCpuList(text === "(null)" ? "" : text);
    return cpuDirectoryIsThere ? parseCpuList(commandLineCpus(commandLine, parameter)) : UNKNOWN;
  };
  return {
    kernel_release: firstKnown(files.text("proc/sys/kernel/osrelease"), outside.release),
    kernel_version: files.text("proc/version"),
    kernel_command_line: commandLine,
    kernel_preemption: readPreemption(files),
    cpu_model: firstKnown(
      facts[0]?.model ?? UNKNOWN,
      modelOf(sections.get(0)),
      modelOf(sections.get(-1)),
      outside.model,
    ),
    board_model: files.text("proc/device-tree/model"),
    cpus_online: parseCpuList(files.text(`${CPU_DIRECTORY}/online`)),
    cpus_isolated: cpuListOf("isolated", "isolcpus"),
    cpus_nohz_full: cpuListOf("nohz_full", "nohz_full"),
    smt: files.text(`${CPU_DIRECTORY}/smt/control`),
    cpus: facts,
    cpu_relation: farthestRelation(facts),
    boost: readBoost(files),
    idle_driver: files.text(`${CPU_DIRECTORY}/cpuidle/current_driver`),
    idle_governor: firstKnown(
      files.text(`${CPU_DIRECTORY}/cpuidle/current_governor`),
      files.text(`${CPU_DIRECTORY}/cpuidle/current_governor_ro`),
    ),
    cpu_dma_latency_us: readCpuDmaLatencyUs(files),
    ...readClockSources(files),
    mitigations: readMitigations(files),
    transparent_huge_pages: readHugePages(files),
    cgroup_version: membership.version,
    cgroup_path: membership.path,
    cgroup_cpu_limit: cpuLimitOf(files, membership),
    cgroup_cpus: cpusOf(files, membership),
    cgroup_memory_limit_bytes: memoryLimitOf(files, membership),
    container: detectContainer(files),
    hypervisor: detectHypervisor(files),
    product_name: dmi.product,
    system_vendor: dmi.vendor,
    limits: readLimits(files),
    sysctls: readSysctls(files),
    security_modules: readSecurityModules(files),
    libc: readLibc(files),
    memory_bytes: readMemoryBytes(files),
    binary_sha256: UNKNOWN,
  };
}
