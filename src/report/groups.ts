/** Cells that can be compared with each other, ranked. */

import { betterOf, rankedFigure } from "../result/ranking.ts";
import type { BenchmarkResult } from "../result/schema.ts";
import type { RankedBy, VsBest } from "../result/schema-details.ts";
import { settingsInWords } from "../result/settings.ts";
import { cellsOf, isDoubtful, messagesPerSecond, occurrences, type ReportCell } from "./cells.ts";

/** One test under the same settings: its cells differ in the mechanism alone. */
export interface Group {
  /** "one-way", and where the run had several: ", 64 B payload". */
  readonly title: string;
  /** null where nothing was run. */
  readonly rankedBy: RankedBy | null;
  /** The best figure first. */
  readonly ranked: readonly RankedCell[];
}

export interface RankedCell {
  readonly cell: ReportCell;
  /** "uds", and "uds#2" where the group has it again. */
  readonly name: string;
  /** Its figure over the best one; null if it stands alone, failed, is invalid or has none. */
  readonly vsBest: VsBest | null;
}

/**
 * The cells of a result: one-way before round-trip, then settings in the order in which they were run, then by what the group
 * is ranked by, the best first; cells without that figure come last.
 */
export function groupsOf(result: BenchmarkResult, utf8: boolean): Group[] {
  const { own } = settingsInWords(result.results, utf8);
  const cells = cellsOf(result);
  return (["one-way", "round-trip"] as const).flatMap((test) => {
    const titled = cells
      .filter((cell) => cell.test === test)
      .map((cell) => ({ cell, title: [test, ...own.get(cell.entry)!].join(", ") }));
    return [...Map.groupBy(titled, ({ title }) => title)].map(([title, members]) =>
      groupOf(
        title,
        members.map(({ cell }) => cell),
      ),
    );
  });
}

function groupOf(title: string, cells: readonly ReportCell[]): Group {
  const times = occurrences(cells.map(({ mechanism }) => mechanism));
  const rankedBy = cells.find(({ details }) => details !== undefined)?.details?.ranked_by ?? null;
  const order = ({ entry, details }: ReportCell) => {
    const figure = details && rankedBy && rankedFigure(rankedBy, { entry, details });
    if (figure == null) return Number.MAX_VALUE;
    return betterOf(rankedBy!) === "less" ? figure : -figure;
  };
  const ranked = cells
    .map((cell, position) => ({
      cell,
      name: times[position] === 1 ? cell.mechanism : `${cell.mechanism}#${times[position]}`,
      vsBest: cell.details?.vs_best ?? null,
    }))
    .toSorted((a, b) => order(a.cell) - order(b.cell));
  return { title, rankedBy, ranked };
}

/**
 * A rate at which messages find no queue, where messages queue up: a tenth of what the slowest mechanism of those groups can do, in
 * messages/s. null where none do.
 */
export function rateWithoutQueue(groups: readonly Group[]): number | null {
  const rates = groups
    .filter(({ rankedBy }) => rankedBy === "messages_per_second")
    .flatMap(({ ranked }) => ranked.filter(({ cell }) => !isDoubtful(cell)))
    .map(({ cell }) => messagesPerSecond(cell))
    .filter((rate) => rate !== null);
  if (rates.length === 0) return null;
  const tenth = Math.min(...rates) / 10;
  const step = 10 ** (Math.floor(Math.log10(tenth)) - 1);
  return Number((Math.floor(tenth / step) * step).toPrecision(2));
}
