import { describe, expect, test } from "bun:test";
import { quote } from "../../../src/text/quote.ts";

describe("what the user typed can't break the line", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["", '""'],
    ["plain", '"plain"'],
    ['say "x"\\', '"say \\"x\\"\\\\"'],
    ["a\nb\tc\0", '"a\\nb\\tc\\u0000"'],
    ["\u001b[31m", '"\\u001b[31m"'],
    ["\u007f\u009b", '"\\u{7f}\\u{9b}"'],
    ["\u2028\u202e\u200b", '"\\u{2028}\\u{202e}\\u{200b}"'],
    ["\ud800", '"\\ud800"'],
    ["grüße 😀", '"grüße 😀"'],
    ["x".repeat(40), `"${"x".repeat(40)}"`],
    ["x".repeat(41), `"${"x".repeat(40)}…" (41 characters)`],
    ["😀".repeat(50), `"${"😀".repeat(40)}…" (100 characters)`],
  ];
  for (const [text, expected] of cases) {
    test(JSON.stringify(text).slice(0, 30), () => expect(quote(text)).toBe(expected));
  }
});
