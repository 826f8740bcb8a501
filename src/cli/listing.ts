import { type Flag, GROUPS, type Group } from "./flag.ts";
import { FLAG_ENTRIES } from "./flags.ts";

/** Every flag, by groups in their order, in each in the order of the table. */
export function allFlags(): readonly Flag[] {
  return flagsByGroup().flatMap(([, flags]) => flags);
}

/** The groups that have flags, with these. */
export function flagsByGroup(): readonly (readonly [Group, readonly Flag[]])[] {
  const flags = FLAG_ENTRIES.map(([, flag]) => flag);
  return GROUPS.map((group) => [group, flags.filter((flag) => flag.group === group)] as const).filter(
    ([, ofGroup]) => ofGroup.length > 0,
  );
}

/** All that it can be called, as it is typed: `-m`, `--mechanism`, `--mechanisms`. */
export function spellingsOf(flag: Flag): string[] {
  return [...(flag.short === undefined ? [] : [`-${flag.short}`]), ...flag.long.map((name) => `--${name}`)];
}

/** What follows the flag: "", "NAME...", "[FILE]". */
export function operandOf(flag: Flag): string {
  if (flag.arity === "none" || flag.arity === "count") return "";
  if (flag.arity === "optional") return `[${flag.placeholder}]`;
  return flag.arity === "many" ? `${flag.placeholder}...` : flag.placeholder;
}

/** What stands where the flag is not given, as a user would type it; null for nothing. */
export function defaultTextOf(flag: Flag): string | null {
  return flag.arity === "one" || flag.arity === "many" ? (flag.default ?? null) : null;
}
