import { isKnown, type Known, UNKNOWN } from "./kernel-files.ts";

/** More CPUs than this are a damaged file, not a machine. */
const MAX_CPUS = 65_536;

/** CPU numbers in the kernel's list format ("0-3,8"; see cpuset(7)), ascending. An empty list is a list. */
export function parseCpuList(text: Known<string>): Known<number[]> {
  if (!isKnown(text)) return UNKNOWN;
  const cpus = new Set<number>();
  for (const part of text.split(",").map((piece) => piece.trim())) {
    if (part === "") continue;
    const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    if (first === undefined) return UNKNOWN;
    const end = Number(last ?? first);
    if (end >= MAX_CPUS) return UNKNOWN;
    for (let cpu = Number(first); cpu <= end; cpu++) cpus.add(cpu);
  }
  return [...cpus].sort((a, b) => a - b);
}
