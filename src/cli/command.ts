import packageJson from "../../package.json" with { type: "json" };
import type { RunPlan } from "../plan/run-plan.ts";
import { helpColumns } from "../system/terminal.ts";
import { completionScript } from "./completions.ts";
import { type ParsedRun, plansOf } from "./config/plans.ts";
import { readConfigText } from "./config/read.ts";
import { renderLongHelp, renderShortHelp } from "./help.ts";
import { manualPage } from "./manual.ts";
import { parseArguments } from "./parse.ts";
import { readSubcommand } from "./subcommands.ts";
import { type Token, tokenise } from "./tokens.ts";

export type Command =
  | ({ readonly kind: "run" } & ParsedRun)
  | { readonly kind: "self-test"; readonly plan: RunPlan }
  | { readonly kind: "help" | "version" | "completions" | "man"; readonly text: string };

/** What the self-test measures. */
const SELF_TEST = ["-m", "uds", "--blocking", "--round-trip", "-s", "64"] as const;

/**
 * What a command line asks the program to do. `argv` holds the arguments without the program's name. Help and version
 * win over everything else on the line, also over mistakes; of the two, the first one wins. Rejects with `UsageError`.
 * Texts end without a newline and hold colours only if `colour` is true. `readText` gives the text of a configuration file. Help
 * has lines of at most `columns`.
 */
export async function interpret(
  argv: readonly string[],
  platform: NodeJS.Platform,
  colour = false,
  readText: (path: string) => string = readConfigText,
  columns = helpColumns(process.env, process.stdout.columns),
): Promise<Command> {
  const question = tokenise(argv).find(isQuestion);
  if (question === undefined) return interpretWork(argv, platform, readText);
  if (question.key === "version") return { kind: "version", text: `${packageJson.name} ${packageJson.version}` };
  const render = question.spelling === "long" ? renderLongHelp : renderShortHelp;
  return { kind: "help", text: await render(colour, columns) };
}

function interpretWork(
  argv: readonly string[],
  platform: NodeJS.Platform,
  readText: (path: string) => string,
): Command {
  const subcommand = readSubcommand(argv);
  switch (subcommand?.kind) {
    case undefined:
      return { kind: "run", ...plansOf(argv, platform, readText) };
    case "completions":
      return { kind: "completions", text: completionScript(subcommand.shell) };
    case "man":
      return { kind: "man", text: manualPage() };
    default:
      return { kind: "self-test", plan: parseArguments(SELF_TEST, platform).plan };
  }
}

type FlagToken = Extract<Token, { kind: "flag" }>;

function isQuestion(token: Token): token is FlagToken {
  return token.kind === "flag" && (token.key === "help" || token.key === "version") && token.inlineValue === null;
}
