import { UsageError } from "../plan/errors.ts";
import { quote } from "../text/quote.ts";
import { bareValueOf, type Flag, flagName } from "./flag.ts";
import { FLAGS, type FlagKey, type GivenFlags } from "./flags.ts";
import { isSubcommand } from "./subcommands.ts";
import { suggestCommand, suggestFlag } from "./suggest.ts";
import type { Token } from "./tokens.ts";

const SEE_HELP = "see ipc-benchmark --help";

type ValuedFlag = Extract<Flag, { readonly value: unknown }>;

/** A flag that takes values, with those read so far. */
interface OpenFlag {
  readonly key: FlagKey;
  readonly flag: ValuedFlag;
  readonly values: unknown[];
  /** The last value as it was typed. */
  lastText: string | null;
  /** Values since the flag was last named. */
  taken: number;
}

/**
 * Gives every value to its flag and reads it. Values after a flag of several values belong to it until the next flag.
 * A switch may be repeated, for it says the same twice or more of it; a flag of one value may not.
 */
export function readFlags(tokens: readonly Token[]): GivenFlags {
  const switches = new Map<FlagKey, true | number>();
  const valued = new Map<FlagKey, OpenFlag>();
  let open: OpenFlag | null = null;

  for (const [index, token] of tokens.entries()) {
    if (token.kind === "value" && open !== null && mayTakeAnother(open)) {
      take(open, token.text);
      continue;
    }
    if (token.kind === "stray") close(open);
    if (token.kind === "value" || token.kind === "stray") throw unexpectedArgument(token.text, index === 0, open);
    if (token.kind === "unknown") throw unknownFlag(token.name, token.argument);

    close(open);
    open = null;
    const flag = FLAGS[token.key];
    if (flag.arity === "none" || flag.arity === "count") {
      if (token.inlineValue !== null) throw refusedValue(flag, token.inlineValue);
      const times = Number(switches.get(token.key) ?? 0) + 1;
      switches.set(token.key, flag.arity === "none" || Math.min(times, flag.most));
      continue;
    }
    open = reopen(token.key, flag, valued.get(token.key));
    valued.set(token.key, open);
    if (token.inlineValue !== null) take(open, token.inlineValue);
  }
  close(open);

  const given: Partial<Record<FlagKey, unknown>> = {};
  for (const [key, value] of switches) given[key] = value;
  for (const [key, { flag, values }] of valued) given[key] = flag.arity === "many" ? values : values[0];
  return given as GivenFlags;
}

function reopen(key: FlagKey, flag: ValuedFlag, earlier: OpenFlag | undefined): OpenFlag {
  if (earlier === undefined) return { key, flag, values: [], lastText: null, taken: 0 };
  if (flag.arity === "many") {
    earlier.taken = 0;
    return earlier;
  }
  const first = earlier.lastText === null ? "" : `, first with ${quote(earlier.lastText)}`;
  throw new UsageError(`${flagName(flag)} is given twice${first}: only once is allowed`, "keep one of them");
}

function mayTakeAnother({ flag, taken }: OpenFlag): boolean {
  return taken === 0 || flag.arity === "many";
}

function take(open: OpenFlag, text: string): void {
  open.values.push(readValue(open.flag, text));
  open.lastText = text;
  open.taken += 1;
}

/** The value of a flag. @throws UsageError if it is not allowed */
export function readValue(flag: ValuedFlag, text: string): unknown {
  const value = flag.value.parse(text);
  if (value !== null) return value;
  const fault = flag.value.faultOf?.(text);
  if (fault) throw new UsageError(`${flagName(flag)} ${quote(text)}: ${fault}`, exampleOf(flag));
  throw new UsageError(`${flagName(flag)} takes ${flag.value.expects}, not ${quote(text)}`, exampleOf(flag));
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

function exampleOf(flag: ValuedFlag): string {
  return `for example ${flagName(flag)} ${flag.value.example}`;
}

function refusedValue(flag: Flag, text: string): UsageError {
  return new UsageError(
    `${flagName(flag)} takes no value, but ${quote(text)} is given`,
    `write ${flagName(flag)} alone`,
  );
}

function unexpectedArgument(text: string, isFirst: boolean, open: OpenFlag | null): UsageError {
  if (isSubcommand(text)) {
    return new UsageError(
      `${text} is a command: ${isFirst ? "it takes no flags" : "no flag may stand before it"}`,
      `run ipc-benchmark ${text} alone`,
    );
  }
  const after = open === null ? "" : ` after the value of ${flagName(open.flag)}`;
  return new UsageError(
    `unexpected argument ${quote(text)}${after}: only flags and their values are allowed`,
    hintFor(text, isFirst, open),
  );
}

function hintFor(text: string, isFirst: boolean, open: OpenFlag | null): string {
  const value = open?.lastText ?? "";
  if (/^[\d.]+$/.test(value) && open?.flag.value.parse(value + text) != null) return `write ${value}${text}`;
  const command = isFirst ? suggestCommand(text) : null;
  const suggestion = FLAGS.mechanism.value.parse(text) === null ? (command ?? suggestFlag(text)) : `-m ${text}`;
  return suggestion === null ? SEE_HELP : `did you mean ${suggestion}?`;
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
