/** The columns of the summary, and which of them a terminal has room for. */

import { amountText, inFlightText, megabytesText, spreadText, timeText } from "../text/units.ts";
import {
  besideOf,
  headlineOf,
  meanShown,
  messagesPerSecond,
  percentileHead,
  shownAt,
  spreadAt,
  type TableFigures,
} from "./cells.ts";
import { factorShown } from "./factor.ts";
import type { RankedCell } from "./groups.ts";
import { percentilesByImportance } from "./percentile-columns.ts";
import { shapeText } from "./shape.ts";
import { type Column, tableLines } from "./table.ts";

/** One line of the table: a cell, or with a schedule one of the two that stand beside it. */
export interface Row {
  /** Indented, marked. */
  readonly label: string;
  readonly ranked: RankedCell;
  readonly figures: TableFigures | null;
  /** Service time and lateness have no rates of their own. */
  readonly isHeadline: boolean;
}

/** Behind the name of a percentile that is the median over launches. */
export const MEDIAN_HEAD = "med";

/** The rows of one cell. */
export function rowsOf(ranked: RankedCell, mark: string): Row[] {
  return [
    { label: mark + ranked.name, ranked, figures: headlineOf(ranked.cell), isHeadline: true },
    ...besideOf(ranked.cell).map(({ name, figures }) => ({
      label: `    ${name}`,
      ranked,
      figures,
      isHeadline: false,
    })),
  ];
}

/** Which columns there are. */
interface Layout {
  readonly percentiles: readonly number[];
  /** Percentiles that have their interval behind them, if there are launches. */
  readonly withSpread: readonly number[];
  readonly minAndMean: boolean;
  readonly max: boolean;
  readonly megabytes: boolean;
  readonly inFlight: boolean;
  readonly shape: boolean;
}

export interface FittingTable extends Layout {
  /** The head, then one line per row. */
  readonly lines: readonly string[];
  /** Percentiles shown that some row has too few samples for. */
  readonly unbacked: readonly number[];
}

export interface TableOptions {
  readonly utf8: boolean;
  readonly columns: number;
}

/**
 * The table with as much as fits. First to go are minimum and mean, then the intervals behind all but the most important
 * percentile, messages in flight unless they queue up, the least important percentiles down to three, MB/s, a third percentile,
 * the shape, the maximum, the last interval, messages in flight. Two percentiles stay in any case.
 */
export function fittingTable(rows: readonly Row[], asked: readonly number[], options: TableOptions): FittingTable {
  for (const layout of layoutsOf(asked, rows)) {
    const columns = columnsOf(layout, rows, options.utf8);
    const lines = tableLines(
      columns,
      rows.map((row) => columns.map((column) => column.text(row))),
    );
    if (layout.isLast || Math.max(...lines.map((line) => line.length)) <= options.columns) {
      return { ...layout, lines, unbacked: unbackedIn(rows, layout.percentiles) };
    }
  }
  throw new Error("the last layout is taken whatever its width");
}

function layoutsOf(asked: readonly number[], rows: readonly Row[]): (Layout & { readonly isLast: boolean })[] {
  const important = percentilesByImportance(asked);
  const first = (count: number) => important.slice(0, count).toSorted((a, b) => a - b);
  const hasSpreads = rows.some(({ figures }) => important.some((one) => spreadAt(figures?.spreads ?? null, one)));
  const centre = hasSpreads ? important.slice(0, 1) : [];
  // With a queue, what else the row says can't be read without its length.
  const isQueued = rows.some(({ ranked }) => ranked.cell.details?.ranked_by === "messages_per_second");
  const hasOneWay = rows.some(({ ranked }) => ranked.cell.test === "one-way");
  const everything = { minAndMean: true, max: true, megabytes: true, inFlight: hasOneWay, shape: true };
  const most = { ...everything, minAndMean: false };
  const less = { ...most, inFlight: isQueued };
  const few = { ...less, percentiles: first(2), withSpread: centre, megabytes: false };
  const all = { percentiles: first(Infinity) };
  const counts = important.map((_, index) => important.length - 1 - index).filter((count) => count >= 3);
  const layouts: Layout[] = [
    ...(hasSpreads ? [{ ...everything, ...all, withSpread: important }] : []),
    ...(hasSpreads ? [{ ...most, ...all, withSpread: important }] : []),
    { ...everything, ...all, withSpread: centre },
    { ...most, ...all, withSpread: centre },
    { ...less, ...all, withSpread: centre },
    ...counts.map((count) => ({ ...less, percentiles: first(count), withSpread: centre })),
    { ...less, percentiles: first(3), withSpread: centre, megabytes: false },
    few,
    { ...few, shape: false },
    { ...few, shape: false, max: false },
    { ...few, shape: false, max: false, withSpread: [] },
    { ...few, shape: false, max: false, withSpread: [], inFlight: false },
  ];
  return layouts.map((layout, index) => ({ ...layout, isLast: index === layouts.length - 1 }));
}

interface TextColumn extends Column {
  readonly text: (row: Row) => string;
}

function columnsOf(layout: Layout, rows: readonly Row[], utf8: boolean): TextColumn[] {
  const right = (head: string, text: TextColumn["text"]): TextColumn => ({ head, align: "right", text });
  const left = (head: string, text: TextColumn["text"]): TextColumn => ({ head, align: "left", text });
  const time = (head: string, nsOf: (figures: TableFigures) => number | bigint) =>
    right(head, ({ figures }) => (figures === null ? "-" : timeText(Number(nsOf(figures)), utf8)));
  const hasLaunches = rows.some(({ figures }) => figures?.spreads != null);
  const hasFactors = rows.some(({ ranked }) => ranked.vsBest !== null);
  return [
    left("ipc", (row) => row.label),
    right("samples", ({ figures }) => (figures === null ? "-" : String(figures.samples))),
    ...(layout.minAndMean ? [time("min", ({ min_ns: ns }) => ns), time("mean", meanShown)] : []),
    ...layout.percentiles.map((one) =>
      right(percentileHead(one, hasLaunches, MEDIAN_HEAD), (row) =>
        percentileText(row, one, layout.withSpread.includes(one), utf8),
      ),
    ),
    ...(layout.max ? [time("max", ({ max_ns: ns }) => ns)] : []),
    right("msg/s", (row) => rateText(row, amountText)),
    ...(layout.megabytes
      ? [right("MB/s", (row) => rateText(row, (messages) => megabytesText(messages * messageBytes(row))))]
      : []),
    ...(layout.inFlight ? [right("in flight", inFlightOfRow)] : []),
    ...(hasFactors
      ? [right("vs best", ({ ranked, isHeadline }) => (isHeadline ? factorShown(ranked.vsBest, utf8) : ""))]
      : []),
    ...(layout.shape ? [left("shape", (row) => shapeOfRow(row, utf8))] : []),
  ];
}

function messageBytes({ ranked }: Row): number {
  return ranked.cell.entry.test_config.message_size;
}

function percentileText(row: Row, percentile: number, withSpread: boolean, utf8: boolean): string {
  const shown = row.figures && shownAt(row.figures, percentile);
  if (shown === null) return "-";
  return withSpread && shown.spread ? spreadText(shown.spread, utf8) : timeText(shown.ns, utf8);
}

function unbackedIn(rows: readonly Row[], percentiles: readonly number[]): number[] {
  const isUnbacked = ({ figures }: Row, percentile: number) =>
    figures !== null && shownAt(figures, percentile) === null;
  return percentiles.filter((percentile) => rows.some((row) => isUnbacked(row, percentile)));
}

function rateText({ ranked: { cell }, isHeadline }: Row, textOf: (messages: number) => string): string {
  if (!isHeadline) return "";
  const rate = messagesPerSecond(cell);
  return rate === null ? "-" : textOf(rate);
}

function inFlightOfRow({ ranked: { cell }, isHeadline }: Row): string {
  if (!isHeadline) return "";
  const messages = cell.details?.in_flight;
  return messages == null ? "-" : inFlightText(messages);
}

function shapeOfRow({ ranked, isHeadline }: Row, utf8: boolean): string {
  const { metrics, details } = ranked.cell;
  if (!isHeadline || !metrics?.latency || !details?.latency) return "";
  return shapeText(details.latency, metrics.latency.min_ns, utf8);
}
