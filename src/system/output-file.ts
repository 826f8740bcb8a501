import { closeSync, openSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { RunError, UsageError } from "../cli/errors.ts";

/** A file that is rewritten whole, each time by way of a temporary name, so that readers never see half of it. */
export class OutputFile {
  readonly #target: string;
  readonly #isPlainFile: boolean;

  /** Checks right away that it can be written. @throws UsageError */
  constructor(readonly path: string) {
    const existing = statSync(path, { throwIfNoEntry: false });
    if (existing?.isDirectory()) throw new UsageError(`${path} is a directory`, "name a file");
    // A link is written through; a device or a pipe can't be replaced by a rename.
    this.#target = existing === undefined ? path : realpathSync(path);
    this.#isPlainFile = existing?.isFile() ?? true;
    this.#tryToWrite();
  }

  #temporaryPath(): string {
    return join(dirname(this.#target), `.${basename(this.#target)}.${process.pid}.partial`);
  }

  #tryToWrite(): void {
    const probe = this.#isPlainFile ? this.#temporaryPath() : this.#target;
    try {
      closeSync(openSync(probe, "a", 0o644));
    } catch (error) {
      throw new UsageError(
        `${this.path} can't be written: ${reasonOf(error)}`,
        "choose another path for --output-file",
      );
    }
    if (this.#isPlainFile) rmSync(probe, { force: true });
  }

  /** @throws RunError */
  write(text: string): void {
    const to = this.#isPlainFile ? this.#temporaryPath() : this.#target;
    try {
      writeFileSync(to, text);
      if (this.#isPlainFile) renameSync(to, this.#target);
    } catch (error) {
      if (this.#isPlainFile) rmSync(to, { force: true });
      throw new RunError(`${this.path} can't be written: ${reasonOf(error)}`);
    }
  }
}

/** "no such file or directory" out of "ENOENT: no such file or directory, open '…'". */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^[A-Z0-9]+: /, "").replace(/, \w+ '.*$/, "");
}
