/** Cells that can be compared with each other, ranked. */

import type { BenchmarkResult } from "../result/schema.ts";
import { cellsOf, centreNs, isDoubtful, occurrences, type ReportCell } from "./cells.ts";
import { settingsInWords } from "./settings.ts";

/** One test under the same settings: its cells differ in the mechanism alone. */
export interface Group {
  /** "one-way", and where the run had several: ", 64 B payload". */
  readonly title: string;
  /** The fastest first. */
  readonly ranked: readonly RankedCell[];
}

export interface RankedCell {
  readonly cell: ReportCell;
  /** "uds", and "uds#2" where the group has it again. */
  readonly name: string;
  /** Its p50 over that of the best; null if it stands alone, failed, is invalid or has none. */
  readonly factor: number | null;
}

/**
 * The cells of a result: one-way before round-trip, then settings in the order in which they were run, then by p50, the
 * least first; cells without samples come last. Factors are against the least p50 of a cell that neither failed nor is
 * invalid.
 */
export function groupsOf(result: BenchmarkResult, utf8: boolean): Group[] {
  const { own } = settingsInWords(result, utf8);
  const byTitle = new Map<string, ReportCell[]>();
  const cells = cellsOf(result);
  for (const test of ["one-way", "round-trip"] as const) {
    for (const cell of cells.filter((candidate) => candidate.test === test)) {
      const title = [test, ...own.get(cell.entry)!].join(", ");
      byTitle.set(title, [...(byTitle.get(title) ?? []), cell]);
    }
  }
  return [...byTitle].map(([title, members]) => ({ title, ranked: rank(members) }));
}

function rank(cells: readonly ReportCell[]): RankedCell[] {
  const times = occurrences(cells.map(({ mechanism }) => mechanism));
  const trusted = cells.filter((cell) => !isDoubtful(cell)).map((cell) => centreNs(cell) ?? Infinity);
  const best = Math.min(...trusted);
  const factorOf = (cell: ReportCell) => {
    const centre = centreNs(cell);
    return cells.length < 2 || isDoubtful(cell) || centre === null || best === 0 ? null : centre / best;
  };
  const order = (cell: ReportCell) => centreNs(cell) ?? Number.MAX_VALUE;
  return cells
    .map((cell, position) => ({
      cell,
      name: times[position] === 1 ? cell.mechanism : `${cell.mechanism}#${times[position]}`,
      factor: factorOf(cell),
    }))
    .toSorted((a, b) => order(a.cell) - order(b.cell));
}
