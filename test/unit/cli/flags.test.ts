import { describe, expect, test } from "bun:test";
import { bareValueOf, defaultOf, defaultsOf } from "../../../src/cli/flag.ts";
import { FLAG_ENTRIES } from "../../../src/cli/flags.ts";

test("no two flags share a name", () => {
  const names = FLAG_ENTRIES.flatMap(([, flag]) => [...flag.long, ...(flag.short ? [flag.short] : [])]);
  expect(new Set(names).size).toBe(names.length);
});

describe("a flag takes its own defaults and examples", () => {
  for (const [key, flag] of FLAG_ENTRIES) {
    if (!("value" in flag)) continue;
    test(key, () => {
      for (const text of flag.value.example.split(" ")) expect(flag.value.parse(text)).not.toBeNull();
      if (flag.arity === "optional") expect(bareValueOf(flag)).not.toBeNull();
      if (flag.arity === "many") expect(defaultsOf(flag)).not.toBeEmpty();
      if (flag.arity === "one" && flag.default !== undefined) expect(defaultOf(flag)).not.toBeNull();
    });
  }
});

test("only single words stand as names, so that did-you-mean and the help can print them", () => {
  for (const [, flag] of FLAG_ENTRIES) for (const name of flag.long) expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
});
