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

const SHARES = new Set<keyof UsageFigures>(["cpu_pressure_share", "steal_share"]);

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

function merged(
  parts: readonly UsageFigures[],
  figureOf: (key: keyof UsageFigures, values: readonly Known<number>[]) => Known<number>,
): UsageFigures | null {
  const [first] = parts;
  if (first === undefined) return null;
  const keys = Object.keys(first) as (keyof UsageFigures)[];
  const figures = keys.map((key) => [
    key,
    figureOf(
      key,
      parts.map((part) => part[key]),
    ),
  ]);
  return Object.fromEntries(figures) as UsageFigures;
}

/** What several processes cost at the same time, and the worst that disturbed any of them; null of none. */
export function mergeUsage(parts: readonly UsageFigures[]): UsageFigures | null {
  return merged(parts, (key, values) => {
    const known = values.filter(isKnown);
    if (known.length === 0) return UNKNOWN;
    return SHARED.has(key) ? Math.max(...known) : sum(known);
  });
}

/** What windows one after the other cost in all; shares are of all of them together. null of none. */
export function addUsage(parts: readonly UsageFigures[]): UsageFigures | null {
  const windowsNs = parts.map((part) => part.window_ns);
  return merged(parts, (key, values) => {
    // A sum of what is known would pass for the whole.
    if (!values.every(isKnown)) return UNKNOWN;
    if (!SHARES.has(key)) return sum(values);
    const inAllNs = sum(windowsNs);
    return inAllNs === 0 ? UNKNOWN : sum(values.map((share, i) => share * windowsNs[i]!)) / inAllNs;
  });
}
