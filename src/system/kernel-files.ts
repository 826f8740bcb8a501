import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What stands where something could not be read; never a default. */
export const UNKNOWN = "unknown";
export type Unknown = typeof UNKNOWN;
export type Known<T> = T | Unknown;

export function isKnown<T>(value: Known<T>): value is T {
  return value !== UNKNOWN;
}

/**
 * The kernel's small text files under /proc and /sys, below a root that tests put elsewhere. Nothing here throws: a file
 * that is missing, forbidden or odd reads as unknown.
 */
export class KernelFiles {
  constructor(readonly root = "/") {}

  /** Contents without the white space and NULs around it. */
  text(path: string): Known<string> {
    try {
      return readFileSync(join(this.root, path), "utf8").replaceAll("\0", " ").trim();
    } catch {
      return UNKNOWN;
    }
  }

  /** None where the file can't be read. */
  lines(path: string): string[] {
    const text = this.text(path);
    return isKnown(text) && text !== "" ? text.split("\n") : [];
  }

  number(path: string): Known<number> {
    return numberIn(this.text(path));
  }

  bytes(path: string): Known<Buffer> {
    try {
      return readFileSync(join(this.root, path));
    } catch {
      return UNKNOWN;
    }
  }

  /** Names in a directory, sorted; none where it can't be read. */
  names(path: string): string[] {
    try {
      return readdirSync(join(this.root, path)).sort();
    } catch {
      return [];
    }
  }

  has(path: string): boolean {
    return existsSync(join(this.root, path));
  }
}

/** The number that a text is, all of it. */
export function numberIn(text: string): Known<number> {
  if (!/^-?\d+(\.\d+)?$/.test(text)) return UNKNOWN;
  return Number(text);
}

/** The first of several readings that is known and not empty. */
export function firstKnown(...readings: readonly Known<string>[]): Known<string> {
  return readings.find((reading) => reading !== UNKNOWN && reading !== "") ?? UNKNOWN;
}
