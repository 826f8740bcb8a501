import { defineCommand, renderUsage } from "citty";
import packageJson from "../../package.json" with { type: "json" };
import { type Flag, GROUPS } from "./flag.ts";
import { allFlags, defaultTextOf, operandOf } from "./listing.ts";
import { SUBCOMMANDS, usageOf } from "./subcommands.ts";

const LINE_WIDTH = 100;

/** Commands that work as they stand on any Linux machine, with what they do. */
export const EXAMPLES: readonly (readonly [command: string, meaning: string])[] = [
  ["ipc-benchmark", "Unix domain sockets, 10000 messages of 1 KiB, both tests"],
  ["ipc-benchmark -m uds tcp -i 100000 -o results.json", "compare two mechanisms and keep the results"],
  ["ipc-benchmark -m all -d 10s --blocking", "every mechanism, ten seconds for each test"],
  ["ipc-benchmark -m shm -s 64 --round-trip --blocking --wait spin", "shared memory at its fastest"],
  ["ipc-benchmark --one-way --send-delay 1ms -i 5000 --percentiles 50 99.9", "a quiet line, one way"],
];

export const NOTES = [
  "Tests: both run, one way first, unless flags choose.",
  "Times: a number with us, ms, s, m or h; without a unit it counts seconds.",
] as const;

export const EXIT_CODES = [
  ["0", "all went well"],
  ["1", "a run failed"],
  ["2", "the command line or the configuration file is wrong"],
  ["4", "a test is invalid, with --strict"],
  ["129, 130, 143", "interrupted"],
] as const;

/** Everything, by groups (`--help`). */
export async function renderLongHelp(colour: boolean): Promise<string> {
  const flags = allFlags();
  const { head, rows } = await renderRows(flags);
  const parts = [...head];
  for (const group of GROUPS) {
    const lines = rows.filter((_, index) => flags[index]!.group === group);
    if (lines.length > 0) parts.push(heading(group), ...layOut(lines), "");
  }
  const exitCodes = `Exit codes: ${EXIT_CODES.map(([code, meaning]) => `${code} ${meaning}`).join("; ")}.`;
  const notes = [...NOTES, exitCodes].flatMap((note) =>
    wrap(note, LINE_WIDTH - 2).map((line) => `  ${line}`),
  );
  return finish([...parts, ...commands(), "", heading("Notes"), ...notes, "", ...examples()], colour);
}

/** The main flags and a few examples (`-h`). */
export async function renderShortHelp(colour: boolean): Promise<string> {
  const { head, rows } = await renderRows(allFlags().filter((flag) => flag.main));
  const parts = [...head, heading("Main flags"), ...layOut(rows), "", ...examples()];
  return finish([...parts, "", "All flags: ipc-benchmark --help"], colour);
}

function finish(lines: readonly string[], colour: boolean): string {
  return lines.map((line) => (colour ? line : Bun.stripANSI(line)).trimEnd()).join("\n");
}

interface Row {
  readonly names: string;
  readonly description: string;
}

/** citty's usage text: its first lines, and one row for each of `flags`, in their order. */
async function renderRows(flags: readonly Flag[]): Promise<{ head: string[]; rows: Row[] }> {
  const command = defineCommand({
    meta: { name: packageJson.name, version: packageJson.version, description: packageJson.description },
    args: Object.fromEntries(flags.map((flag) => [flag.long[0], cittyArgument(flag)])),
  });
  const lines = (await renderUsage(command)).split("\n");
  const title = lines.findIndex((line) => Bun.stripANSI(line) === "OPTIONS");
  const rows = lines.slice(title + 1).filter((line) => line.trim() !== "");
  return { head: lines.slice(0, title), rows: rows.map(splitRow) };
}

function cittyArgument(flag: Flag) {
  const shared = {
    description: flag.description,
    ...(flag.short === undefined ? {} : { alias: flag.short }),
  };
  if (flag.arity === "none" || flag.arity === "count") return { ...shared, type: "boolean" as const };
  const standard = defaultTextOf(flag);
  return {
    ...shared,
    type: "string" as const,
    valueHint: operandOf(flag),
    ...(standard === null ? {} : { default: standard }),
  };
}

/** citty pads the names to the left and puts two spaces before the description. */
function splitRow(line: string): Row {
  const trimmed = line.trim().replace(/=<\[(\w+)\]>/, "[=<$1>]");
  const gap = trimmed.indexOf("  ");
  return { names: trimmed.slice(0, gap), description: trimmed.slice(gap).trim() };
}

/** Names in one column, descriptions in another, wrapped. */
function layOut(rows: readonly Row[]): string[] {
  const indented = rows.map(({ names, description }) => ({
    names: Bun.stripANSI(names).startsWith("--") ? `    ${names}` : names,
    description,
  }));
  const width = Math.max(...indented.map(({ names }) => Bun.stringWidth(names)));
  return indented.flatMap(({ names, description }) =>
    wrap(description, LINE_WIDTH - width - 4).map((part, index) => {
      const left = index === 0 ? names : "";
      return `  ${left}${" ".repeat(width - Bun.stringWidth(left))}  ${part}`;
    }),
  );
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && Bun.stringWidth(longer) > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}

function commands(): string[] {
  const rows = SUBCOMMANDS.map((subcommand) => ({
    names: `ipc-benchmark ${usageOf(subcommand)}`,
    description: subcommand.description,
  }));
  const width = Math.max(...rows.map(({ names }) => names.length));
  return [
    heading("Commands"),
    ...rows.map(({ names, description }) => `  ${names.padEnd(width)}  ${description}`),
  ];
}

function examples(): string[] {
  return [
    heading("Examples"),
    ...EXAMPLES.flatMap(([command, meaning]) => [`  ${command}`, `      ${meaning}`]),
  ];
}

function heading(text: string): string {
  return `\u001b[1m${text}\u001b[22m`;
}
