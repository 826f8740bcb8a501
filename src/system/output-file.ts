import { closeSync, constants as O, openSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { RunError, UsageError } from "../plan/errors.ts";
import { reasonOf } from "../text/reason.ts";
import { destinationOf } from "./destination.ts";
import { writeAll } from "./terminal.ts";

/**
 * A file that always holds the last text given. A plain file is rewritten whole each time, by way of a temporary name, so
 * that readers never see half of it. A device or a pipe can't be: it gets the last text, once, at the end.
 */
export class OutputFile {
  readonly #target: string;
  /** Open from the start, for a reader takes the first close for the end; null for a plain file. */
  readonly #stream: number | null;
  #lastText: string | null = null;

  /** Checks right away that it can be written. @throws UsageError */
  constructor(
    readonly path: string,
    /** Names the output in messages. */
    flag: string,
  ) {
    try {
      const existing = statSync(path, { throwIfNoEntry: false });
      if (existing?.isDirectory()) throw new UsageError(`${path} is a directory`, "use the path of a file");
      const isPlainFile = existing?.isFile() ?? true;
      this.#target = isPlainFile ? destinationOf(path) : path;
      // Not to wait for a reader that may never come: without one this fails.
      this.#stream = isPlainFile ? null : openSync(path, O.O_WRONLY | O.O_NONBLOCK | O.O_NOCTTY);
      if (isPlainFile) checkWritable(this.#target);
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw new UsageError(`${path} can't be written: ${reasonOf(error)}`, `choose another path for ${flag}`);
    }
  }

  /** Takes the text that the file should hold now. @throws RunError */
  write(text: string): void {
    if (text === this.#lastText) return;
    this.#lastText = text;
    if (this.#stream !== null) return;
    const temporary = temporaryPathFor(this.#target);
    try {
      writeFileSync(temporary, text);
      renameSync(temporary, this.#target);
    } catch (error) {
      this.#lastText = null;
      removeIfPossible(temporary);
      throw this.#writeError(error);
    }
  }

  /** Nothing more will come. @throws RunError */
  finish(): void {
    if (this.#stream === null || this.#lastText === null) return;
    try {
      writeAll(this.#stream, this.#lastText);
      closeSync(this.#stream);
    } catch (error) {
      throw this.#writeError(error);
    }
  }

  #writeError(error: unknown): RunError {
    return new RunError(`${this.path} can't be written: ${reasonOf(error)}`);
  }
}

function temporaryPathFor(target: string): string {
  return join(dirname(target), `.${basename(target)}.${process.pid}.partial`);
}

/** What it comes after is told; `force` alone does not spare the path below something that is no directory any more. */
function removeIfPossible(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Then there is no such file either, or nobody may remove it.
  }
}

/** Tries what a rewrite of `target` will need: a temporary file beside it. @throws what the system says */
export function checkWritable(target: string): void {
  const probe = temporaryPathFor(target);
  closeSync(openSync(probe, "a", 0o644));
  rmSync(probe, { force: true });
}
