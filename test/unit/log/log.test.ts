import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatedFile } from "../../../src/log/dated-file.ts";
import type { LogEntry } from "../../../src/log/entry.ts";
import { NO_LOG, openLog, roleLog } from "../../../src/log/log.ts";
import type { LogLevel } from "../../../src/plan/run-plan.ts";

const directory = mkdtempSync(join(tmpdir(), "log-"));
afterAll(() => rmSync(directory, { recursive: true }));
const path = (name: string) => join(directory, name);

describe("a role's log", () => {
  const said = (level: LogLevel | null) => {
    const entries: LogEntry[] = [];
    const log = roleLog(level, (entry) => entries.push(entry));
    for (const each of ["error", "info", "debug", "trace"] as const) log[each](`a ${each}`);
    return entries.map(({ level: of, text }) => `${of}: ${text}`);
  };

  test("says what is of its level or more important", () => {
    expect(said(null)).toEqual([]);
    expect(said("info")).toEqual(["error: a error", "info: a info"]);
    expect(said("debug")).toEqual(["error: a error", "info: a info", "debug: a debug"]);
    expect(said("trace")).toEqual(["error: a error", "info: a info", "debug: a debug", "trace: a trace"]);
  });

  test("says the same as often as it is told to", () => {
    const entries: LogEntry[] = [];
    const log = roleLog("info", (entry) => entries.push(entry));
    for (let time = 0; time < 50; time++) log.info("again");
    expect(entries).toHaveLength(50);
  });
});

describe("the log of a run", () => {
  test("is a file of today, and holds what all processes say, each at its own time", () => {
    const log = openLog({ level: "debug", file: path("run") });
    log.info("begins");
    log.take("server", { level: "debug", timeUs: 1_786_364_696_000_042, text: "listens" });
    log.trace("too much");
    const [name] = readdirSync(directory);
    expect(log.file).toBe(path(name!));
    expect(name).toMatch(/^run\.\d{4}-\d\d-\d\d$/);
    const today = readFileSync(log.file!, "utf8").trimEnd().split("\n");
    expect(today).toHaveLength(2);
    expect(today[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z INFO orchestrator: begins$/);
    expect(today[1]).toBe("2026-08-10T12:24:56.000042Z DEBUG server: listens");
  });

  test("of nothing is dropped", () => {
    expect(openLog(null)).toBe(NO_LOG);
    expect(NO_LOG.file).toBeNull();
    NO_LOG.info("never seen");
  });

  test("that can't be written is refused at once", () => {
    expect(() => openLog({ level: "info", file: path("no/such/place") })).toThrow("--log-file");
  });
});

describe("a dated file", () => {
  test("goes on in a new file with each day", () => {
    const file = new DatedFile(path("day"), "2026-08-10");
    file.append("one", "2026-08-10");
    file.append("two", "2026-08-11");
    file.append("three", "2026-08-10");
    expect(readFileSync(path("day.2026-08-10"), "utf8")).toBe("one\n");
    expect(readFileSync(path("day.2026-08-11"), "utf8")).toBe("two\nthree\n");
    expect(file.name).toBe(path("day.2026-08-11"));
  });

  test("goes on where it ended", () => {
    new DatedFile(path("kept"), "2026-08-10").append("one", "2026-08-10");
    new DatedFile(path("kept"), "2026-08-10").append("two", "2026-08-10");
    expect(readFileSync(path("kept.2026-08-10"), "utf8")).toBe("one\ntwo\n");
  });
});
