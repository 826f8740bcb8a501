/** Which C files make the shim, by platform. */
import { existsSync, globSync } from "node:fs";
import { basename, join } from "node:path";

const PORTABLE = ["*.c", "mechanism/**/*.c", "message/*.c", "record/*.c", "session/*.c"];

/** Paths below `c`. A file in linux/ takes the place of the one in posix/ that has its name. */
export function shimSources(c: string, os: string): string[] {
  const find = (patterns: string[]) => globSync(patterns, { cwd: c }).sort();
  const isLinux = os === "linux";
  const posix = find(["posix/*.c"]).filter((file) => !isLinux || !existsSync(join(c, "linux", basename(file))));
  const portable = find(PORTABLE).filter((file) => isLinux || file !== join("mechanism", "pmq.c"));
  return [...portable, ...posix, ...(isLinux ? find(["linux/*.c"]) : [])];
}
