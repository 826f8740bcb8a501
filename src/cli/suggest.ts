import { closest, distance } from "fastest-levenshtein";
import { FLAG_ENTRIES } from "./flags.ts";
import { SUBCOMMANDS } from "./subcommands.ts";

const LONG_NAMES = FLAG_ENTRIES.flatMap(([, flag]) => flag.long);
const COMMANDS = SUBCOMMANDS.map(({ name }) => name);

/** Longer texts are no misspelt flag. */
const MAX_LENGTH = 40;

/** What has no flag of its own with "no-" before it. */
const OPPOSITES: Readonly<Record<string, string>> = { "no-blocking": "--async", "no-async": "--blocking" };

/** The command that the user may have meant; null when none is near. */
export function suggestCommand(typed: string): string | null {
  const name = nearest(typed.toLowerCase(), COMMANDS);
  return name === null ? null : `ipc-benchmark ${name}`;
}

/** The available flag (`--message-size`) that the user may have meant by `typed`; null when none is near. */
export function suggestFlag(typed: string): string | null {
  const name = typed.replace(/^-+/, "").replaceAll("_", "-").toLowerCase();
  // "--no-blocking" must not be answered with its opposite.
  const candidates = LONG_NAMES.filter((long) => long.startsWith("no-") === name.startsWith("no-"));
  const found = nearest(name, candidates);
  return OPPOSITES[name] ?? (found === null ? null : `--${found}`);
}

function nearest(name: string, candidates: readonly string[]): string | null {
  if (name.length < 2 || name.length > MAX_LENGTH) return null;
  const begun = candidates.find((one) => name.length >= 3 && one.startsWith(name));
  if (begun !== undefined) return begun;
  const found = closest(name, candidates);
  const allowedEdits = Math.max(1, Math.floor(name.length / 3));
  return distance(name, found) <= allowedEdits ? found : null;
}
