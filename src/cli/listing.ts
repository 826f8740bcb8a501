import type { Flag, Group } from "./flag.ts";
import { FLAG_ENTRIES } from "./flags.ts";

/** Every flag in the order of the table, which is that of the help. */
export function allFlags(): readonly Flag[] {
  return FLAG_ENTRIES.map(([, flag]) => flag);
}

/** The groups in their order, with their flags. */
export function flagsByGroup(): readonly (readonly [Group, readonly Flag[]])[] {
  return [...Map.groupBy(allFlags(), ({ group }) => group)];
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
