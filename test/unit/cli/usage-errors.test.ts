import { describe, expect, test } from "bun:test";
import { parseArguments } from "../../../src/cli/parse.ts";
import { UsageError } from "../../../src/plan/errors.ts";
import { BAD_COMMAND_LINES } from "./bad-command-lines.ts";

function usageErrorOf(argv: readonly string[], platform: NodeJS.Platform = "linux"): UsageError {
  try {
    parseArguments(argv, platform);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error("the command line was accepted");
}

describe("a bad command line is refused in one line that says what is wrong", () => {
  for (const { argv, message, hint, platform } of BAD_COMMAND_LINES) {
    test(JSON.stringify(argv).slice(0, 90), () => {
      const error = usageErrorOf(argv, platform);
      for (const part of message) expect(error.message).toContain(part);
      expect(error.message).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      expect(error.message.length).toBeLessThan(300);
      expect(error.hint).toContain(hint ?? "");
      expect(error.hint).not.toBeEmpty();
    });
  }
});

describe("a misspelt flag is answered with the one that was meant", () => {
  const misspelt = [
    ["--mesage-size", "--message-size"],
    ["--msg", "--msg-count"],
    ["--durration=5", "--duration"],
    ["--mechansim", "--mechanism"],
    ["--Blocking", "--blocking"],
    ["--one_way", "--one-way"],
    ["--roundtrip", "--round-trip"],
    ["--no-oneway", "--no-one-way"],
    ["-blokcing", "--blocking"],
    ["--percentile", "--percentiles"],
    ["--cont", "--continue-on-error"],
    ["--no-blocking", "--async"],
  ] as const;
  for (const [typed, meant] of misspelt) {
    test(`${typed} → ${meant}`, () => {
      expect(usageErrorOf([typed]).hint).toBe(`did you mean ${meant}?`);
    });
  }

  for (const typed of ["--frobnicate", "--z", `--${"message-size".repeat(500)}`]) {
    test(`nothing is suggested for ${typed.slice(0, 20)}`, () => {
      expect(usageErrorOf([typed]).hint).toBe("see ipc-benchmark --help");
    });
  }
});
