/** The summary that ends a run on stdout: one row per mechanism and test, and below it what else must be known. */

import { colors } from "consola/utils";
import type { Test } from "../cli/plan.ts";
import { distinctNames, namesOfVariant } from "../result/names.ts";
import type { BenchmarkResult, MechanismResult, PerformanceMetrics } from "../result/schema.ts";
import type { TestDetails } from "../result/schema-details.ts";
import { faultsInWords } from "../result/verdict.ts";
import { isBacked, SAMPLES_NEEDED_BEYOND } from "../stats/histogram.ts";
import { percentilesByImportance } from "./percentile-columns.ts";
import { type Column, tableLines } from "./table.ts";
import { amountText, bytesText, timeText } from "./units.ts";

export interface SummaryOptions {
  /** The terminal shows "µ". */
  readonly utf8: boolean;
  readonly colour: boolean;
  /** Width to keep within; more of the percentiles asked for are shown where there is room. */
  readonly columns: number;
  /** Files that the run wrote, with what they hold: { label: "Final JSON", path: "r.json" }. */
  readonly files: readonly WrittenFile[];
}

export interface WrittenFile {
  readonly label: string;
  readonly path: string;
}

/** One line of the table, before it is text. */
interface Row {
  /** "uds", and "uds#2" when it ran again. */
  readonly name: string;
  readonly mode: string;
  readonly test: Test;
  readonly metrics: PerformanceMetrics | null;
  readonly details: TestDetails | undefined;
  /** null if the test succeeded. */
  readonly problem: string | null;
}

/** The summary of a result, lines ending in "\n". */
export function summaryText(result: BenchmarkResult, options: SummaryOptions): string {
  const rows = rowsOf(result);
  if (rows.length === 0) return ["No results.", ...endLines(result, options)].join("\n").concat("\n");
  const table = fittingTable(rows, askedPercentiles(result), options);
  const lines = [
    ...headingLines(result, options),
    ...table.lines.map((line, position) => coloured(line, rows[position - 1], options.colour)),
    ...noteLines(table.hasUnbacked),
    ...problemLines(rows, options.colour),
    ...bestLines(result),
    ...endLines(result, options),
  ];
  return `${lines.join("\n")}\n`;
}

function rowsOf(result: BenchmarkResult): Row[] {
  const names = distinctNames(result.results.map((entry) => namesOfVariant(entry.mechanism).flag));
  return result.results.flatMap((entry, position) => {
    const name = names[position]!.replace(/ \((\d+)\)$/, "#$1");
    const tests: Test[] = [];
    if (entry.test_config.one_way_enabled) tests.push("one-way");
    if (entry.test_config.round_trip_enabled) tests.push("round-trip");
    return tests.map((test) => rowOf(entry, name, test));
  });
}

function rowOf(entry: MechanismResult, name: string, test: Test): Row {
  const details = entry.details.tests.find((candidate) => candidate.test === test);
  return {
    name,
    mode: entry.details.mode,
    test,
    metrics: test === "one-way" ? entry.one_way_results : entry.round_trip_results,
    details,
    problem: details === undefined ? "not run" : details.failure,
  };
}

function askedPercentiles(result: BenchmarkResult): number[] {
  return result.results.flatMap((entry) => entry.test_config.percentiles);
}

/** "1 KiB messages, 10000 per test", where that holds for all the rows. */
function headingLines(result: BenchmarkResult, options: SummaryOptions): string[] {
  const headings = result.results.map(({ test_config: config }) => {
    const time = config.duration && config.duration.secs * 1e9 + config.duration.nanos;
    const extent = time === null ? `${config.msg_count}` : timeText(time, options.utf8);
    return `${bytesText(config.message_size)} messages, ${extent} per test`;
  });
  return new Set(headings).size === 1 ? [headings[0]!, ""] : [];
}

/** The table with as many percentiles as fit, the two most important ones in any case. */
function fittingTable(rows: readonly Row[], asked: readonly number[], options: SummaryOptions) {
  const byImportance = percentilesByImportance(asked);
  for (let shown = byImportance.length; ; shown--) {
    const percentiles = byImportance.slice(0, shown).toSorted((a, b) => a - b);
    const cells = rows.map((row) => cellsOf(row, percentiles, rows, options.utf8));
    const lines = tableLines(columnsOf(percentiles), cells);
    if (shown <= 2 || Math.max(...lines.map((line) => line.length)) <= options.columns) {
      return { lines, hasUnbacked: rows.some((row) => unbackedAmong(row, percentiles)) };
    }
  }
}

function columnsOf(percentiles: readonly number[]): Column[] {
  const words = ["ipc", "mode", "test"].map((head): Column => ({ head, align: "left" }));
  const figures = ["messages", ...percentiles.map((percentile) => `p${percentile}`), "max", "msg/s", "MB/s"];
  return [...words, ...figures.map((head): Column => ({ head, align: "right" }))];
}

function cellsOf(row: Row, percentiles: readonly number[], all: readonly Row[], utf8: boolean): string[] {
  const latency = row.metrics?.latency ?? null;
  const throughput = row.metrics?.throughput ?? null;
  const hasRates = throughput !== null && throughput.duration_ns > 0;
  const mark = all.every((other) => other.problem === null) ? "" : row.problem === null ? "  " : "! ";
  return [
    mark + row.name,
    row.mode,
    row.test,
    throughput === null ? "-" : String(throughput.total_messages),
    ...percentiles.map((percentile) => percentileCell(latency, percentile, utf8)),
    latency === null ? "-" : timeText(Number(latency.max_ns), utf8),
    hasRates ? amountText(throughput.messages_per_second) : "-",
    hasRates ? amountText(throughput.bytes_per_second / 1e6) : "-",
  ];
}

function percentileCell(latency: PerformanceMetrics["latency"], percentile: number, utf8: boolean): string {
  const value = latency?.percentiles.find((entry) => entry.percentile === percentile)?.value_ns;
  if (latency === null || value === undefined) return "-";
  return isBacked(percentile, BigInt(latency.total_samples)) ? timeText(Number(value), utf8) : "-";
}

function unbackedAmong(row: Row, percentiles: readonly number[]): boolean {
  const latency = row.metrics?.latency ?? null;
  return (
    latency !== null && percentiles.some((percentile) => !isBacked(percentile, BigInt(latency.total_samples)))
  );
}

/** Head bold, failed rows red. Lines, not cells, so that widths are those of the text. */
function coloured(line: string, row: Row | undefined, colour: boolean): string {
  if (!colour) return line;
  if (row === undefined) return colors.bold(line);
  return row.problem === null ? line : colors.red(line);
}

function noteLines(hasUnbacked: boolean): string[] {
  return hasUnbacked ? ["", `-  fewer than ${SAMPLES_NEEDED_BEYOND} samples lie beyond this percentile`] : [];
}

/** Why rows are marked, and how many messages that concerns. */
function problemLines(rows: readonly Row[], colour: boolean): string[] {
  const lines = rows
    .filter((row) => row.problem !== null)
    .map((row) => `! ${row.name} ${row.test}: ${row.problem}${countsText(row)}`)
    .map((line) => (colour ? colors.red(line) : line));
  return lines.length === 0 ? [] : ["", ...lines];
}

/** Counts of messages, where they are not as they should be and the problem doesn't name them already. */
function countsText({ details, problem }: Row): string {
  if (details === undefined) return "";
  const { sent, received } = details.counts;
  const faults = faultsInWords(details.counts);
  if ((sent === received && faults === "") || (faults !== "" && problem?.includes(faults))) return "";
  return ` (${sent} sent, ${received} received${faults && `, ${faults}`})`;
}

/** Only where there is something to choose from. */
function bestLines(result: BenchmarkResult): string[] {
  const { mechanisms, fastest_mechanism: fastest, lowest_latency_mechanism: lowest } = result.summary;
  if (Object.keys(mechanisms).length < 2 || fastest === null || lowest === null) return [];
  return ["", `Highest throughput: ${fastest}; lowest latency: ${lowest}`];
}

function endLines(result: BenchmarkResult, options: SummaryOptions): string[] {
  const notRun = result.metadata.mechanisms_not_run.map((variant) => namesOfVariant(variant).display);
  const labelWidth = Math.max(0, ...options.files.map((file) => file.label.length));
  const files = options.files.map((file) => `  ${file.label.padEnd(labelWidth)}  ${file.path}`);
  return [
    ...(notRun.length > 0 ? ["", `Not run: ${notRun.join(", ")}`] : []),
    ...(files.length > 0 ? ["", "Files written:", ...files] : []),
  ];
}
