/** The manual page, made from the flag table. */

import packageJson from "../../package.json" with { type: "json" };
import { unbreakable } from "../text/wrap.ts";
import type { Flag } from "./flag.ts";
import { brokenCommand, EXAMPLES, EXIT_CODES, NOTES } from "./help.ts";
import { defaultTextOf, flagsByGroup, operandOf, spellingsOf } from "./listing.ts";
import { SUBCOMMANDS, usageOf } from "./subcommands.ts";

/** The guide has the same table. */
export const ENVIRONMENT = [
  [
    "IPC_BENCHMARK_TEMP_DIR",
    "Directory for the socket files of uds. Without it, the temporary directory of the system.",
  ],
  ["TMPDIR", "The temporary directory of the system. Without it, /tmp."],
  ["COLUMNS", "Width of the help, 40 to 120. Without it, the width of the terminal, or 80."],
  ["NO_COLOR", "If set to anything but empty, there are no colours."],
  ["TERM", "If unset or dumb, there are no colours and no progress line. Each test that ends has a line instead."],
  [
    "LC_ALL, LC_CTYPE, LANG",
    "If the first of them that is set names UTF-8, the summary may have characters outside of ASCII.",
  ],
] as const;

const CONFIGURATION = [
  "The file given by --config is a TOML document or a JSON object. Its keys are long flags without dashes. Values are text or " +
    "numbers, as on the command line. For a flag without a value, true gives it and false leaves it out. For blocking, async, one-way and " +
    "round-trip, false gives the opposite.",
  "A list makes a matrix: every combination of all lists runs, the last list changing fastest. All results go into one document. " +
    "For flags that take several values (mechanisms, message-size, percentiles) a list is one set of values. Flags for the whole " +
    "run, such as output files, take no list.",
  "A flag on the command line wins over the file. It also wins over flags in the file that contradict it: --async over blocking.",
] as const;

const CONFIGURATION_EXAMPLE = [
  'mechanisms = ["uds", "tcp"]',
  'message-size = ["64..4096:*4"]',
  "blocking = [true, false]",
  'duration = "5s"',
  'output-file = "results.json"',
] as const;

/** Behind the indent that man(1) gives paragraphs, they fit on a terminal of 40 columns. */
const EXAMPLE_COLUMNS = 33;

/** Source of the page, for man(1); without a newline at its end. */
export function manualPage(): string {
  const { name, version, description } = packageJson;
  return [
    `.TH ${name.toUpperCase()} 1 "" "${name} ${version}" "User Commands"`,
    ".SH NAME",
    `${text(name)} \\- ${text(description)}`,
    ".SH SYNOPSIS",
    `.B ${text(name)}`,
    "[flags]",
    ...SUBCOMMANDS.flatMap((subcommand) => [".br", `.B ${text(`${name} ${usageOf(subcommand)}`)}`]),
    ".SH DESCRIPTION",
    "Measures how long messages take between two processes on one machine, one way and round trip. The mechanisms are Unix domain " +
      "sockets (uds), TCP (tcp), shared memory (shm) and POSIX message queues (pmq). The processes use an event loop or blocking calls.",
    ...NOTES.flatMap((note) => [".PP", text(note)]),
    ".SH COMMANDS",
    ...SUBCOMMANDS.flatMap((subcommand) => paragraph(bold(usageOf(subcommand)), subcommand.description)),
    ".SH OPTIONS",
    ...flagsByGroup().flatMap(([group, flags]) => [`.SS ${group}`, ...flags.flatMap(flagParagraph)]),
    ".SH CONFIGURATION FILE",
    ...CONFIGURATION.flatMap((part, index) => [...(index === 0 ? [] : [".PP"]), text(part)]),
    ...literal(CONFIGURATION_EXAMPLE),
    ".SH EXIT STATUS",
    ...EXIT_CODES.flatMap(([code, meaning]) => paragraph(bold(code), meaning)),
    ".SH ENVIRONMENT",
    ...ENVIRONMENT.flatMap(([variable, meaning]) => paragraph(bold(variable), meaning)),
    ".SH EXAMPLES",
    ...EXAMPLES.flatMap(([command, meaning]) => [
      ...literal(brokenCommand(command, EXAMPLE_COLUMNS)),
      ...[".RS 4", text(`${meaning[0]!.toUpperCase()}${meaning.slice(1)}.`), ".RE"],
    ]),
  ].join("\n");
}

function flagParagraph(flag: Flag): string[] {
  const operand = operandOf(flag);
  const names = spellingsOf(flag).map(bold).join(", ");
  const standard = defaultTextOf(flag);
  const head = operand === "" ? names : `${names} \\fI${text(operand)}\\fR`;
  return paragraph(head, `${flag.description}.${standard === null ? "" : ` Default: ${standard}.`}`);
}

/** `head` is roff already. */
function paragraph(head: string, body: string): string[] {
  return [".TP", head, text(body)];
}

function literal(lines: readonly string[]): string[] {
  return [".PP", ".nf", ...lines.map(text), ".fi"];
}

function bold(words: string): string {
  return `\\fB${text(words)}\\fR`;
}

/** Text that roff takes as it stands, also where a line begins with it. */
function text(words: string): string {
  const escaped = unbreakable(words.replaceAll("\\", "\\e"), "\\~").replaceAll("-", "\\-");
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}
