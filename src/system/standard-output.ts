/** How a flag names standard output where it takes a file. */
export const STANDARD_OUTPUT = "-";

const ALIASES: readonly string[] = [STANDARD_OUTPUT, "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/** Whether a path means this process's standard output. */
export function isStandardOutput(path: string): boolean {
  return ALIASES.includes(path);
}
