/** The compiled program, given what it must refuse: every row of the tables of bad command lines and configurations, and anything. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { FLAG_ENTRIES } from "../../src/cli/flags.ts";
import { BAD_COMMAND_LINES } from "../unit/cli/bad-command-lines.ts";
import { BAD_CONFIGURATIONS } from "../unit/cli/config/bad-configurations.ts";
import { expectOneLine, TEST_TIMEOUT_MS } from "./expectations.ts";
import { type Ended, Sandbox } from "./harness.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

interface BadInput {
  readonly argv: readonly string[];
  readonly message: readonly string[];
  /** Of a configuration file, if there is one. */
  readonly file?: { readonly name: string; readonly text: string };
}

/** No argument of a process holds a NUL, and what another platform refuses may be right here. */
const canBeGiven = ({ argv, platform }: (typeof BAD_COMMAND_LINES)[number]) =>
  (platform ?? process.platform) === process.platform && !argv.some((text) => text.includes("\0"));

const ROWS: readonly BadInput[] = [
  ...BAD_COMMAND_LINES.filter(canBeGiven),
  ...BAD_CONFIGURATIONS.map(([text, message], index) => {
    const name = `${index}.toml`;
    return {
      argv: ["--config", name],
      message: message.map((part) => part.replaceAll("run.toml", name)),
      file: { name, text },
    };
  }),
];

const PROGRAMS_AT_ONCE = 4;

let sandbox: Sandbox;
const ends = ROWS.map(() => Promise.withResolvers<Ended>());

beforeAll(() => {
  sandbox = new Sandbox();
  for (const { file } of ROWS) if (file !== undefined) writeFileSync(sandbox.path(file.name), file.text);
  const waiting = [...ROWS.entries()];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      ends[next[0]]!.resolve(await sandbox.run(next[1].argv, { env: { TMPDIR: sandbox.temp } }));
  };
  for (let i = 0; i < PROGRAMS_AT_ONCE; i++) void work();
});

afterAll(() => sandbox.remove());

test("there are 150 rows and more", () => expect(ROWS.length).toBeGreaterThanOrEqual(150));

describe("one line that names the flag, the value and what is allowed, exit code 2, and nothing is started", () => {
  test.each(
    ROWS.map(({ argv, file, message }, index) => ({
      name: JSON.stringify(file?.text ?? argv).slice(0, 100),
      message,
      index,
    })),
  )("$index: $name", async ({ message, index }) => {
    const ended = await ends[index]!.promise;
    expect(ended.exitCode).toBe(2);
    const line = expectOneLine(ended);
    for (const part of message) expect(line).toContain(part);
    // What is allowed: in the message, or in a hint after it.
    expect(line).toMatch(/ \(.+\)$| takes | this is not valid TOML/);
    expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
    expect(ended.stdout).toBe("");
  });

  test("no file was made, and no process is left", async () => {
    await Promise.all(ends.map(({ promise }) => promise));
    const given = ROWS.flatMap(({ file }) => (file === undefined ? [] : [file.name]));
    expect(readdirSync(sandbox.directory).sort()).toEqual(given.sort());
    expect(await sandbox.leftovers()).toEqual([]);
  });
});

const flags = FLAG_ENTRIES.flatMap(([, { long, short }]) => [
  ...long.map((name) => `--${name}`),
  ...(short === undefined ? [] : [`-${short}`]),
]);
const anyText = fc
  .string({ unit: "grapheme", maxLength: 12 })
  .filter((text) => !text.includes("\0") && text.isWellFormed());
const word = fc.oneof(
  fc.constantFrom(...flags),
  fc.constantFrom(
    "uds",
    "tcp",
    "shm",
    "pmq",
    "all",
    "0",
    "-1",
    "1e9",
    "NaN",
    "10ms",
    "99.9",
    "../x",
    "",
    "--",
    "-",
    "=",
  ),
  anyText,
);

test("whatever the arguments are, the program ends at once without a stack trace", async () => {
  // Whatever can be run is only planned.
  const vector = fc.array(word, { maxLength: 6 }).map((words) => ["--dry-run", ...words]);
  const box = new Sandbox();
  try {
    await fc.assert(
      fc.asyncProperty(vector, async (argv) => {
        const ended = await box.run(argv, { env: { TMPDIR: box.temp } });
        expect([0, 2]).toContain(ended.exitCode ?? -1);
        expect(ended.stderr).not.toMatch(/\n\s+at |internal error|panic/);
        expect(ended.wallMs).toBeLessThan(20_000);
        if (ended.exitCode === 2) expectOneLine(ended);
      }),
      { numRuns: 60, interruptAfterTimeLimit: 40_000 },
    );
    expect(await box.leftovers()).toEqual([]);
  } finally {
    box.remove();
  }
});
