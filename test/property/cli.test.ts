import { expect, test } from "bun:test";
import fc from "fast-check";
import { interpret } from "../../src/cli/command.ts";
import { formatDurationNs, MAX_DURATION_NS, parseDurationNs } from "../../src/cli/duration.ts";
import { UsageError } from "../../src/cli/errors.ts";
import { FLAG_ENTRIES } from "../../src/cli/flags.ts";
import { parseArguments } from "../../src/cli/parse.ts";

const BREAKS_A_LINE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const RUNS = { numRuns: 3000 };

const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 })
    .map((units) => String.fromCharCode(...units)),
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
  "--",
  "-",
  "=",
];
const numbers = [
  "0",
  "1",
  "64",
  "-1",
  "1.5",
  "99.9",
  "100",
  "101",
  "5ms",
  "1us",
  "1h",
  "1e9",
  "9".repeat(50),
  "007",
];
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

test("any arguments give a plan, help or a version, or a usage error of one clean line", async () => {
  await fc.assert(
    fc.asyncProperty(argumentVector, platform, async (argv, on) => {
      try {
        const command = await interpret(argv, on);
        expect(["run", "help", "version"]).toContain(command.kind);
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        for (const line of [error.message, error.hint ?? ""]) {
          expect(line).not.toMatch(BREAKS_A_LINE);
          expect(line).not.toBeEmpty();
          expect(line.length).toBeLessThan(400);
        }
      }
    }),
    RUNS,
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
