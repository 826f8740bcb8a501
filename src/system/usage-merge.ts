import { isKnown, type Known, UNKNOWN } from "./kernel-files.ts";
import type { UsageFigures } from "./usage-schema.ts";

/** Of the whole machine or its control group: every process saw the same. */
const SHARED = new Set<keyof UsageFigures>([
  "window_ns",
  "throttled_count",
  "throttled_ns",
  "cpu_pressure_share",
  "steal_share",
  "interrupts",
]);

/** What several processes cost together, and the worst that disturbed any of them; null of none. */
export function mergeUsage(parts: readonly UsageFigures[]): UsageFigures | null {
  const first = parts[0];
  if (first === undefined) return null;
  const merged = Object.keys(first).map((name) => {
    const key = name as keyof UsageFigures;
    const values: Known<number>[] = parts.map((part) => part[key]);
    const known = values.filter(isKnown);
    if (known.length === 0) return [key, UNKNOWN];
    return [key, SHARED.has(key) ? Math.max(...known) : known.reduce((total, value) => total + value, 0)];
  });
  return Object.fromEntries(merged) as UsageFigures;
}
