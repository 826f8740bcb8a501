import { writeSync } from "node:fs";
import { RunError } from "../plan/errors.ts";
import { reasonOf } from "../text/reason.ts";
import { obeysEscapes, wantsColour } from "./colour.ts";

const STDOUT = 1;
const STDERR = 2;
const DEFAULT_COLUMNS = 80;

/** Writes all of it, also into a full pipe. @throws what `writeSync` does */
export function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Bun.sleepSync(5);
    }
  }
}

/** A reader that has gone away is no error of ours. */
function write(fd: number, text: string): void {
  try {
    writeAll(fd, text);
  } catch {
    // There is nobody to tell.
  }
}

/** Results, on stdout. Returns what kept them from being written; null if nothing did, or nobody reads any more. */
export function tryWriteText(text: string): RunError | null {
  try {
    writeAll(STDOUT, text);
    return null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EPIPE" || code === "EBADF") return null;
    return new RunError(`standard output can't be written: ${reasonOf(error)}`);
  }
}

/** The same. @throws RunError */
export function writeText(text: string): void {
  const failure = tryWriteText(text);
  if (failure !== null) throw failure;
}

/** Anything longer, on stderr. */
export function writeErrorText(text: string): void {
  write(STDERR, text);
}

/** A diagnostic line, on stderr. */
export function writeLine(line: string): void {
  write(STDERR, `${line}\n`);
}

function isUtf8(): boolean {
  const locale = process.env.LC_ALL || process.env.LC_CTYPE || process.env.LANG || "";
  return /utf-?8/i.test(locale);
}

/** Standard error as a place for progress; `columns` is null where no line can be drawn again. */
export const errorScreen = {
  write: (text: string) => write(STDERR, text),
  columns: () => (process.stderr.isTTY && obeysEscapes(process.env) ? process.stderr.columns || DEFAULT_COLUMNS : null),
  get utf8() {
    return isUtf8();
  },
};

/** Longer lines are hard to read; into shorter ones some words do not fit. */
const [FEWEST_HELP_COLUMNS, MOST_HELP_COLUMNS] = [40, 120];

/** Width of the help: COLUMNS if it is a number, else that of the terminal on stdout, else 80. */
export function helpColumns({ COLUMNS: asked = "" }: NodeJS.ProcessEnv, terminal?: number): number {
  const wanted = /^[1-9]\d{0,4}$/.test(asked) ? Number(asked) : terminal || DEFAULT_COLUMNS;
  return Math.min(MOST_HELP_COLUMNS, Math.max(FEWEST_HELP_COLUMNS, wanted));
}

/** What stdout can show. */
export function terminalOptions(): { utf8: boolean; colour: boolean; columns: number } {
  return {
    utf8: isUtf8(),
    colour: wantsColour(process.stdout.isTTY === true, process.env),
    columns: (process.stdout.isTTY && process.stdout.columns) || DEFAULT_COLUMNS,
  };
}
