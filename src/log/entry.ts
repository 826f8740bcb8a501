/** One line of the log, before it is text. */

import type { LogLevel } from "../plan/run-plan.ts";

/** The process that says it. */
export type Speaker = "orchestrator" | "server" | "client" | `client ${number}`;

export interface LogEntry {
  readonly level: "error" | LogLevel;
  /** Whole µs since the epoch, exact in a double. */
  readonly timeUs: number;
  readonly text: string;
}

/** Wall clock, whole µs since the epoch. */
export function nowUs(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000);
}

/** "2026-08-10": the UTC day of a moment. */
export function dateOf(timeUs: number): string {
  return new Date(Math.floor(timeUs / 1000)).toISOString().slice(0, "yyyy-mm-dd".length);
}

/** "2026-08-10T12:34:56.123456Z INFO server: listens at /tmp/x.sock", without a line end, whatever the text holds. */
export function lineOf({ level, timeUs, text }: LogEntry, speaker: string): string {
  const toTheSecond = new Date(Math.floor(timeUs / 1000)).toISOString().slice(0, "yyyy-mm-ddThh:mm:ss".length);
  const micros = String(timeUs % 1_000_000).padStart(6, "0");
  const plain = text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
  return `${toTheSecond}.${micros}Z ${level.toUpperCase()} ${speaker}: ${plain}`;
}
