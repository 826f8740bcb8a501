/** `--markdown`: the summary as a table for comments on pull requests. */

import type { BenchmarkResult } from "../result/schema.ts";
import { settingsInWords } from "../result/settings.ts";
import { UNKNOWN } from "../system/kernel-files.ts";
import { amountText, inFlightText, megabytesText, spreadText, timeText } from "../text/units.ts";
import {
  acrossOf,
  askedPercentiles,
  besideOf,
  headlineOf,
  isDoubtful,
  meanShown,
  messagesPerSecond,
  percentileHead,
  type ReportCell,
  shownAt,
  type TableFigures,
} from "./cells.ts";
import { factorNotes, factorWithInterval, queueNote } from "./factor.ts";
import { type Group, groupsOf, type RankedCell } from "./groups.ts";
import { launchesNote, namesNotRun, notesOf, SCHEDULE_NOTE } from "./notes.ts";

/** Behind the name of a percentile that is the median over launches. */
const MEDIAN_HEAD = "median of launches";

interface MarkdownColumn {
  readonly head: string;
  readonly align: "left" | "right";
  readonly text: (ranked: RankedCell, group: Group) => string;
}

/** The result in GitHub's Markdown: a table, what to know of its cells, and where it was measured. */
export function resultToMarkdown(result: BenchmarkResult): string {
  const groups = groupsOf(result, true);
  const parts = [
    "### ipc-benchmark",
    escaped(settingsInWords(result.results, true).common.join(", ")),
    groups.length === 0 ? "No results." : tableOf(groups, askedPercentiles(result)),
    listOf(notesOfRun(result, groups)),
    environmentOf(result),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function tableOf(groups: readonly Group[], percentiles: readonly number[]): string {
  const columns = columnsOf(groups, percentiles);
  const row = (fields: readonly string[]) => `| ${fields.join(" | ")} |`;
  const rows = groups.flatMap((group) =>
    group.ranked.map((ranked) => row(columns.map((column) => escaped(column.text(ranked, group))))),
  );
  return [
    row(columns.map(({ head }) => head)),
    row(columns.map(({ align }) => (align === "left" ? ":--" : "--:"))),
    ...rows,
  ].join("\n");
}

function columnsOf(groups: readonly Group[], percentiles: readonly number[]): MarkdownColumn[] {
  const cells = groups.flatMap(({ ranked }) => ranked);
  const left = (head: string, text: MarkdownColumn["text"]): MarkdownColumn => ({
    head,
    align: "left",
    text,
  });
  const right = (head: string, text: MarkdownColumn["text"]): MarkdownColumn => ({
    head,
    align: "right",
    text,
  });
  const hasLaunches = cells.some(({ cell }) => acrossOf(cell) !== null);
  const time = (ns: number | bigint | null | undefined) => (ns == null ? "-" : timeText(Number(ns), true));
  return [
    left("test", (_, group) => group.title),
    left("ipc", ({ name }) => name),
    right("samples", ({ cell }) => String(cell.metrics?.latency?.total_samples ?? "-")),
    right("min", ({ cell }) => time(cell.metrics?.latency?.min_ns)),
    right("mean", ({ cell }) => meanText(headlineOf(cell))),
    ...percentiles.map((one) =>
      right(percentileHead(one, hasLaunches, MEDIAN_HEAD), ({ cell }) => percentileText(headlineOf(cell), one)),
    ),
    right("max", ({ cell }) => time(cell.metrics?.latency?.max_ns)),
    right("msg/s", ({ cell }) => rateText(cell, amountText)),
    right("MB/s", ({ cell }) =>
      rateText(cell, (messages) => megabytesText(messages * cell.entry.test_config.message_size)),
    ),
    ...(cells.some(({ cell }) => cell.test === "one-way")
      ? [
          right("in flight", ({ cell }) =>
            cell.details?.in_flight == null ? "-" : inFlightText(cell.details.in_flight),
          ),
        ]
      : []),
    ...(cells.some(({ vsBest }) => vsBest !== null)
      ? [right("vs best", ({ vsBest }) => factorWithInterval(vsBest))]
      : []),
    left("verdict", ({ cell }) => verdictText(cell.problem !== null, isDoubtful(cell), cell.verdict?.verdict)),
  ];
}

function meanText(figures: TableFigures | null): string {
  return figures === null ? "-" : timeText(meanShown(figures), true);
}

function percentileText(figures: TableFigures | null, percentile: number): string {
  const shown = figures && shownAt(figures, percentile);
  if (shown === null) return "-";
  return shown.spread ? spreadText(shown.spread, true) : timeText(shown.ns, true);
}

function rateText(cell: ReportCell, textOf: (messages: number) => string): string {
  const rate = messagesPerSecond(cell);
  return rate === null ? "-" : textOf(rate);
}

function verdictText(hasFailed: boolean, isInvalid: boolean, verdict: string | undefined): string {
  return hasFailed ? "failed" : isInvalid ? "invalid" : (verdict ?? "ok");
}

function notesOfRun(result: BenchmarkResult, groups: readonly Group[]): string[] {
  const cells = groups.flatMap(({ ranked }) => ranked.map(({ cell }) => cell));
  const notRun = namesNotRun(result);
  const ofCells = notesOf(groups).map(({ kind, about, text }) => `**${escaped(about)}** ${kind}: ${escaped(text)}`);
  const ofAll = [
    cells.some(({ details }) => details?.schedule) ? SCHEDULE_NOTE : null,
    ...scheduleNotes(groups),
    launchesNote(cells, MEDIAN_HEAD, true),
    ...factorNotes(groups, true),
    queueNote(groups),
    notRun.length > 0 ? `Not run: ${notRun.join(", ")}` : null,
  ];
  return [...ofCells, ...ofAll.filter((note) => note !== null).map(escaped)];
}

/** With a schedule, what the summary shows in rows of its own. */
function scheduleNotes(groups: readonly Group[]): string[] {
  return groups.flatMap(({ title, ranked }) =>
    ranked.flatMap(({ name, cell }) => {
      const texts = besideOf(cell).map(({ name: what, figures }) => {
        // The median is not among the percentiles unless it was asked for.
        const median = [{ percentile: 50, value_ns: figures.median_ns }];
        const p50 = shownAt({ ...figures, percentiles: median }, 50);
        const max = `max ${timeText(Number(figures.max_ns), true)}`;
        return `${what} ${p50 === null ? "" : `p50 ${timeText(p50.ns, true)}, `}${max}`;
      });
      return texts.length === 0 ? [] : [`${name} ${title}: ${texts.join("; ")}`];
    }),
  );
}

function listOf(notes: readonly string[]): string {
  return notes.map((note) => `- ${note}`).join("\n");
}

function environmentOf({ metadata, results }: BenchmarkResult): string {
  const { system_info: system, machine } = metadata;
  const ofMachine = machine && [
    ["CPU", machine.cpu_model],
    ["CPUs used", machine.cpu_relation],
    ["Kernel", machine.kernel_release],
    ["Governor", machine.cpus[0]?.governor ?? UNKNOWN],
    ["Clock source", machine.clock_source],
    ["Hypervisor", machine.hypervisor],
    ["Container", machine.container],
  ];
  const facts = [
    `${system.os} ${system.architecture}, ${system.cpu_cores} CPUs, ${system.memory_gb.toFixed(1)} GB`,
    ...(ofMachine ?? []).filter(([, value]) => value !== UNKNOWN).map(([name, value]) => `${name}: ${value}`),
    `ipc-benchmark ${metadata.version}, Bun ${results[0]?.details.versions.bun ?? UNKNOWN}`,
    `Started ${metadata.timestamp}${metadata.complete ? "" : ", ended early or with failures"}`,
  ];
  const commandLine = results[0]?.details.command_line.join(" ");
  return [
    "<details><summary>Environment</summary>",
    "",
    listOf(facts.map(escaped)),
    ...(commandLine ? [`- Command line: ${codeSpan(commandLine)}`] : []),
    "",
    "</details>",
  ].join("\n");
}

/** Text of others as the text that it is: no markup, no new lines, no end of a table cell. */
function escaped(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/[\\`*_[\]<>|&#@~]/g, (sign) => (/[<>&]/.test(sign) ? entityOf(sign) : `\\${sign}`));
}

function entityOf(sign: string): string {
  return sign === "<" ? "&lt;" : sign === ">" ? "&gt;" : "&amp;";
}

/** Fenced by more backticks than it holds in a row. */
function codeSpan(text: string): string {
  const line = text.replace(/\s+/g, " ");
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  const space = longest > 0 ? " " : "";
  return fence + space + line + space + fence;
}
