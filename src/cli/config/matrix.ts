import { UsageError } from "../../plan/errors.ts";
import { quoteValue } from "../../text/quote.ts";
import { bareValueOf, type Flag } from "../flag.ts";
import type { FlagKey, GivenFlags } from "../flags.ts";
import { readValue } from "../given.ts";
import type { Setting } from "./document.ts";
import { ConfigFault } from "./fault.ts";

/** What one setting says, in one of its values: the flag that is given then, or none. */
interface Choice {
  readonly given: GivenFlags;
  /** As it stands in the file: `blocking = false`. */
  readonly shown: string;
}

/** A setting with its flag. */
export interface Field extends Setting {
  readonly key: FlagKey;
  readonly flag: Flag;
}

/** One combination of what stands in the lists of a file. */
export interface Combination {
  readonly given: GivenFlags;
  /** The values that tell it from the others, as they stand in the file; "" where there are no others. */
  readonly shown: string;
}

/** More than anyone waits for. */
export const MAX_COMBINATIONS = 1000;

/** Switches of which the opposite can be said: a file may switch them off. Other switches are then left out. */
const WHEN_FALSE: Partial<Record<FlagKey, FlagKey>> = {
  blocking: "async",
  async: "blocking",
  oneWay: "noOneWay",
  roundTrip: "noRoundTrip",
};

const TESTS = ["oneWay", "roundTrip", "noOneWay", "noRoundTrip"] as const satisfies readonly FlagKey[];

/** What a flag on the command line puts out of force in the file, beside itself. */
const REPLACES: Partial<Record<FlagKey, readonly FlagKey[]>> = {
  blocking: ["async"],
  async: ["blocking"],
  oneWay: TESTS,
  roundTrip: TESTS,
  noOneWay: TESTS,
  noRoundTrip: TESTS,
  messageCount: ["duration"],
  rate: ["sendDelay"],
  sendDelay: ["rate", "arrival"],
};

/**
 * Every combination of the values in the file, the last list changing fastest, with what the command line gave, which wins.
 * @throws ConfigFault for a value that its flag does not take, UsageError for too many combinations
 */
export function combinations(fields: readonly Field[], commandLine: GivenFlags): Combination[] {
  const replaced = new Set((Object.keys(commandLine) as FlagKey[]).flatMap((key) => [key, ...(REPLACES[key] ?? [])]));
  // All are read, so that a mistake is found also where it has no effect.
  const dimensions = fields
    .map((field) => ({ field, choices: choicesOf(field) }))
    .filter(({ field }) => !replaced.has(field.key))
    .map(({ choices }) => choices);
  const count = dimensions.reduce((product, choices) => product * choices.length, 1);
  if (count > MAX_COMBINATIONS) {
    throw new UsageError(
      `the lists make ${count} combinations: at most ${MAX_COMBINATIONS} are allowed`,
      "shorten them, or use several runs",
    );
  }
  let found: Combination[] = [{ given: {}, shown: "" }];
  for (const choices of dimensions) {
    found = found.flatMap((one) =>
      choices.map(({ given, shown }) => ({
        given: { ...one.given, ...given },
        shown: choices.length === 1 ? one.shown : [one.shown, shown].filter((text) => text !== "").join(", "),
      })),
    );
  }
  return found.map(({ given, shown }) => ({ given: { ...given, ...commandLine }, shown }));
}

/** A list is a choice, except for flags that take many values anyway. */
function choicesOf({ name, line, value, key, flag }: Field): Choice[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  try {
    if (flag.arity === "many") {
      const read = values.map((one) => readValue(flag, String(one)));
      return [{ given: { [key]: read } as GivenFlags, shown: name }];
    }
    return values.map((one) => ({
      given: givenBy(key, flag, one),
      shown: `${name} = ${quoteValue(one, 20)}`,
    }));
  } catch (error) {
    if (error instanceof UsageError) throw new ConfigFault(line, error.message, error.hint);
    throw error;
  }
}

function givenBy(key: FlagKey, flag: Flag, value: unknown): GivenFlags {
  if (value === 0 && flag.arity === "count") return {};
  if (value === false) {
    if (flag.arity === "none") {
      const opposite = WHEN_FALSE[key];
      return opposite === undefined ? {} : { [opposite]: true };
    }
    if (flag.arity === "optional" || flag.arity === "count") return {};
  }
  return { [key]: oneValueOf(flag, value) } as GivenFlags;
}

function oneValueOf(flag: Flag, value: unknown): unknown {
  if (flag.arity === "none") return true;
  if (flag.arity === "count") return value === true ? 1 : value;
  return flag.arity === "optional" && value === true ? bareValueOf(flag) : readValue(flag, String(value));
}
