import { readFileSync, statSync } from "node:fs";
import { UsageError } from "../../plan/errors.ts";
import { quote } from "../../text/quote.ts";
import { reasonOf } from "../../text/reason.ts";
import { flagName } from "../flag.ts";
import { FLAGS } from "../flags.ts";

/** Far more than all flags need. */
const MAX_BYTES = 64 * 1024;

/** The text of a configuration file. @throws UsageError */
export function readConfigText(path: string): string {
  const refusal = (reason: string) =>
    new UsageError(`${flagName(FLAGS.config)} ${quote(path)} can't be read: ${reason}`, "use a TOML or JSON file");
  let bytes: Uint8Array;
  try {
    const file = statSync(path);
    if (!file.isFile()) throw refusal(`it is ${file.isDirectory() ? "a directory" : "not a regular file"}`);
    if (file.size > MAX_BYTES) throw refusal(`it has ${file.size} bytes, at most ${MAX_BYTES} are allowed`);
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw refusal(reasonOf(error));
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw refusal("it is not UTF-8 text");
  }
}
