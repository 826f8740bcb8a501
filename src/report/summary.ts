/**
 * The summary that ends a run on stdout: one row per mechanism and test, and below it what else must be known. Cells that
 * can be compared stand together, the best first (`groupsOf` tells the order).
 */

import type { BenchmarkResult } from "../result/schema.ts";
import { settingsInWords } from "../result/settings.ts";
import { wrapped } from "../text/wrap.ts";
import { askedPercentiles, isDoubtful } from "./cells.ts";
import { bold, dim, red } from "./colour.ts";
import { factorNotes, NO_RANK_IN_LINE, queueNote } from "./factor.ts";
import { type Group, groupsOf } from "./groups.ts";
import { launchesNote, namesNotRun, notesOf, SCHEDULE_NOTE, SHAPE_NOTE, unbackedNote } from "./notes.ts";
import { type FittingTable, fittingTable, MEDIAN_HEAD, type Row, rowsOf } from "./summary-columns.ts";

export interface SummaryOptions {
  /** The terminal shows "µ". */
  readonly utf8: boolean;
  readonly colour: boolean;
  /** Width to keep within; more of the figures are shown where there is room. */
  readonly columns: number;
  /** Files that the run wrote, with what they hold: { label: "Final JSON", path: "r.json" }. */
  readonly files: readonly WrittenFile[];
}

export interface WrittenFile {
  readonly label: string;
  readonly path: string;
}

/** The summary of a result, lines ending in "\n". */
export function summaryText(result: BenchmarkResult, options: SummaryOptions): string {
  const groups = groupsOf(result, options.utf8);
  if (groups.length === 0) return ["No results.", ...endLines(result, options)].join("\n").concat("\n");
  const rowsOfGroups = groups.map(({ ranked }) =>
    ranked.flatMap((one) => rowsOf(one, isDoubtful(one.cell) ? "! " : "  ")),
  );
  const table = fittingTable(rowsOfGroups.flat(), askedPercentiles(result), options);
  const lines = [
    ...settingsLines(result, options),
    "",
    ...tableWithTitles(groups, rowsOfGroups, table, options.colour),
    ...paragraph(legendLines(result, groups, table, options)),
    ...paragraph(noteLines(groups, options)),
    ...endLines(result, options),
  ];
  return `${lines.join("\n")}\n`;
}

/** The settings that all share, broken between them only. */
function settingsLines(result: BenchmarkResult, { utf8, columns }: SummaryOptions): string[] {
  const whole = settingsInWords(result.results, utf8).common.map((part) => part.replaceAll(" ", "\u00a0"));
  return wrapped(whole.join(", "), columns, "  ");
}

/** The head, then for each group its title and its rows. */
function tableWithTitles(
  groups: readonly Group[],
  rowsOfGroups: readonly (readonly Row[])[],
  table: FittingTable,
  colour: boolean,
): string[] {
  const [head, ...rest] = table.lines;
  const heading = (line: string) => (colour ? bold(line) : line);
  let next = 0;
  return [
    heading(head!),
    ...groups.flatMap(({ title }, position) => [
      heading(title),
      ...rowsOfGroups[position]!.map((row) => {
        const line = redIf(colour && isDoubtful(row.ranked.cell), rest[next++]!);
        return colour ? line.replace(NO_RANK_IN_LINE, dim) : line;
      }),
    ]),
  ];
}

function redIf(wanted: boolean, line: string): string {
  return wanted ? red(line) : line;
}

/** An empty line and the lines; nothing for none. */
function paragraph(lines: readonly string[]): string[] {
  const some = lines.filter((line) => line !== "");
  return some.length === 0 ? [] : ["", ...some];
}

/** How to read the table. */
function legendLines(
  result: BenchmarkResult,
  groups: readonly Group[],
  table: FittingTable,
  { utf8, columns }: SummaryOptions,
): string[] {
  const cells = groups.flatMap(({ ranked }) => ranked.map(({ cell }) => cell));
  const hidden = [
    ...(table.minAndMean ? [] : ["min", "mean"]),
    ...askedPercentiles(result)
      .filter((percentile) => !table.percentiles.includes(percentile))
      .map((percentile) => `p${percentile}`),
    ...(table.max ? [] : ["max"]),
    ...(table.megabytes ? [] : ["MB/s"]),
    ...(table.inFlight || !cells.some(({ test }) => test === "one-way") ? [] : ["in flight"]),
  ];
  const legend = [
    unbackedNote(table.unbacked, cells),
    cells.some(({ details }) => details?.schedule) ? SCHEDULE_NOTE : null,
    launchesNote(cells, MEDIAN_HEAD, utf8),
    ...factorNotes(groups, utf8),
    queueNote(groups),
    hidden.length > 0 ? `Left out for lack of width: ${hidden.join(", ")}` : null,
    table.shape && cells.some(({ metrics }) => metrics?.latency) ? SHAPE_NOTE : null,
  ];
  return legend.filter((line) => line !== null).flatMap((line) => wrapped(line, columns, "  "));
}

/** Why rows are marked, how many messages that concerns, and what to beware of. */
function noteLines(groups: readonly Group[], { columns, colour, utf8 }: SummaryOptions): string[] {
  return notesOf(groups).flatMap(({ kind, about, text }) => {
    const start = kind === "warning" ? "~" : "!";
    const word = kind === "invalid" ? "invalid: " : "";
    // Findings are worded in ASCII; here they stand below a table that has "µs".
    const shown = utf8 ? text.replace(/(?<=\d )us\b/g, "µs") : text;
    return wrapped(`${start} ${about}: ${word}${shown}`, columns, "    ").map((line) =>
      redIf(colour && kind !== "warning", line),
    );
  });
}

function endLines(result: BenchmarkResult, options: SummaryOptions): string[] {
  const notRun = namesNotRun(result);
  const labelWidth = Math.max(0, ...options.files.map((file) => file.label.length));
  const files = options.files.map((file) => `  ${file.label.padEnd(labelWidth)}  ${file.path}`);
  return [
    ...(notRun.length > 0 ? ["", `Not run: ${notRun.join(", ")}`] : []),
    ...(files.length > 0 ? ["", "Files written:", ...files] : []),
  ];
}
