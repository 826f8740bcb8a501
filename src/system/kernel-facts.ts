/** How this kernel is built and set. */

import { isKnown, type KernelFiles, type Known, numberIn, UNKNOWN } from "./kernel-files.ts";
import type { Limit, MachineFacts } from "./machine-schema.ts";

/** sched_dynamic's words; the one in force stands in parentheses. */
const IN_PARENTHESES = /\((\w+)\)/;

/**
 * The preemption model. With PREEMPT_DYNAMIC the one in force stands in debugfs, which only root may read, or on the kernel's
 * command line; a kernel that says neither has its build's default, and that is called "dynamic" here.
 */
export function readPreemption(files: KernelFiles): Known<string> {
  const version = files.text("proc/version");
  if (files.text("sys/kernel/realtime") === "1" || /\bPREEMPT[_ ]RT\b/.test(version)) return "real-time";
  const chosen = IN_PARENTHESES.exec(files.text("sys/kernel/debug/sched/preempt"))?.[1];
  if (chosen !== undefined) return chosen;
  const asked = /(?:^| )preempt=(none|voluntary|full|lazy)(?: |$)/.exec(files.text("proc/cmdline"))?.[1];
  if (/\bPREEMPT_DYNAMIC\b/.test(version)) return asked ?? "dynamic";
  if (/\bPREEMPT_LAZY\b/.test(version)) return "lazy";
  if (/\bPREEMPT\b/.test(version)) return "full";
  return isKnown(version) ? "none or voluntary" : UNKNOWN;
}

export function readMitigations(files: KernelFiles): Record<string, string> {
  const directory = "sys/devices/system/cpu/vulnerabilities";
  return Object.fromEntries(files.names(directory).map((name) => [name, files.text(`${directory}/${name}`)]));
}

/** "always [madvise] never" → "madvise". */
export function readHugePages(files: KernelFiles): Known<string> {
  const text = files.text("sys/kernel/mm/transparent_hugepage/enabled");
  return /\[(\w+)\]/.exec(text)?.[1] ?? UNKNOWN;
}

const SYSCTLS = [
  "fs.mqueue.msg_default",
  "fs.mqueue.msg_max",
  "fs.mqueue.msgsize_default",
  "fs.mqueue.msgsize_max",
  "fs.mqueue.queues_max",
  "kernel.numa_balancing",
  "kernel.nmi_watchdog",
  "kernel.sched_autogroup_enabled",
  "kernel.sched_rt_period_us",
  "kernel.sched_rt_runtime_us",
  "kernel.timer_migration",
  "net.core.busy_poll",
  "net.core.busy_read",
  "net.core.rmem_default",
  "net.core.rmem_max",
  "net.core.wmem_default",
  "net.core.wmem_max",
  "net.ipv4.tcp_congestion_control",
  "net.ipv4.tcp_rmem",
  "net.ipv4.tcp_wmem",
  "net.unix.max_dgram_qlen",
  "vm.swappiness",
] as const;

/** Every one of them is there, "unknown" where the kernel lacks it or does not tell. */
export function readSysctls(files: KernelFiles): Record<string, string> {
  return Object.fromEntries(
    SYSCTLS.map((name) => [name, files.text(`proc/sys/${name.replaceAll(".", "/")}`).replaceAll(/\s+/g, " ")]),
  );
}

function limitIn(text: string): Limit {
  return text === "unlimited" ? text : numberIn(text);
}

/** Rows of /proc/self/limits: "Max locked memory  8388608  8388608  bytes". */
export function readLimits(files: KernelFiles): MachineFacts["limits"] {
  const rows = files.lines("proc/self/limits").flatMap((line) => {
    const [, name, soft, hard] = /^Max (.+?)\s{2,}(\S+)\s+(\S+)/.exec(line) ?? [];
    if (name === undefined || soft === undefined || hard === undefined) return [];
    return [[name.replaceAll(" ", "_"), { soft: limitIn(soft), hard: limitIn(hard) }] as const];
  });
  return Object.fromEntries(rows);
}

export function readSecurityModules(files: KernelFiles): Known<string[]> {
  const text = files.text("sys/kernel/security/lsm");
  return isKnown(text) ? text.split(",").filter((name) => name !== "") : UNKNOWN;
}

/** Bytes of /proc/meminfo's MemTotal. */
export function readMemoryBytes(files: KernelFiles): Known<number> {
  const kib = /^MemTotal:\s+(\d+) kB$/m.exec(files.text("proc/meminfo"))?.[1];
  return kib === undefined ? UNKNOWN : Number(kib) * 1024;
}

/** A library larger than this is not one; glibc's has 2 MB. */
const MOST_LIBRARY_BYTES = 64 * 1024 * 1024;

/** The C library mapped into this process: glibc writes its version into itself, musl's loader is known by its name. */
export function readLibc(files: KernelFiles): Known<string> {
  const maps = files.text("proc/self/maps");
  if (/\/ld-musl-[^/\n]+$/m.test(maps) || /\/libc\.musl-[^/\n]+$/m.test(maps)) return "musl";
  const path = /\s(\/\S*\/libc(?:\.so\.6|-2\.\d+\.so))$/m.exec(maps)?.[1];
  if (path === undefined) return UNKNOWN;
  const bytes = files.bytes(path);
  if (!isKnown(bytes) || bytes.length > MOST_LIBRARY_BYTES) return "glibc";
  const at = bytes.indexOf("GNU C Library");
  const banner = at < 0 ? "" : bytes.toString("latin1", at, at + 200);
  const version = /release version (\d+\.\d+(?:\.\d+)?)/.exec(banner)?.[1];
  return version === undefined ? "glibc" : `glibc ${version}`;
}

/** CPUs of the command line's list, for kernels whose sysfs lacks them. Flags before the list ("domain,") are left out. */
export function commandLineCpus(commandLine: Known<string>, parameter: "isolcpus" | "nohz_full"): Known<string> {
  if (!isKnown(commandLine)) return UNKNOWN;
  const value = new RegExp(`(?:^| )${parameter}=(\\S+)`).exec(commandLine)?.[1] ?? "";
  return value
    .split(",")
    .filter((part) => /^\d/.test(part))
    .join(",");
}
