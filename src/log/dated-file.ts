import { appendFileSync } from "node:fs";
import { UsageError } from "../plan/errors.ts";
import { quote } from "../text/quote.ts";
import { reasonOf } from "../text/reason.ts";

/** Files to which lines are appended, `<path>.<date>`, a new one for each day. */
export class DatedFile {
  #date: string;

  /** Makes the first one right away. @throws UsageError if it can't be written */
  constructor(
    private readonly path: string,
    date: string,
  ) {
    this.#date = date;
    try {
      this.#write("");
    } catch (error) {
      throw new UsageError(
        `--log-file: ${quote(this.name)} can't be written: ${reasonOf(error)}`,
        "choose another path",
      );
    }
  }

  /** The file that is written now. */
  get name(): string {
    return `${this.path}.${this.#date}`;
  }

  /** Appends to the file of that day; a line that comes late, from the day before, goes to the new one. @throws as writing files */
  append(line: string, date: string): void {
    if (date > this.#date) this.#date = date;
    this.#write(`${line}\n`);
  }

  #write(text: string): void {
    appendFileSync(this.name, text, { mode: 0o644 });
  }
}
