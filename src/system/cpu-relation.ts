import { isKnown, type Known, UNKNOWN } from "./kernel-files.ts";
import type { CpuFacts } from "./machine-schema.ts";

/** How close two logical CPUs are, closest first. "same L2" and so on: that is the nearest cache they share. */
export const CPU_RELATIONS = [
  "same CPU",
  "SMT siblings",
  "same L1",
  "same L2",
  "same L3",
  "same L4",
  "same socket",
  "other socket",
] as const;
export type CpuRelation = (typeof CPU_RELATIONS)[number];

const holds = (cpus: Known<readonly number[]>, cpu: number) => isKnown(cpus) && cpus.includes(cpu);

function nearestSharedCache(a: CpuFacts, b: CpuFacts): number | null {
  const levels = a.caches
    .filter(({ type, shared_cpus }) => type !== "Instruction" && holds(shared_cpus, b.cpu))
    .map(({ level }) => level)
    .filter(isKnown);
  return levels.length === 0 ? null : Math.min(...levels);
}

/** How close two CPUs are; unknown where the kernel does not tell. */
export function relationBetween(a: CpuFacts, b: CpuFacts): Known<CpuRelation> {
  if (a.cpu === b.cpu) return "same CPU";
  if (holds(a.smt_siblings, b.cpu)) return "SMT siblings";
  const level = nearestSharedCache(a, b);
  const named = CPU_RELATIONS.find((relation) => relation === `same L${level}`);
  if (named !== undefined) return named;
  if (isKnown(a.package) && isKnown(b.package)) {
    return a.package === b.package ? "same socket" : "other socket";
  }
  return holds(a.package_cpus, b.cpu) ? "same socket" : UNKNOWN;
}

/** The relation of the two CPUs that lie farthest apart; unknown for none, or where one of the relations is. */
export function farthestRelation(cpus: readonly CpuFacts[]): Known<CpuRelation> {
  let farthest = -1;
  for (const [i, a] of cpus.entries()) {
    for (const b of cpus.slice(i)) {
      const relation = relationBetween(a, b);
      if (!isKnown(relation)) return UNKNOWN;
      farthest = Math.max(farthest, CPU_RELATIONS.indexOf(relation));
    }
  }
  return CPU_RELATIONS[farthest] ?? UNKNOWN;
}
