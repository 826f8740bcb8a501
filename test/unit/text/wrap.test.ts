import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { wrapped } from "../../../src/text/wrap.ts";

test("lines end at spaces, and go on indented", () => {
  expect(wrapped("one two three four", 9, "  ")).toEqual(["one two", "  three", "  four"]);
  expect(wrapped("  one two", 6, "    ")).toEqual(["  one", "    two"]);
  expect(wrapped("", 9)).toEqual([""]);
});

test("a word that is longer than a line stays whole", () => {
  expect(wrapped("a incomprehensible b", 5)).toEqual(["a", "incomprehensible", "b"]);
});

describe("no line ends between a number and its unit", () => {
  const kept = ["10 ms", "870 ns", "12.3 µs", "5 us", "60.0 s", "2 min", "1 h", "6.24 %", "64 KiB", "512 B"];
  for (const text of [
    ...kept,
    "1 message",
    "20 messages",
    "40 bytes",
    "CPU 3",
    "-i 10000",
    "--launches 6",
    "-o DIR/",
  ]) {
    test(text, () => {
      for (let columns = 1; columns < 30; columns++) {
        const lines = wrapped(`it took ${text}, they say, then ${text}. End`, columns);
        expect(lines.filter((line) => line.includes(text)).length).toBeGreaterThan(0);
        expect(lines.join(" ")).toBe(`it took ${text}, they say, then ${text}. End`);
        for (const line of lines) {
          expect(line).not.toEndWith(text.split(" ")[0]!);
        }
      }
    });
  }
});

test("other words after a number may begin a line", () => {
  expect(wrapped("with 3 sides and 2 hosts", 6)).toEqual(["with 3", "sides", "and 2", "hosts"]);
  expect(wrapped("-m uds tcp", 6)).toEqual(["-m uds", "tcp"]);
});

test("no-break spaces hold together, and are printed as spaces", () => {
  expect(wrapped("one two\u00a0three four", 8)).toEqual(["one", "two three", "four"]);
});

test("colours take no room", () => {
  expect(wrapped("\u001b[1mone\u001b[22m two", 7)).toEqual(["\u001b[1mone\u001b[22m two"]);
});

test("whatever the words, none is lost, and only a single unit of them is wider than a line", () => {
  const words = fc.array(fc.stringMatching(/^[a-z]{1,9}$/), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(words, fc.integer({ min: 1, max: 60 }), (list, columns) => {
      const lines = wrapped(list.join(" "), columns);
      expect(lines.join(" ")).toBe(list.join(" "));
      for (const line of lines) expect(line.length <= columns || !line.includes(" ")).toBe(true);
    }),
  );
});
