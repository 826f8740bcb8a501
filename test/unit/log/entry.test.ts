import { describe, expect, test } from "bun:test";
import { dateOf, lineOf, nowUs } from "../../../src/log/entry.ts";

const TIME_US = 1_786_364_696_000_042;

describe("a line of the log", () => {
  test("has the time to the microsecond, the level, the speaker and the text", () => {
    expect(lineOf({ level: "info", timeUs: TIME_US, text: "is connected" }, "server")).toBe(
      "2026-08-10T12:24:56.000042Z INFO server: is connected",
    );
  });

  test("is one line, whatever the text holds", () => {
    const line = lineOf({ level: "trace", timeUs: TIME_US, text: "a\nb\r\u2028c\u0000\u001b[31m" }, "client");
    expect(line).toBe("2026-08-10T12:24:56.000042Z TRACE client: a b c [31m");
  });
});

test("the day of a moment is that of UTC", () => {
  expect(dateOf(Date.UTC(2026, 11, 31, 23, 59, 59, 999) * 1000 + 999)).toBe("2026-12-31");
  expect(dateOf(Date.UTC(2027, 0, 1) * 1000)).toBe("2027-01-01");
});

test("now is a whole number of microseconds, close to what the clock of milliseconds says", () => {
  const now = nowUs();
  expect(Number.isSafeInteger(now)).toBe(true);
  expect(Math.abs(now / 1000 - Date.now())).toBeLessThan(1000);
});
