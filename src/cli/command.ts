import packageJson from "../../package.json" with { type: "json" };
import { renderLongHelp, renderShortHelp } from "./help.ts";
import { type ParsedArguments, parseArguments } from "./parse.ts";
import { type Token, tokenise } from "./tokens.ts";

export type Command =
  | ({ readonly kind: "run" } & ParsedArguments)
  | { readonly kind: "self-test" }
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "version"; readonly text: string };

/**
 * What a command line asks the program to do. `argv` holds the arguments without the program's name. Help and version
 * win over everything else on the line, also over mistakes; of the two, the first one wins. Rejects with `UsageError`.
 * Texts end without a newline and hold colours only if `colour` is true.
 */
export async function interpret(
  argv: readonly string[],
  platform: NodeJS.Platform,
  colour = false,
): Promise<Command> {
  if (argv.length === 1 && argv[0] === "self-test") return { kind: "self-test" };
  const question = tokenise(argv).find(isQuestion);
  if (question === undefined) return { kind: "run", ...parseArguments(argv, platform) };
  if (question.key === "version")
    return { kind: "version", text: `${packageJson.name} ${packageJson.version}` };
  const wantsAll = question.spelling === "long";
  return { kind: "help", text: wantsAll ? await renderLongHelp(colour) : await renderShortHelp(colour) };
}

type FlagToken = Extract<Token, { kind: "flag" }>;

function isQuestion(token: Token): token is FlagToken {
  return (
    token.kind === "flag" && (token.key === "help" || token.key === "version") && token.inlineValue === null
  );
}
