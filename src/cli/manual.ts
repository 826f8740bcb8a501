/** The manual page, made from the flag table. */

import packageJson from "../../package.json" with { type: "json" };
import type { Flag } from "./flag.ts";
import { EXAMPLES, EXIT_CODES, NOTES } from "./help.ts";
import { defaultTextOf, flagsByGroup, operandOf, spellingsOf } from "./listing.ts";
import { SUBCOMMANDS, usageOf } from "./subcommands.ts";

const ENVIRONMENT = [
  ["IPC_BENCHMARK_TEMP_DIR", "Directory for the socket files of uds tests; the system's without it."],
  ["NO_COLOR", "Set to anything: no colours."],
  ["TERM", "Not set, or dumb: no colours, and a line for each test instead of one that is redrawn."],
] as const;

const CONFIGURATION = [
  "A file named by --config holds long flags without their dashes, as keys at the top of a TOML document or in a JSON object. " +
    "Values are text or numbers, as they would be typed; true gives a flag that takes no value, false leaves it out " +
    "(or, for blocking, async, one-way and round-trip, gives its opposite).",
  "A list makes a matrix: every combination of all lists is run, the last one changing fastest, into one result document. For flags " +
    "that take several values anyway (mechanisms, message sizes, percentiles) a list is simply those values. What concerns the " +
    "whole run, such as output files, takes no list.",
  "A flag on the command line wins over the file, and also over what contradicts it there: --async over blocking.",
] as const;

const CONFIGURATION_EXAMPLE = [
  'mechanisms = ["uds", "tcp"]',
  'message-size = ["64..4096:*4"]',
  "blocking = [true, false]",
  'duration = "5s"',
  'output-file = "results.json"',
] as const;

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
    "Measures how long messages take between two processes on this machine: over Unix domain sockets, TCP, shared memory and POSIX " +
      "message queues, one way and round trip, in an event loop or with blocking calls.",
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
    ...EXAMPLES.flatMap(([command, meaning]) => paragraph(bold(command), `${meaning}.`)),
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
  return [".PP", ".RS 4", ".nf", ...lines.map(text), ".fi", ".RE"];
}

function bold(words: string): string {
  return `\\fB${text(words)}\\fR`;
}

/** Text that roff takes as it stands, also where a line begins with it. */
function text(words: string): string {
  const escaped = words.replaceAll("\\", "\\e").replaceAll("-", "\\-");
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}
