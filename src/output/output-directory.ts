import { mkdirSync, rmdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { RunError, UsageError } from "../plan/errors.ts";
import { checkWritable, OutputFile } from "../system/output-file.ts";
import { reasonOf } from "../text/reason.ts";

/** Whether a path means a directory: it ends like one, or is one. */
export function isDirectoryPath(path: string): boolean {
  if (/(^|\/)\.{0,2}$/.test(path)) return true;
  try {
    return statSync(path).isDirectory();
  } catch {
    // Nothing is there, or nothing that can be looked at; who opens it says why.
    return false;
  }
}

/** A directory into which files are written as they come up, each like an `OutputFile`. */
export class OutputDirectory {
  readonly #files = new Map<string, OutputFile>();
  readonly #wasMade: boolean;

  /** Makes it if its parent is there, and checks that files can be made in it. @throws UsageError */
  constructor(
    readonly path: string,
    private readonly flag: string,
  ) {
    try {
      this.#wasMade = !isThere(path);
      if (this.#wasMade) mkdirSync(path);
      checkWritable(join(path, "ipc-benchmark"));
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw new UsageError(
        `${path} can't be written: ${reasonOf(error)}`,
        `${flag} creates one directory, not those above it: create them, or choose another path`,
      );
    }
  }

  /** How many files were written. */
  get fileCount(): number {
    return this.#files.size;
  }

  pathOf(name: string): string {
    return join(this.path, name);
  }

  /** Takes what the file of that name should hold now. @throws RunError */
  write(name: string, text: string): void {
    try {
      const file = this.#files.get(name) ?? new OutputFile(this.pathOf(name), this.flag);
      file.write(text);
      this.#files.set(name, file);
    } catch (error) {
      throw error instanceof UsageError ? new RunError(error.message) : error;
    }
  }

  /** Nothing more will come. @throws RunError */
  finish(): void {
    for (const file of this.#files.values()) file.finish();
  }

  /** As if it had never been: for a run that does not start. */
  abandon(): void {
    if (!this.#wasMade) return;
    try {
      rmdirSync(this.path);
    } catch {
      // Somebody else uses it.
    }
  }
}

function isThere(path: string): boolean {
  const existing = statSync(path, { throwIfNoEntry: false });
  if (existing !== undefined && !existing.isDirectory())
    throw new UsageError(`${path} is not a directory`, "use a directory, or a path that does not exist yet");
  return existing !== undefined;
}
