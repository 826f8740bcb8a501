import { UsageError } from "../plan/errors.ts";
import { quote } from "../text/quote.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** Words that may stand first on the command line instead of flags, and what may follow each. */
export const SUBCOMMANDS = [
  { name: "self-test", argument: [], description: "Check the tool itself on this machine" },
  { name: "completions", argument: SHELLS, description: "Print completions for a shell" },
  { name: "man", argument: [], description: "Print the manual page (roff)" },
] as const;

export type Subcommand =
  | { readonly kind: "self-test" }
  | { readonly kind: "completions"; readonly shell: Shell }
  | { readonly kind: "man" };

export function isSubcommand(text: string): boolean {
  return SUBCOMMANDS.some(({ name }) => name === text);
}

/** The command that a command line begins with, or null. @throws UsageError for what does not belong to it */
export function readSubcommand(argv: readonly string[]): Subcommand | null {
  const subcommand = SUBCOMMANDS.find(({ name }) => name === argv[0]);
  if (subcommand === undefined) return null;
  const [, argument, ...others] = argv;
  const strayArgument = subcommand.argument.length > 0 ? others[0] : argument;
  if (strayArgument !== undefined) {
    throw new UsageError(
      `unexpected argument ${quote(strayArgument)} after ${subcommand.name}`,
      `run ipc-benchmark ${usageOf(subcommand)}`,
    );
  }
  if (subcommand.name !== "completions") return { kind: subcommand.name };
  const shell = SHELLS.find((name) => name === argument);
  if (shell !== undefined) return { kind: "completions", shell };
  const given = argument === undefined ? "but none is given" : `not ${quote(argument)}`;
  throw new UsageError(`completions takes one of ${SHELLS.join(", ")}, ${given}`, "for example completions bash");
}

/** `completions bash|zsh|fish`. */
export function usageOf({ name, argument }: (typeof SUBCOMMANDS)[number]): string {
  return argument.length === 0 ? name : `${name} ${argument.join("|")}`;
}
