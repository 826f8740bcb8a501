import { lstatSync, readlinkSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** As many as Linux follows. */
const MOST_LINKS = 40;

/** Where writing to `path` writes to: through links, also one to a file that is not there yet. */
export function destinationOf(path: string): string {
  let at = path;
  for (let i = 0; i < MOST_LINKS && lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink(); i++)
    at = resolve(dirname(at), readlinkSync(at));
  return at;
}
