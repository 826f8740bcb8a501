import {
  closeSync,
  constants as O,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { RunError, UsageError } from "../cli/errors.ts";
import { writeAll } from "./terminal.ts";

/**
 * Where the results go. A plain file is rewritten whole after each step, by way of a temporary name, so that readers never
 * see half of it. A device or a pipe can't be: it gets the last text, once, at the end.
 */
export class OutputFile {
  readonly #target: string;
  /** Open from the start, for a reader takes the first close for the end; null for a plain file. */
  readonly #stream: number | null;
  #lastText: string | null = null;

  /** Checks right away that it can be written. @throws UsageError */
  constructor(readonly path: string) {
    try {
      const existing = statSync(path, { throwIfNoEntry: false });
      if (existing?.isDirectory()) throw new UsageError(`${path} is a directory`, "name a file");
      const isPlainFile = existing?.isFile() ?? true;
      // A link is written through.
      this.#target = existing !== undefined && isPlainFile ? realpathSync(path) : path;
      // Not to wait for a reader that may never come: without one this fails.
      this.#stream = isPlainFile ? null : openSync(path, O.O_WRONLY | O.O_NONBLOCK | O.O_NOCTTY);
      if (isPlainFile) this.#tryToWrite();
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw new UsageError(
        `${path} can't be written: ${reasonOf(error)}`,
        "choose another path for --output-file",
      );
    }
  }

  #temporaryPath(): string {
    return join(dirname(this.#target), `.${basename(this.#target)}.${process.pid}.partial`);
  }

  #tryToWrite(): void {
    const probe = this.#temporaryPath();
    closeSync(openSync(probe, "a", 0o644));
    rmSync(probe, { force: true });
  }

  /** Takes the results so far. @throws RunError */
  write(text: string): void {
    this.#lastText = text;
    if (this.#stream !== null) return;
    const temporary = this.#temporaryPath();
    try {
      writeFileSync(temporary, text);
      renameSync(temporary, this.#target);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw this.#writeError(error);
    }
  }

  /** There is nothing more to come. @throws RunError */
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

/** "no such file or directory" out of "ENOENT: no such file or directory, open '…'". */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^[A-Z0-9]+: /, "").replace(/, \w+ '.*$/, "");
}
