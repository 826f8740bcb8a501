import { parseArgs } from "node:util";
import { FLAG_ENTRIES, type FlagKey } from "./flags.ts";

export type Token =
  | {
      readonly kind: "flag";
      readonly key: FlagKey;
      readonly spelling: "long" | "short";
      /** Joined to the flag (`--flag=value`, `-fvalue`); null when a value may follow as the next argument. */
      readonly inlineValue: string | null;
    }
  | { readonly kind: "value"; readonly text: string }
  /** An argument after `--`, which belongs to no flag. */
  | { readonly kind: "stray"; readonly text: string }
  /** `name` is the flag in question, `argument` the whole of what was typed. */
  | { readonly kind: "unknown"; readonly name: string; readonly argument: string };

const KEY_OF_NAME: ReadonlyMap<string, FlagKey> = new Map(
  FLAG_ENTRIES.flatMap(([key, flag]) => flag.long.map((name) => [name, key] as const)),
);

const OPTIONS = Object.fromEntries(
  FLAG_ENTRIES.flatMap(([, flag]) =>
    flag.long.map((name, index) => [
      name,
      {
        type: "value" in flag ? ("string" as const) : ("boolean" as const),
        ...(flag.short !== undefined && index === 0 ? { short: flag.short } : {}),
      },
    ]),
  ),
);

/** What each argument is by itself; which value belongs to which flag is decided by the reader of the tokens. */
export function tokenise(argv: readonly string[]): Token[] {
  const end = argv.indexOf("--");
  const before = end === -1 ? argv : argv.slice(0, end);
  const after = end === -1 ? [] : argv.slice(end + 1);
  return [...before.flatMap(tokeniseArgument), ...after.map((text) => ({ kind: "stray", text }) as const)];
}

function tokeniseArgument(argument: string): Token[] {
  // A number below zero is a bad value of the flag before it, not a flag.
  if (!argument.startsWith("-") || argument === "-" || /^-[\d.]/.test(argument)) {
    return [{ kind: "value", text: argument }];
  }
  const isLong = argument.startsWith("--");
  const name = argument.slice(0, argument.includes("=") ? argument.indexOf("=") : undefined);
  // `-one-way` would otherwise be `-o` with the file "ne-way".
  if (!isLong && KEY_OF_NAME.has(name.slice(1))) return [{ kind: "unknown", name, argument }];

  const tokens: Token[] = [];
  // One argument at a time: given all of them, parseArgs takes a flag for the value of the flag before it.
  const options = parseArgs({ args: [argument], options: OPTIONS, strict: false, tokens: true }).tokens;
  for (const option of options) {
    if (option.kind !== "option") continue;
    const key = option.name === option.rawName.slice(1) ? undefined : KEY_OF_NAME.get(option.name);
    const value = option.value ?? null;
    if (!isLong && option.name === "=") {
      return withValueOfSwitch(tokens, argument);
    }
    if (key === undefined) {
      // parseArgs cuts a character beyond U+FFFF in two.
      const isWhole = !isLong && option.name.isWellFormed();
      tokens.push({ kind: "unknown", name: isWhole ? option.rawName : name, argument });
    } else {
      const inlineValue = isLong ? value : (value?.replace(/^=/, "") ?? null);
      tokens.push({ kind: "flag", key, spelling: isLong ? "long" : "short", inlineValue });
    }
  }
  return tokens;
}

/** `-q=1`: what follows the sign is the value of the flag before it. */
function withValueOfSwitch(tokens: Token[], argument: string): Token[] {
  const last = tokens.pop();
  if (last?.kind === "flag") {
    return [...tokens, { ...last, inlineValue: argument.slice(argument.indexOf("=") + 1) }];
  }
  return [...tokens, last ?? { kind: "unknown", name: argument, argument }];
}
