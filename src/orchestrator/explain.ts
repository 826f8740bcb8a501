import type { ChildEnd } from "./child.ts";

/** A role that is gone, by the name it has in messages. */
export interface NamedEnd {
  readonly name: string;
  readonly end: ChildEnd;
}

/**
 * The account that explains most: who died tells more than who noticed.
 * @param stopped what a signal did to a role; null if it was not told to stop, or by this process
 */
export function explain(ends: readonly NamedEnd[], ownReason: string | null, stopped: string | null): string | null {
  const words: string[] = [];
  for (const { name, end } of ends) {
    if (end.kind === "killed" || end.kind === "crashed") words.unshift(`${name} ${endInWords(end)}`);
  }
  if (stopped !== null) words.push(stopped);
  for (const { name, end } of ends) {
    if (end.kind === "failed" && end.cause === "own") words.push(`${name} ${endInWords(end)}`);
  }
  if (ownReason !== null) words.push(ownReason);
  for (const { name, end } of ends) {
    if (end.kind === "failed" && end.cause === "peer") words.push(`${name} ${endInWords(end)}`);
  }
  for (const { name, end } of ends) {
    if (end.kind === "failed" && end.cause === "stopped") words.push(`${name} was stopped`);
  }
  return words[0] ?? null;
}

/** "was killed by SIGKILL". */
export function endInWords(end: ChildEnd): string {
  switch (end.kind) {
    case "killed":
      return `was killed by ${end.signal}`;
    case "failed":
      return end.cause === "stopped" ? "was stopped by a signal" : `failed: ${end.reason}`;
    case "crashed":
      return `ended unexpectedly with exit code ${end.exitCode}`;
    default:
      return "ended";
  }
}
