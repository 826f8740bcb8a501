/**
 * Draws docs/summary.svg: the summary of a real run (docs/summary.json), as a terminal shows it.
 *
 *   bun scripts/picture.ts             draws it again, with the words that the program has now
 *   bun scripts/picture.ts --measure   measures again with dist/ipc-benchmark first
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { summaryText } from "../src/report/summary.ts";
import type { BenchmarkResult } from "../src/result/schema.ts";
import type { VerdictDetails } from "../src/verdict/verdict-schema.ts";
import { inWords } from "../src/verdict/words.ts";

const root = resolve(import.meta.dir, "..");
export const DOCUMENT = join(root, "docs", "summary.json");
export const PICTURE = join(root, "docs", "summary.svg");

const COMMAND = "-m all -d 500ms --blocking --launches 6 --server-affinity 0 --client-affinity 1 -o results.json";
const COLUMNS = 112;

const FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace";
const FONT_SIZE = 14;
const CHARACTER_WIDTH = 8.43;
const LINE_HEIGHT = 19;
const MARGIN = 20;
const TITLE_BAR = 34;

/** A terminal of its own, so that it can be read on light pages and on dark ones. */
const STYLE = `
    .frame { fill: #161b22; stroke: #6e7681 }
    .lamp { fill: #6e7681 }
    text { fill: #e6edf3; font-family: ${FONT}; font-size: ${FONT_SIZE}px; white-space: pre }
    .bold { font-weight: bold; fill: #ffffff }
    .red { fill: #ff7b72 }
    .dim { fill: #8b949e }
    .prompt { fill: #3fb950 }
  `;

/** The picture of a stored result. */
export function pictureOf(document: string): string {
  const result = withPresentWords(JSON.parse(document));
  const commandLine = result.results[0]!.details.command_line.join(" ");
  const summary = summaryText(result, {
    utf8: true,
    colour: true,
    columns: COLUMNS,
    files: [{ label: "Final JSON", path: "results.json" }],
  });
  const command = `ipc-benchmark ${commandLine}`;
  const lines = [
    `${placed("$ ", 0, "prompt")}${placed(command, 2, "bold")}`,
    ...summary.trimEnd().split("\n").map(lineOfTerminal),
  ];
  const width = Math.ceil(2 * MARGIN + COLUMNS * CHARACTER_WIDTH);
  const height = TITLE_BAR + lines.length * LINE_HEIGHT + MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">`,
    `  <title id="title">Summary that a terminal shows at the end of: ${escaped(command)}</title>`,
    `  <style>${STYLE}</style>`,
    `  <rect class="frame" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    ...[0, 1, 2].map((i) => `  <circle class="lamp" cx="${MARGIN + 4 + 18 * i}" cy="17" r="5"/>`),
    ...lines.map((line, i) => {
      const y = TITLE_BAR + i * LINE_HEIGHT + FONT_SIZE;
      return line === "" ? "" : `  <text xml:space="preserve" y="${y}">${line}</text>`;
    }),
    "</svg>",
    "",
  ]
    .filter((line, i, all) => line !== "" || i === all.length - 1)
    .join("\n");
}

/** The words of findings are stored with them: here they are those that the program would write now. */
function withPresentWords(result: BenchmarkResult): BenchmarkResult {
  type Finding = VerdictDetails["reasons"][number] | VerdictDetails["warnings"][number];
  const again = <F extends Finding>(findings: readonly F[]) => findings.map((one) => ({ ...one, ...inWords(one) }));
  const results = result.results.map((entry) => {
    const tests = entry.details.tests.map((test) => {
      const { verdict, reasons, warnings } = test.verdict;
      return { ...test, verdict: { verdict, reasons: again(reasons), warnings: again(warnings) } };
    });
    return { ...entry, details: { ...entry.details, tests } };
  });
  return { ...result, results };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are told colours with them
const ESCAPE = /(\u001b\[\d+m)/;
const CLASSES: Readonly<Record<string, string>> = {
  "\u001b[1m": "bold",
  "\u001b[2m": "dim",
  "\u001b[22m": "",
  "\u001b[31m": "red",
  "\u001b[39m": "",
};

/** A line of the summary: escape sequences become classes. */
function lineOfTerminal(line: string): string {
  let className = "";
  let column = 0;
  let text = "";
  for (const part of line.split(ESCAPE)) {
    const nextClass = CLASSES[part];
    if (nextClass !== undefined) {
      className = nextClass;
      continue;
    }
    if (part.includes("\u001b")) throw new Error(`no colour for ${JSON.stringify(part)}`);
    text += placed(part, column, className);
    column += part.length;
  }
  return text;
}

/** Each piece of a table gets its own place and width, so that columns stand in every font. */
function placed(text: string, column: number, className: string): string {
  const pieces = [...text.matchAll(/(\S+(?: \S+)*)( *)/g)];
  return pieces
    .map(({ 1: piece = "", 2: gap = "", index }) => {
      const x = pixels(MARGIN + (column + index) * CHARACTER_WIDTH);
      const width = pixels(piece.length * CHARACTER_WIDTH);
      const attributes = `x="${x}" textLength="${width}"${className && ` class="${className}"`}`;
      return `<tspan ${attributes}>${escaped(piece)}</tspan>${gap}`;
    })
    .join("");
}

function pixels(length: number): number {
  return Number(length.toFixed(2));
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** What tells which machine it was, and has no place in a picture. */
const OWN_TO_THE_MACHINE = /("kernel_(?:release|version|command_line)": )".*"/g;

function measure(): string {
  const directory = mkdtempSync(join(tmpdir(), "picture-"));
  try {
    const run = Bun.spawnSync([join(root, "dist", "ipc-benchmark"), ...COMMAND.split(" ")], {
      cwd: directory,
      stdio: ["ignore", "ignore", "inherit"],
    });
    if (run.exitCode !== 0) throw new Error(`the run ended with exit code ${run.exitCode}`);
    return readFileSync(join(directory, "results.json"), "utf8").replaceAll(OWN_TO_THE_MACHINE, '$1"unknown"');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  if (process.argv.includes("--measure")) await Bun.write(DOCUMENT, measure());
  await Bun.write(PICTURE, pictureOf(await Bun.file(DOCUMENT).text()));
}
