import { UsageError } from "../../plan/errors.ts";
import type { RunPlan } from "../../plan/run-plan.ts";
import { quote } from "../../text/quote.ts";
import { flagName } from "../flag.ts";
import { FLAGS, type GivenFlags } from "../flags.ts";
import { readFlags } from "../given.ts";
import { planRun } from "../parse.ts";
import { tokenise } from "../tokens.ts";
import { readDocument } from "./document.ts";
import { ConfigFault } from "./fault.ts";
import { type Combination, combinations } from "./matrix.ts";
import { fieldsOf } from "./schema.ts";

export interface ParsedRun {
  /** At least one; to be run one after the other. All agree on what concerns the whole run. */
  readonly plans: readonly RunPlan[];
  /** Print the plans instead of running them. */
  readonly dryRun: boolean;
  /** What the user should know beside the plans, one line each, without colour. */
  readonly notices: readonly string[];
}

/**
 * The plans that a command line asks for, with its configuration file if it names one. `argv` holds the arguments without the
 * program's name, among them neither help nor version nor a subcommand. Throws `UsageError`.
 * @param readText the text of the file at a path
 */
export function plansOf(
  argv: readonly string[],
  platform: NodeJS.Platform,
  readText: (path: string) => string,
): ParsedRun {
  const given = readFlags(tokenise(argv));
  const found = given.config === undefined ? [{ given, shown: "" }] : fromFile(given.config, given, readText);
  const parsed = found.map((one) => planOf(one, given.config ?? null, argv, platform));
  refuseSeveralServers(parsed.map(({ plan }) => plan));
  return {
    plans: parsed.map(({ plan }) => plan),
    dryRun: found[0]!.given.dryRun ?? false,
    notices: [...new Set(parsed.flatMap(({ notices }) => notices))],
  };
}

/** What the clients of a server measure is their choice: it makes no list of it. */
function refuseSeveralServers(plans: readonly RunPlan[]): void {
  if (plans.length === 1 || plans[0]?.standalone?.side !== "server") return;
  throw new UsageError(
    `${flagName(FLAGS.server)} takes one configuration, but the lists in the file make ${plans.length}`,
    "use single values, or leave out what the client decides",
  );
}

function fromFile(path: string, given: GivenFlags, readText: (path: string) => string): Combination[] {
  const text = readText(path).replace(/^\uFEFF/, "");
  try {
    const settings = readDocument(text, path.toLowerCase().endsWith(".json") ? "json" : "toml");
    return combinations(fieldsOf(settings), given);
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${quote(path)}: ${error.message}`, error.hint);
    if (!(error instanceof ConfigFault)) throw error;
    throw new UsageError(`${quote(path)} line ${error.line}: ${error.message}`, error.hint);
  }
}

function planOf(
  { given, shown }: Combination,
  config: string | null,
  argv: readonly string[],
  platform: NodeJS.Platform,
) {
  try {
    return planRun(given, argv, platform);
  } catch (error) {
    if (config === null || !(error instanceof UsageError)) throw error;
    const where = shown === "" ? "" : ` and ${shown.length > 120 ? `${shown.slice(0, 119)}…` : shown}`;
    throw new UsageError(`with ${quote(config)}${where}: ${error.message}`, error.hint);
  }
}
