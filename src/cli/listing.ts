import { type AvailableFlag, type Flag, GROUPS, type Group } from "./flag.ts";
import { FLAG_ENTRIES } from "./flags.ts";

/** Every flag that can be given, by groups in their order, in each in the order of the table. */
export function availableFlags(): readonly AvailableFlag[] {
  const available = FLAG_ENTRIES.map(([, flag]) => flag).filter(isAvailable);
  return GROUPS.flatMap((group) => available.filter((flag) => flag.group === group));
}

/** The groups that have flags, with these. */
export function flagsByGroup(): readonly (readonly [Group, readonly AvailableFlag[]])[] {
  const flags = availableFlags();
  return GROUPS.map((group) => [group, flags.filter((flag) => flag.group === group)] as const).filter(
    ([, ofGroup]) => ofGroup.length > 0,
  );
}

function isAvailable(flag: Flag): flag is AvailableFlag {
  return flag.arity !== "later";
}

/** All that it can be called, as it is typed: `-m`, `--mechanism`, `--mechanisms`. */
export function spellingsOf(flag: AvailableFlag): string[] {
  return [...(flag.short === undefined ? [] : [`-${flag.short}`]), ...flag.long.map((name) => `--${name}`)];
}

/** What follows the flag: "", "NAME...", "[FILE]". */
export function operandOf(flag: AvailableFlag): string {
  if (flag.arity === "none" || flag.arity === "count") return "";
  if (flag.arity === "optional") return `[${flag.placeholder}]`;
  return flag.arity === "many" ? `${flag.placeholder}...` : flag.placeholder;
}

/** What stands where the flag is not given, as a user would type it; null for nothing. */
export function defaultTextOf(flag: AvailableFlag): string | null {
  return flag.arity === "one" || flag.arity === "many" ? (flag.default ?? null) : null;
}
