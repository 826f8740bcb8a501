import { type ConsolaInstance, type ConsolaReporter, createConsola, LogLevels } from "consola/core";
import type { LogLevel, LogPlan } from "../plan/run-plan.ts";
import { writeLine } from "../system/terminal.ts";
import { reasonOf } from "../text/reason.ts";
import { DatedFile } from "./dated-file.ts";
import { dateOf, type LogEntry, lineOf, nowUs, type Speaker } from "./entry.ts";

/** What a process tells of its doings. Nothing is written while messages are measured: a role says it before or after. */
export interface Log {
  /** null: everything said is dropped. */
  readonly level: LogLevel | null;
  error(text: string): void;
  info(text: string): void;
  debug(text: string): void;
  trace(text: string): void;
}

/** The one place to which all logs of a run come. */
export interface RunLog extends Log {
  /** Takes what a role has said, at the time at which it was said. */
  take(speaker: Speaker, entry: LogEntry): void;
  /** The log file written last; null if there is none. */
  readonly file: string | null;
}

/** Drops everything. */
export const NO_LOG: RunLog = { ...logOf(null, null), take: () => {}, file: null };

/** The orchestrator's log. Files are opened right away. @throws UsageError if that fails */
export function openLog(plan: LogPlan | null): RunLog {
  if (plan === null) return NO_LOG;
  const file = plan.file === null ? null : new DatedFile(plan.file, dateOf(nowUs()));
  const consola = consolaOf(plan.level, (entry, speaker) => write(file, lineOf(entry, speaker), entry.timeUs));
  const own = consola.withTag("orchestrator");
  return {
    ...logOf(plan.level, own),
    take: (speaker, { level, text, timeUs }) => consola.withTag(speaker)[level](text, timeUs),
    get file() {
      return file?.name ?? null;
    },
  };
}

/** A role's log: `send` brings its entries to the orchestrator. */
export function roleLog(level: LogLevel | null, send: (entry: LogEntry) => void): Log {
  return logOf(level, level === null ? null : consolaOf(level, send));
}

/** A log file that can't be written any more must not end the run; it is said once. */
let hasComplained = false;

function write(file: DatedFile | null, line: string, timeUs: number): void {
  if (file === null) {
    writeLine(line);
    return;
  }
  try {
    file.append(line, dateOf(timeUs));
  } catch (error) {
    if (hasComplained) return;
    hasComplained = true;
    writeLine(`ipc-benchmark: the log ${file.name} can't be written: ${reasonOf(error)}`);
  }
}

function consolaOf(level: LogLevel, write: (entry: LogEntry, speaker: string) => void): ConsolaInstance {
  const reporter: ConsolaReporter = {
    log({ type, tag, args }) {
      const [text, timeUs] = args as [string, number];
      write({ level: type as LogEntry["level"], timeUs, text }, tag);
    },
  };
  // Without the throttle, which would leave out what is said several times.
  return createConsola({ level: LogLevels[level], reporters: [reporter], throttle: 0, formatOptions: {} });
}

function logOf(level: LogLevel | null, consola: ConsolaInstance | null): Log {
  return {
    level,
    error: (text) => consola?.error(text, nowUs()),
    info: (text) => consola?.info(text, nowUs()),
    debug: (text) => consola?.debug(text, nowUs()),
    trace: (text) => consola?.trace(text, nowUs()),
  };
}
