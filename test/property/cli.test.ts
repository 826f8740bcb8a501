import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { interpret } from "../../src/cli/command.ts";
import { readDocument } from "../../src/cli/config/document.ts";
import { FLAG_ENTRIES } from "../../src/cli/flags.ts";
import { parseArguments } from "../../src/cli/parse.ts";
import { UsageError } from "../../src/plan/errors.ts";
import type { RunPlan } from "../../src/plan/run-plan.ts";
import { formatDurationNs, MAX_DURATION_NS, parseDurationNs } from "../../src/text/duration.ts";

setDefaultTimeout(60_000);

const BREAKS_A_LINE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const RUNS = { numRuns: 3000 };

const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 }).map((units) => String.fromCharCode(...units)),
);

const names = FLAG_ENTRIES.flatMap(([, flag]) => [
  ...flag.long.map((name) => `--${name}`),
  ...("short" in flag ? [`-${flag.short}`] : []),
]);
const words = [
  "uds",
  "tcp",
  "shm",
  "pmq",
  "all",
  "echo",
  "ack",
  "block",
  "spin",
  "hybrid",
  "self-test",
  "man",
  "completions",
  "bash",
  "x.toml",
  "--config=x.toml",
  "64..256:*2",
  "1..900:+1",
  "--",
  "-",
  "=",
];
const numbers = ["0", "1", "64", "-1", "1.5", "99.9", "100", "101", "5ms", "1us", "1h", "1e9", "9".repeat(50), "007"];
const oddValue = fc.oneof(fc.constantFrom(...words, ...numbers, "r.json", "/x", "a/b", ".."), anyText);

const argument = fc.oneof(
  fc.constantFrom(...names),
  oddValue,
  fc.tuple(fc.constantFrom(...names), fc.constantFrom("=", "", " "), oddValue).map((parts) => parts.join("")),
  anyText.map((text) => `-${text}`),
  anyText.map((text) => `--${text}`),
);
const argumentVector = fc.array(argument, { maxLength: 12 });
const platform = fc.constantFrom<NodeJS.Platform>("linux", "darwin", "freebsd");

function expectCleanUsageError(error: unknown, longest: number): void {
  if (!(error instanceof UsageError)) throw error;
  for (const line of [error.message, error.hint ?? "no hint"]) {
    expect(line).not.toMatch(BREAKS_A_LINE);
    expect(line).not.toBeEmpty();
    expect(line.length).toBeLessThan(longest);
  }
}

function expectPlans(plans: readonly RunPlan[]): void {
  expect(plans).not.toBeEmpty();
  for (const { messageSizes, mechanisms, tests, quiet, log, outputFile } of plans) {
    expect([messageSizes.length, mechanisms.length, tests.length]).not.toContain(0);
    expect(messageSizes.every((bytes) => Number.isInteger(bytes) && bytes >= 1)).toBe(true);
    expect({ quiet, log, outputFile }).toEqual({
      quiet: plans[0]!.quiet,
      log: plans[0]!.log,
      outputFile: plans[0]!.outputFile,
    });
  }
}

test("any arguments give plans, a text or a subcommand, or a usage error of one clean line", async () => {
  await fc.assert(
    fc.asyncProperty(argumentVector, platform, async (argv, on) => {
      try {
        const command = await interpret(argv, on, false, () => "blocking = [true, false]\nmsg-count = 7\n");
        if (command.kind === "run") expectPlans(command.plans);
        else if (command.kind !== "self-test") expect(command.text).not.toBeEmpty();
      } catch (error) {
        expectCleanUsageError(error, 500);
      }
    }),
    RUNS,
  );
});

const keys = FLAG_ENTRIES.flatMap(([, flag]) => flag.long);
const tomlScalar = fc.oneof(
  fc.boolean().map(String),
  fc.constantFrom(...words, ...numbers, "stderr", "a.csv").map((text) => JSON.stringify(text)),
  fc.integer().map(String),
  anyText.map((text) => JSON.stringify(text.toWellFormed()).replaceAll("\u007f", "")),
);
const tomlValue = fc.oneof(
  tomlScalar,
  fc.array(tomlScalar, { maxLength: 4 }).map((items) => `[${items.join(",\n ")}]`),
);
const tomlLine = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.tuple(fc.constantFrom(...keys), tomlValue).map(([key, value]) => `${key} = ${value}`),
  },
  { weight: 1, arbitrary: anyText },
);

test("any TOML document gives plans, or a usage error of one clean line", async () => {
  const document = fc.uniqueArray(tomlLine, { maxLength: 5, selector: (line) => line.split(" ")[0] });
  await fc.assert(
    fc.asyncProperty(document, argumentVector, platform, async (lines, more, on) => {
      for (const flags of [[], more]) {
        try {
          const command = await interpret([...flags, "--config=x.toml"], on, false, () => lines.join("\n"));
          if (command.kind === "run") expectPlans(command.plans);
        } catch (error) {
          expectCleanUsageError(error, 800);
        }
      }
    }),
    RUNS,
  );
});

test("any JSON value, and any part of one, gives plans, or a usage error of one clean line", async () => {
  const scalar = fc.oneof(fc.constantFrom(...words, ...numbers, true, false, 1, 64, null), fc.jsonValue());
  const value = fc.oneof(scalar, fc.array(scalar, { maxLength: 4 }));
  const object = fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string()), value, { maxKeys: 5 });
  const text = fc
    .tuple(fc.oneof({ weight: 9, arbitrary: object }, { weight: 1, arbitrary: fc.jsonValue() }), fc.nat(500))
    .map(([document, length]) =>
      length < 50 ? JSON.stringify(document).slice(0, length) : JSON.stringify(document, null, 1),
    );
  await fc.assert(
    fc.asyncProperty(text, platform, async (json, on) => {
      try {
        const command = await interpret(["--config", "x.json"], on, false, () => json);
        if (command.kind === "run") expectPlans(command.plans);
      } catch (error) {
        expectCleanUsageError(error, 800);
      }
    }),
    RUNS,
  );
});

test("the keys of a document are found in the lines in which they stand", () => {
  const key = fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/);
  const entries = fc.uniqueArray(fc.tuple(key, tomlValue), { selector: ([name]) => name, maxLength: 6 });
  fc.assert(
    fc.property(entries, fc.array(fc.constantFrom("", "# a = 1", "  "), { maxLength: 3 }), (pairs, between) => {
      const filler = between.map((line) => `${line}\n`).join("");
      let toml = "";
      const expected = pairs.map(([name, value]) => {
        toml += filler;
        const line = toml.split("\n").length;
        toml += `${name} = ${value}\n`;
        return { name, line };
      });
      expect(readDocument(toml, "toml").map(({ name, line }) => ({ name, line }))).toEqual(expected);
      const json = `{${pairs.map(([name, value]) => `\n${JSON.stringify(name)}:${value}`).join(",")}}`;
      const inJson = readDocument(json, "json").map(({ name, line }) => [name, json.split("\n")[line - 1]!]);
      for (const [name, line] of inJson) expect(line).toStartWith(JSON.stringify(name));
      expect(inJson).toHaveLength(pairs.length);
    }),
  );
});

test("a range of sizes begins where it says, ends where it says at most, and goes on by its step", () => {
  const first = fc.integer({ min: 1, max: 5000 });
  fc.assert(
    fc.property(first, fc.nat(5000), fc.integer({ min: 1, max: 900 }), fc.boolean(), (from, more, by, adds) => {
      const step = adds ? by : by + 1;
      fc.pre(!adds || more / step < 1000);
      const { messageSizes } = parseArguments(
        ["-s", `${from}..${from + more}:${adds ? "+" : "*"}${step}`],
        "linux",
      ).plan;
      const next = (bytes: number) => (adds ? bytes + step : bytes * step);
      expect(messageSizes[0]).toBe(from);
      for (const [index, bytes] of messageSizes.slice(1).entries()) expect(bytes).toBe(next(messageSizes[index]!));
      expect(messageSizes.at(-1)!).toBeLessThanOrEqual(from + more);
      expect(next(messageSizes.at(-1)!)).toBeGreaterThan(from + more);
    }),
  );
});

test("a plan is the same whether values are joined to their flags or follow them", () => {
  const count = fc.integer({ min: 1, max: 1e9 });
  fc.assert(
    fc.property(count, count, (messages, warmup) => {
      const { commandLine: _1, ...joined } = parseArguments([`-i${messages}`, `-w=${warmup}`], "linux").plan;
      const { commandLine: _2, ...apart } = parseArguments(
        ["--warmup-iterations", `${warmup}`, "--msg-count", `${messages}`],
        "linux",
      ).plan;
      expect(joined).toEqual(apart);
    }),
  );
});

test("percentiles are ascending, once each, whatever the order they are given in", () => {
  const percentile = fc.integer({ min: 1, max: 100_000 }).map((thousandths) => thousandths / 1000);
  fc.assert(
    fc.property(fc.array(percentile, { minLength: 1, maxLength: 20 }), (asked) => {
      const { percentiles } = parseArguments(["--percentiles", ...asked.map(String)], "linux").plan;
      expect(percentiles).toEqual([...new Set(asked)].sort((a, b) => a - b));
    }),
  );
});

test("a duration that is printed and read again is the same", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: MAX_DURATION_NS }), (durationNs) => {
      expect(parseDurationNs(formatDurationNs(durationNs))).toBe(durationNs);
    }),
    RUNS,
  );
});

test("a round duration that is printed and read again is the same", () => {
  const unitNs = fc.constantFrom(1000, 1e6, 1e9, 60e9, 3600e9);
  fc.assert(
    fc.property(unitNs, fc.integer({ min: 0, max: 2400 }), (unit, count) => {
      expect(parseDurationNs(formatDurationNs(unit * count))).toBe(unit * count);
    }),
    RUNS,
  );
});
