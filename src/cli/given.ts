import { UsageError } from "./errors.ts";
import { type AvailableFlag, bareValueOf, flagName } from "./flag.ts";
import { FLAGS, type FlagKey, type GivenFlags, LATER_SUBCOMMANDS } from "./flags.ts";
import { quote } from "./quote.ts";
import { suggestFlag } from "./suggest.ts";
import type { Token } from "./tokens.ts";

const SEE_HELP = "see ipc-benchmark --help";

/** A flag of later work, or a use of a flag that is. */
export function notAvailableYet(what: string, hint = "leave it out"): UsageError {
  return new UsageError(`${what} is not available yet`, hint);
}

/** A flag that takes values, with those read so far. */
interface OpenFlag {
  readonly key: FlagKey;
  readonly flag: Exclude<AvailableFlag, { readonly arity: "none" }>;
  readonly values: unknown[];
  /** The last value as it was typed. */
  lastText: string | null;
  /** Values since the flag was last named. */
  taken: number;
}

/**
 * Gives every value to its flag and reads it. Values after a flag of several values belong to it until the next flag.
 * A switch may be repeated, for it says the same twice; a flag of one value may not.
 */
export function readFlags(tokens: readonly Token[]): GivenFlags {
  const switches = new Set<FlagKey>();
  const valued = new Map<FlagKey, OpenFlag>();
  let open: OpenFlag | null = null;

  for (const [index, token] of tokens.entries()) {
    if (token.kind === "value" && open !== null && mayTakeAnother(open)) {
      take(open, token.text);
      continue;
    }
    if (token.kind === "stray") close(open);
    if (token.kind === "value" || token.kind === "stray")
      throw unexpectedArgument(token.text, index === 0, open);
    if (token.kind === "unknown") throw unknownFlag(token.name, token.argument);

    close(open);
    open = null;
    const flag = FLAGS[token.key];
    if (flag.arity === "later") throw notAvailableYet(flagName(flag));
    if (flag.arity === "none") {
      if (token.inlineValue !== null) throw refusedValue(flag, token.inlineValue);
      switches.add(token.key);
      continue;
    }
    open = reopen(token.key, flag, valued.get(token.key));
    valued.set(token.key, open);
    if (token.inlineValue !== null) take(open, token.inlineValue);
  }
  close(open);

  const given: Partial<Record<FlagKey, unknown>> = {};
  for (const key of switches) given[key] = true;
  for (const [key, { flag, values }] of valued) given[key] = flag.arity === "many" ? values : values[0];
  return given as GivenFlags;
}

function reopen(key: FlagKey, flag: OpenFlag["flag"], earlier: OpenFlag | undefined): OpenFlag {
  if (earlier === undefined) return { key, flag, values: [], lastText: null, taken: 0 };
  if (flag.arity === "many") {
    earlier.taken = 0;
    return earlier;
  }
  if (flag.arity === "one" && flag.severalLater) throw severalValues(flag);
  const first = earlier.lastText === null ? "" : `, first with ${quote(earlier.lastText)}`;
  throw new UsageError(`${flagName(flag)} is given twice${first}: once is allowed`, "keep one of them");
}

function mayTakeAnother({ flag, taken }: OpenFlag): boolean {
  return taken === 0 || flag.arity === "many" || (flag.arity === "one" && flag.severalLater === true);
}

function take(open: OpenFlag, text: string): void {
  if (open.taken > 0 && open.flag.arity !== "many") throw severalValues(open.flag);
  const value = open.flag.value.parse(text);
  if (value === null) {
    const { expects } = open.flag.value;
    throw new UsageError(`${flagName(open.flag)} takes ${expects}, not ${quote(text)}`, exampleOf(open.flag));
  }
  open.values.push(value);
  open.lastText = text;
  open.taken += 1;
}

/** Called when no further value can come. */
function close(open: OpenFlag | null): void {
  if (open === null || open.taken > 0) return;
  if (open.flag.arity === "optional") {
    open.values.push(bareValueOf(open.flag));
    return;
  }
  throw new UsageError(
    `${flagName(open.flag)} is given without a value: it takes ${open.flag.value.expects}`,
    exampleOf(open.flag),
  );
}

function exampleOf(flag: OpenFlag["flag"]): string {
  return `for example ${flagName(flag)} ${flag.value.example}`;
}

function severalValues(flag: AvailableFlag): UsageError {
  return notAvailableYet(`${flagName(flag)} with more than one value`, "run the program once for each value");
}

function refusedValue(flag: AvailableFlag, text: string): UsageError {
  return new UsageError(
    `${flagName(flag)} takes no value, not even ${quote(text)}`,
    `write ${flagName(flag)} alone`,
  );
}

function unexpectedArgument(text: string, isFirst: boolean, open: OpenFlag | null): UsageError {
  if (isFirst && LATER_SUBCOMMANDS.includes(text)) return notAvailableYet(text);
  const after = open === null ? "" : ` after the value of ${flagName(open.flag)}`;
  const suggestion = FLAGS.mechanism.value.parse(text) === null ? suggestFlag(text) : `-m ${text}`;
  return new UsageError(
    `unexpected argument ${quote(text)}${after}: only flags and their values are allowed`,
    suggestion === null ? SEE_HELP : `did you mean ${suggestion}?`,
  );
}

function unknownFlag(name: string, argument: string): UsageError {
  const isPartOfGroup = !argument.startsWith("--") && !argument.startsWith(`${name}=`) && argument !== name;
  const where = isPartOfGroup ? ` in ${quote(argument)}` : "";
  const suggestion = suggestFlag(isPartOfGroup ? argument : name);
  return new UsageError(
    `unknown flag ${quote(name)}${where}`,
    suggestion === null ? SEE_HELP : `did you mean ${suggestion}?`,
  );
}
