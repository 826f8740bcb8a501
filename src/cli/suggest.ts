import { closest, distance } from "fastest-levenshtein";
import { FLAG_ENTRIES } from "./flags.ts";

const LONG_NAMES = FLAG_ENTRIES.flatMap(([, flag]) => flag.long);

/** Longer texts are no misspelt flag. */
const MAX_LENGTH = 40;

/** The available flag (`--message-size`) that the user may have meant by `typed`; null when none is near. */
export function suggestFlag(typed: string): string | null {
  const name = typed.replace(/^-+/, "").replaceAll("_", "-").toLowerCase();
  if (name.length < 2 || name.length > MAX_LENGTH) return null;
  // "--no-blocking" must not be answered with its opposite.
  const candidates = LONG_NAMES.filter((long) => long.startsWith("no-") === name.startsWith("no-"));
  const begun = candidates.find((long) => name.length >= 3 && long.startsWith(name));
  if (begun !== undefined) return `--${begun}`;
  const nearest = closest(name, candidates);
  const allowedEdits = Math.max(1, Math.floor(name.length / 3));
  return distance(name, nearest) <= allowedEdits ? `--${nearest}` : null;
}
