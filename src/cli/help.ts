import { defineCommand, renderUsage } from "citty";
import packageJson from "../../package.json" with { type: "json" };
import { wrapped } from "../text/wrap.ts";
import type { Flag } from "./flag.ts";
import { allFlags, defaultTextOf, flagsByGroup, operandOf } from "./listing.ts";
import { SUBCOMMANDS, usageOf } from "./subcommands.ts";

/** Where descriptions begin; on narrow terminals they stand below the names. */
const DESCRIPTION_COLUMN = 33;
const NARROW_DESCRIPTION_COLUMN = 8;
const NARROW_COLUMNS = 66;

/** Commands that work as they stand on any Linux machine, with what they do. */
export const EXAMPLES: readonly (readonly [command: string, meaning: string])[] = [
  ["ipc-benchmark", "Unix domain sockets, 10000 messages of 1 KiB, both tests"],
  ["ipc-benchmark -m uds tcp -i 100000 -o results.json", "compare two mechanisms and keep the results"],
  ["ipc-benchmark -m all -d 10s --blocking", "every mechanism, ten seconds for each test"],
  ["ipc-benchmark -m shm -s 64 --round-trip --blocking --wait spin", "shared memory at its lowest latency"],
  [
    "ipc-benchmark --one-way --send-delay 1ms -i 5000 --percentiles 50 99.9",
    "one way, with a pause after each message",
  ],
];

export const NOTES = [
  "Both tests run, one way first, unless flags choose one.",
  "Times are a number with us, ms, s, m or h. Without a unit they are in seconds.",
] as const;

export const EXIT_CODES = [
  ["0", "all went well"],
  ["1", "a run failed"],
  ["2", "the command line or the configuration file is wrong"],
  ["4", "a test is invalid and --strict was given"],
  ["129, 130, 143", "stopped by SIGHUP, SIGINT, SIGTERM"],
] as const;

/** Everything, by groups (`--help`), in lines of at most `columns`. */
export async function renderLongHelp(colour: boolean, columns: number): Promise<string> {
  const flags = allFlags();
  const { head, rows } = await renderRows(flags, ({ description }) => description);
  const groups = flagsByGroup().flatMap(([group, members]) => {
    const ofGroup = rows.filter((_, index) => members.includes(flags[index]!));
    return [heading(group), ...layOut(ofGroup, columns), ""];
  });
  const commands = SUBCOMMANDS.map((one) => ({ names: usageOf(one), description: one.description }));
  const codes = EXIT_CODES.map(([names, description]) => ({ names, description }));
  const parts = [
    ...[...head, "", ...groups, heading("Commands"), ...layOut(commands, columns), ""],
    ...[heading("Exit codes"), ...layOut(codes, columns), "", heading("Notes")],
    ...[...NOTES.map((note) => `  ${note}`), "", ...examples(EXAMPLES, columns)],
  ];
  return finish(parts, colour, columns);
}

/** The main flags and two examples (`-h`): on 80 columns no more than fits on a screen of 24 lines. */
export async function renderShortHelp(colour: boolean, columns: number): Promise<string> {
  const main = allFlags().filter((flag) => flag.main !== undefined);
  const { head, rows } = await renderRows(main, (flag) => flag.main!);
  const parts = [...head, "", heading("Main flags"), ...layOut(rows, columns), ""];
  const whole = (text: string) => text.replaceAll(" ", "\u00a0");
  const more = `${whole("All flags: ipc-benchmark --help")}    ${whole("Manual: ipc-benchmark man | man -l -")}`;
  return finish([...parts, ...examples(EXAMPLES.slice(0, 2), columns), "", more], colour, columns);
}

function finish(lines: readonly string[], colour: boolean, columns: number): string {
  const shown = lines.flatMap((line) => wrapped(line, columns, "  "));
  return shown.map((line) => (colour ? line : Bun.stripANSI(line)).trimEnd()).join("\n");
}

interface Row {
  readonly names: string;
  readonly description: string;
}

/** citty's usage text: its first lines, and one row for each of `flags`, in their order. */
async function renderRows(
  flags: readonly Flag[],
  descriptionOf: (flag: Flag) => string,
): Promise<{ head: string[]; rows: Row[] }> {
  const command = defineCommand({
    meta: { name: packageJson.name, version: packageJson.version, description: packageJson.description },
    args: Object.fromEntries(flags.map((flag) => [flag.long[0], cittyArgument(flag, descriptionOf(flag))])),
  });
  const lines = (await renderUsage(command)).split("\n").filter((line) => line.trim() !== "");
  const title = lines.findIndex((line) => Bun.stripANSI(line) === "OPTIONS");
  return { head: lines.slice(0, title), rows: lines.slice(title + 1).map(splitRow) };
}

function cittyArgument(flag: Flag, description: string) {
  const shared = { description, ...(flag.short === undefined ? {} : { alias: flag.short }) };
  if (flag.arity === "none" || flag.arity === "count") return { ...shared, type: "boolean" as const };
  const standard = defaultTextOf(flag);
  return {
    ...shared,
    type: "string" as const,
    valueHint: operandOf(flag),
    ...(standard === null ? {} : { default: standard }),
  };
}

/** citty pads the names to the left and puts two spaces before the description, and at its end the default. */
function splitRow(line: string): Row {
  const trimmed = line.trim().replace(/=<\[(\w+)\]>/, "[=<$1>]");
  const gap = trimmed.indexOf("  ");
  const description = trimmed.slice(gap).trim();
  return {
    names: trimmed.slice(0, gap),
    description: description.replace(/\(Default: .*\)/, (text) => text.replaceAll(" ", "\u00a0")),
  };
}

/** Names in one column, descriptions in another; below the names where these are long or the terminal is narrow. */
function layOut(rows: readonly Row[], columns: number): string[] {
  const column = columns < NARROW_COLUMNS ? NARROW_DESCRIPTION_COLUMN : DESCRIPTION_COLUMN;
  return rows.flatMap(({ names, description }) => {
    const left = Bun.stripANSI(names).startsWith("--") ? `      ${names}` : `  ${names}`;
    const room = column - Bun.stringWidth(left);
    const [first, ...rest] = wrapped(description, columns - column).map((line) => `${" ".repeat(column)}${line}`);
    return room < 2 ? [left, first!, ...rest] : [left + first!.slice(Bun.stringWidth(left)), ...rest];
  });
}

function examples(shown: typeof EXAMPLES, columns: number): string[] {
  const lines = shown.flatMap(([command, meaning]) => [
    ...brokenCommand(command, columns, "  "),
    ...wrapped(`      ${meaning}`, columns, "      "),
  ]);
  return [heading("Examples"), ...lines];
}

/** A command that is longer than a line goes on behind a backslash, as a shell takes it. */
export function brokenCommand(command: string, columns: number, margin = ""): string[] {
  const parts = wrapped(margin + command, columns - 2, `${margin}  `);
  return parts.map((part, index) => (index < parts.length - 1 ? `${part} \\` : part));
}

function heading(text: string): string {
  return `\u001b[1m${text}\u001b[22m`;
}
