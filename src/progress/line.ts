/** The words of the progress display. Pure. */

import type { MessageCounts } from "../measure/measurement.ts";
import { MECHANISM_NAMES } from "../result/names.ts";
import { counted } from "../text/counted.ts";
import { amountText, bytesText, timeText } from "../text/units.ts";
import type { Phase } from "./cell-state.ts";
import type { ObservedCell } from "./observer.ts";

/** Two percentiles, ns; null where too few samples lie beyond one. */
export interface MiddleAndTail {
  readonly p50Ns: number | null;
  readonly p99Ns: number | null;
}

/** What the line that is redrawn shows. */
export interface ProgressFigures {
  readonly phase: Phase;
  /** 0 to 1; null where nothing tells. */
  readonly share: number | null;
  /** Messages a second, over the last moments; null before the first two looks. */
  readonly ratePerSecond: number | null;
  /** Of the cell so far; null before the first message. */
  readonly latency: MiddleAndTail | null;
  /** Of the whole run, estimated; null where nothing tells. */
  readonly leftMs: number | null;
}

/** How a cell ended. */
export interface CellEnd {
  readonly counts: Pick<MessageCounts, "sent" | "received" | "lost">;
  readonly ratePerSecond: number | null;
  /** null if nothing was recorded. */
  readonly latency: MiddleAndTail | null;
  /** null if it went well. */
  readonly failure: string | null;
}

/** "[3/8] uds async round-trip 1 KiB", and "launch 2/6" where there are several. */
export function cellText(cell: ObservedCell): string {
  const launch = cell.launches > 1 ? ` launch ${cell.launch}/${cell.launches}` : "";
  const flag = MECHANISM_NAMES[cell.mechanism].flag;
  const place = cell.total === 0 ? `${cell.number}` : `${cell.number}/${cell.total}`;
  return `[${place}] ${flag} ${cell.mode} ${cell.test} ${bytesText(cell.messageBytes)}${launch}`;
}

/** A length of time for a countdown: "8s", "3m05s", "2h10m". */
export function leftText(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  const two = (number: number) => String(number).padStart(2, "0");
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  return `${Math.floor(seconds / 3600)}h${two(Math.floor((seconds % 3600) / 60))}m`;
}

function percentileTexts(latency: MiddleAndTail | null, utf8: boolean): string[] {
  if (latency === null) return [];
  const textOf = (ns: number | null) => (ns === null ? "-" : timeText(ns, utf8));
  return [`p50 ${textOf(latency.p50Ns)}`, `p99 ${textOf(latency.p99Ns)}`];
}

/** One line for a terminal of so many columns; what matters least is left out where it is narrow. */
export function progressLine(
  cell: ObservedCell,
  figures: ProgressFigures,
  { columns, utf8 }: { columns: number; utf8: boolean },
): string {
  const { phase, share, ratePerSecond, leftMs } = figures;
  const parts = [
    cellText(cell),
    phase === "measuring" && share !== null ? `${Math.floor(share * 100)} %` : phase,
    ...(ratePerSecond === null ? [] : [`${amountText(ratePerSecond)}/s`]),
    ...percentileTexts(figures.latency, utf8),
    ...(leftMs === null ? [] : [`${leftText(leftMs)} left`]),
  ];
  let line = parts.join("  ");
  // Not into the last column, where some terminals wrap.
  while (line.length >= columns && parts.length > 2) {
    parts.splice(-2, 1);
    line = parts.join("  ");
  }
  return line.slice(0, Math.max(0, columns - 1));
}

/** One line that stays, when a cell has ended. */
export function cellEndLine(cell: ObservedCell, end: CellEnd, utf8: boolean): string {
  const { sent, received, lost } = end.counts;
  // Where nobody told what had come, it is what went.
  const count = lost === null ? sent : received;
  const messages = counted(count, "message");
  if (end.failure !== null) return `${cellText(cell)}: failed after ${messages}`;
  const rate = end.ratePerSecond === null ? [] : [`${amountText(end.ratePerSecond)}/s`];
  return `${cellText(cell)}: ${[messages, ...rate, ...percentileTexts(end.latency, utf8)].join(", ")}`;
}
