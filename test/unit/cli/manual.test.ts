import { expect, test } from "bun:test";
import { EXAMPLES, EXIT_CODES } from "../../../src/cli/help.ts";
import { allFlags, spellingsOf } from "../../../src/cli/listing.ts";
import { manualPage } from "../../../src/cli/manual.ts";
import { SUBCOMMANDS } from "../../../src/cli/subcommands.ts";

const PAGE = manualPage();
/** As it reads, without the escapes. */
const TEXT = PAGE.replaceAll("\\-", "-")
  .replaceAll("\\~", " ")
  .replaceAll("\\e", "\\")
  .replace(/\\f[BIR]/g, "");

test("the manual page has every flag in all its spellings, with its description", () => {
  for (const flag of allFlags()) {
    expect(TEXT).toMatch(new RegExp(`^${spellingsOf(flag).join(", ")}( .+)?$`, "m"));
    expect(TEXT).toContain(`${flag.description}.`);
  }
});

test("the manual page has every subcommand, exit code and example", () => {
  for (const { name, description } of SUBCOMMANDS) {
    expect(TEXT).toMatch(new RegExp(`^${name}( .*)?$`, "m"));
    expect(TEXT).toContain(`\n${description}\n`);
  }
  for (const [code, meaning] of EXIT_CODES) expect(TEXT).toContain(`\n${code}\n${meaning}`);
  for (const [command] of EXAMPLES) {
    expect(TEXT.replaceAll(/ \\\n +/g, " ")).toContain(`\n${command}\n`);
  }
});

test("examples fit on a terminal of 40 columns; a number stays with its unit", () => {
  const lines = TEXT.slice(TEXT.indexOf(".SH EXAMPLES")).split("\n");
  const examples = lines.filter((line) => /^(ipc-benchmark| {2})/.test(line));
  expect(examples.length).toBeGreaterThan(EXAMPLES.length);
  expect(Math.max(...examples.map((line) => line.length))).toBeLessThanOrEqual(33);
  expect(PAGE).toContain("\nUnix domain sockets, 10000\\~messages of 1\\~KiB, both tests.\n");
});

test("no line of the manual page is an unknown request", () => {
  const requests = PAGE.split("\n").flatMap((line) => /^[.'](\w*)/.exec(line)?.[1] ?? []);
  expect(new Set(requests)).toEqual(new Set(["TH", "SH", "SS", "B", "br", "PP", "TP", "RS", "RE", "nf", "fi"]));
});

const groff = Bun.which("groff");
test(
  groff === null ? "groff is not here: the page is not formatted" : "groff formats the page without a warning",
  () => {
    if (groff === null) return;
    const run = Bun.spawnSync([groff, "-man", "-Tascii", "-ww", "-z"], { stdin: Buffer.from(PAGE) });
    expect(run.stderr.toString()).toBe("");
    expect(run.exitCode).toBe(0);
  },
);
