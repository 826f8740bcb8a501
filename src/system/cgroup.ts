import { join, relative } from "node:path/posix";
import { parseCpuList } from "./cpu-list.ts";
import { isKnown, type KernelFiles, type Known, numberIn, UNKNOWN } from "./kernel-files.ts";
import type { Limit } from "./machine-schema.ts";

/** Control groups: proc(5), cgroups(7), Documentation/admin-guide/cgroup-v2.rst. */

export type CgroupVersion = "v1" | "v2" | "hybrid" | "none";

interface Mount {
  /** "" for v2. */
  readonly controllers: readonly string[];
  readonly isV2: boolean;
  /** The group that stands at the mount point: not "/" in a container without a cgroup namespace. */
  readonly root: string;
  readonly point: string;
}

/** Where one controller of one process is governed: its group's directory and those above it, the group's own first. */
export interface CgroupChain {
  readonly isV2: boolean;
  readonly path: string;
  readonly directories: readonly string[];
}

export interface CgroupMembership {
  readonly version: Known<CgroupVersion>;
  readonly path: Known<string>;
  /** null where no such controller governs the process; unknown where that can't be told. */
  readonly cpu: Known<CgroupChain | null>;
  readonly cpuset: Known<CgroupChain | null>;
  readonly memory: Known<CgroupChain | null>;
}

/** Octal escapes of blanks in mountinfo. */
const withoutEscapes = (field: string) =>
  field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

function readMounts(files: KernelFiles, process: string): Mount[] {
  return files.lines(`proc/${process}/mountinfo`).flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , root, point] = before.split(" ");
    const [type, , options = ""] = after.split(" ");
    if (root === undefined || point === undefined || (type !== "cgroup" && type !== "cgroup2")) return [];
    return [
      {
        controllers: options.split(","),
        isV2: type === "cgroup2",
        root: withoutEscapes(root),
        point: withoutEscapes(point),
      },
    ];
  });
}

/** Lines of /proc/PID/cgroup: controllers ("" for v2) and path. */
function readPaths(files: KernelFiles, process: string): { controllers: string[]; path: string }[] {
  return files.lines(`proc/${process}/cgroup`).flatMap((line) => {
    const [, id, controllers, path] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined || controllers === undefined) return [];
    return [{ controllers: id === "0" ? [""] : controllers.split(","), path }];
  });
}

/**
 * The group's directory and those above it that are mounted. The path counts from the hierarchy's root, the mount may
 * start below that; where the one does not contain the other, the mount's top is the nearest that can be seen.
 */
function directoriesOf(mount: Mount, path: string): string[] {
  const below = relative(mount.root, path);
  const isInside = !below.startsWith("..");
  const names = isInside && below !== "" ? below.split("/") : [];
  return names.map((_, i) => join(mount.point, ...names.slice(0, names.length - i))).concat(mount.point);
}

/** Which control groups govern a process, by controller. */
export function readMembership(files: KernelFiles, process = "self"): CgroupMembership {
  const paths = readPaths(files, process);
  if (paths.length === 0) {
    const hasNone = isKnown(files.text("proc/self/stat")) && !files.has("proc/self/cgroup");
    const chain = hasNone ? null : UNKNOWN;
    const version = hasNone ? "none" : UNKNOWN;
    return { version, path: UNKNOWN, cpu: chain, cpuset: chain, memory: chain };
  }
  const mounts = readMounts(files, process);
  const chainOf = (controller: string): Known<CgroupChain | null> => {
    const v1 = paths.find(({ controllers }) => controllers.includes(controller));
    const found = v1 ?? paths.find(({ controllers }) => controllers.includes(""));
    if (found === undefined) return null;
    const isV2 = v1 === undefined;
    const mount = mounts.find((one) => (isV2 ? one.isV2 : !one.isV2 && one.controllers.includes(controller)));
    if (mount === undefined) return UNKNOWN;
    return { isV2, path: found.path, directories: directoriesOf(mount, found.path) };
  };
  const named = paths.filter(({ controllers }) => controllers.some((name) => name !== "" && !name.includes("=")));
  const cpu = chainOf("cpu");
  return {
    version: named.length === 0 ? "v2" : mounts.some(({ isV2 }) => isV2) ? "hybrid" : "v1",
    path: isKnown(cpu) && cpu !== null ? cpu.path : (paths[0]?.path ?? UNKNOWN),
    cpu,
    cpuset: chainOf("cpuset"),
    memory: chainOf("memory"),
  };
}

/** The least limit of a chain. A group without the file sets none: the root group of v2, a controller not enabled. */
function leastLimit(chain: Known<CgroupChain | null>, read: (directory: string) => Limit | null): Limit {
  if (!isKnown(chain)) return UNKNOWN;
  if (chain === null) return "unlimited";
  let least: Limit = "unlimited";
  for (const directory of chain.directories) {
    const limit = read(directory);
    if (limit === UNKNOWN) return UNKNOWN;
    if (typeof limit === "number") least = least === "unlimited" ? limit : Math.min(least, limit);
  }
  return least;
}

/** CPUs' worth of time. */
export function cpuLimitOf(files: KernelFiles, { cpu }: CgroupMembership): Limit {
  return leastLimit(cpu, (directory) => {
    const isV2 = isKnown(cpu) && cpu?.isV2;
    if (!files.has(`${directory}/${isV2 ? "cpu.max" : "cpu.cfs_quota_us"}`)) return null;
    const [quota = "", period = ""] = isV2
      ? files.text(`${directory}/cpu.max`).split(" ")
      : [files.text(`${directory}/cpu.cfs_quota_us`), files.text(`${directory}/cpu.cfs_period_us`)];
    if (quota === "max" || quota === "-1") return "unlimited";
    const [quotaUs, periodUs] = [numberIn(quota), numberIn(period)];
    return isKnown(quotaUs) && isKnown(periodUs) && periodUs > 0 ? quotaUs / periodUs : UNKNOWN;
  });
}

/** v1's "no limit" is the greatest multiple of the page size that fits; nobody has this much. */
const NO_MEMORY_LIMIT_BYTES = 2 ** 62;

export function memoryLimitOf(files: KernelFiles, { memory }: CgroupMembership): Limit {
  return leastLimit(memory, (directory) => {
    const path = `${directory}/${isKnown(memory) && memory?.isV2 ? "memory.max" : "memory.limit_in_bytes"}`;
    if (!files.has(path)) return null;
    const text = files.text(path);
    if (text === "max") return "unlimited";
    const bytes = numberIn(text);
    return isKnown(bytes) && bytes >= NO_MEMORY_LIMIT_BYTES ? "unlimited" : bytes;
  });
}

/** CPUs that the nearest group with a word on it allows. */
export function cpusOf(files: KernelFiles, { cpuset }: CgroupMembership): Known<number[]> {
  if (!isKnown(cpuset) || cpuset === null) return UNKNOWN;
  const names = cpuset.isV2 ? ["cpuset.cpus.effective"] : ["cpuset.effective_cpus", "cpuset.cpus"];
  for (const directory of cpuset.directories) {
    for (const name of names) {
      const cpus = parseCpuList(files.text(`${directory}/${name}`));
      if (isKnown(cpus) && cpus.length > 0) return cpus;
    }
  }
  return UNKNOWN;
}

/** Times and time that groups were held back for having used up their quota, from cpu.stat. */
export interface Throttling {
  readonly count: number;
  readonly totalNs: number;
}

const STAT_UNITS_NS: Readonly<Record<string, number>> = { throttled_usec: 1000, throttled_time: 1 };

/** Sums over the group and those above it, since boot; zeros where no quota can be set. */
export function readThrottling(files: KernelFiles, cpu: Known<CgroupChain | null>): Known<Throttling> {
  if (!isKnown(cpu)) return UNKNOWN;
  let [count, totalNs] = [0, 0];
  for (const directory of cpu?.directories ?? []) {
    for (const line of files.lines(`${directory}/cpu.stat`)) {
      const [key = "", value = ""] = line.split(" ");
      const number = numberIn(value);
      if (!isKnown(number)) continue;
      if (key === "nr_throttled") count += number;
      totalNs += number * (STAT_UNITS_NS[key] ?? 0);
    }
  }
  return { count, totalNs };
}
