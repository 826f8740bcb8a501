import type { BenchmarkResult } from "../result/schema.ts";

declare global {
  interface JSON {
    /** ECMAScript 2026, in Bun 1.4.5: text that `JSON.stringify` writes as it stands. */
    rawJSON(text: string): unknown;
  }
}

/**
 * The result as the text of the final JSON: two spaces of indentation, a newline at the end, every integer with all
 * its digits, also beyond 2^53.
 *
 * @throws RangeError if a figure is not finite, which JSON can't say and would silently write as null.
 */
export function resultToJson(result: BenchmarkResult): string {
  return `${JSON.stringify(result, writeExactly, 2)}\n`;
}

/** Replacer for `JSON.stringify`: bigints with all their digits, and no figure that JSON can't say. @throws RangeError */
export function writeExactly(key: string, value: unknown): unknown {
  if (typeof value === "bigint") return JSON.rawJSON(value.toString());
  if (typeof value === "number" && !Number.isFinite(value)) throw new RangeError(`${key} is ${value}`);
  return value;
}
