const UNITS_NS = [
  ["h", 3_600_000_000_000n],
  ["m", 60_000_000_000n],
  ["s", 1_000_000_000n],
  ["ms", 1_000_000n],
  ["us", 1_000n],
] as const;

const GRAMMAR = /^(\d*)(?:\.(\d*))?(us|ms|s|m|h)?$/;

/** Longer than any sensible duration; keeps the exact arithmetic cheap. */
const MAX_TEXT_LENGTH = 64;

/** 100 days, in ns: the longest duration whose every nanosecond is exact in a double. */
export const MAX_DURATION_NS = 100 * 24 * 3_600_000_000_000;

/**
 * Nanoseconds of a duration such as `500us`, `10ms`, `1.5s`, `2m`, `1h` or `3` (seconds), rounded to the nearest
 * nanosecond; null for any other text, for more than `MAX_DURATION_NS`, and for what is not zero but rounds to it.
 */
export function parseDurationNs(text: string): number | null {
  const trimmed = text.trim();
  if (trimmed.length > MAX_TEXT_LENGTH) return null;
  const match = GRAMMAR.exec(trimmed);
  if (match === null) return null;
  const [, whole = "", fraction = "", suffix = "s"] = match;
  if (whole === "" && fraction === "") return null;

  const unitNs = UNITS_NS.find(([name]) => name === suffix)![1];
  const digits = BigInt(whole + fraction);
  const scale = 10n ** BigInt(fraction.length);
  const durationNs = (digits * unitNs + scale / 2n) / scale;
  if (durationNs > BigInt(MAX_DURATION_NS) || (durationNs === 0n && digits !== 0n)) return null;
  return Number(durationNs);
}

/** The shortest exact text of a whole number of nanoseconds; `parseDurationNs` reads the same number back. */
export function formatDurationNs(durationNs: number): string {
  const exactNs = BigInt(durationNs);
  if (exactNs === 0n) return "0s";
  const unit = UNITS_NS.find(([, unitNs]) => exactNs % unitNs === 0n);
  if (unit !== undefined) return `${exactNs / unit[1]}${unit[0]}`;
  const fraction = String(exactNs % 1000n)
    .padStart(3, "0")
    .replace(/0+$/, "");
  return `${exactNs / 1000n}.${fraction}us`;
}
