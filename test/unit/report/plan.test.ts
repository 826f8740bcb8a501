import { describe, expect, test } from "bun:test";
import { FLAG_ENTRIES } from "../../../src/cli/flags.ts";
import { planText } from "../../../src/report/plan.ts";
import { planOf } from "../result/fixture.ts";

const FIXED = { ratePerSecond: 10, kind: "constant", burst: 1 } as const;
const SCREEN = { utf8: true, columns: 80 };

describe("a dry run", () => {
  test("shows the measurements in order, the parameters, the files and the time", () => {
    const plan = planOf({
      mechanisms: ["uds", "tcp"],
      messageCount: null,
      durationNs: 2_000_000_000,
      warmupCount: 0,
    });
    const text = planText([plan], [{ label: "--output-file", path: "r.json" }], SCREEN);
    const [head, parameters] = text.split("\n\n  --async ");
    expect(head).toBe(`4 measurements, in this order:

#  ipc  mode   test        bytes  messages   time
1  uds  async  one-way      1024    for 2s  2.2 s
2  uds  async  round-trip   1024    for 2s  2.2 s
3  tcp  async  one-way      1024    for 2s  2.2 s
4  tcp  async  round-trip   1024    for 2s  2.2 s`);
    expect(parameters).toContain("\n  --percentiles           50 95 99 99.9\n");
    expect(parameters).not.toMatch(/quiet|--wait|--spin/);
    expect(text).toEndWith(`
Files to be written:
  --output-file  r.json

Estimated time: 8.8 s
Nothing was started.
`);
  });

  test("says of counted messages that the time is a guess", () => {
    const text = planText([planOf()], [], SCREEN);
    expect(text).toContain("Files to be written: none\n");
    expect(text).toMatch(/Estimated time: ~\d+\.\d s\n {2}Tests without --duration are a rough guess/);
  });

  test("shows launches, and for each plan what tells it from the others", () => {
    const plans = [
      planOf({ launches: 2, sendDelayNs: 50_000 }),
      planOf({ launches: 2, mode: "blocking", wait: "hybrid" }),
    ];
    const lines = planText(plans, [], SCREEN).split("\n");
    expect(lines[2]).toBe("#  combination  ipc  mode      test        bytes  launch  messages    time");
    expect(lines.filter((line) => line.includes("2/2"))).toHaveLength(4);
    const second = lines.indexOf("Combination 2, differs from 1 in:");
    expect(lines.slice(second, second + 5)).toEqual([
      "Combination 2, differs from 1 in:",
      "  --blocking              yes",
      "  --send-delay            0s",
      "  --wait                  hybrid",
      "  --spin                  50us",
    ]);
  });

  test("calls parameters by the names of their flags", () => {
    const plan = planOf({ standalone: { side: "client", connectTimeoutNs: 1 }, arrival: FIXED });
    const text = planText([plan], [], SCREEN);
    const names = [...text.matchAll(/^ {2}--([a-z-]+) /gm)].map(([, name]) => name!);
    const known: readonly string[] = FLAG_ENTRIES.flatMap(([, { long }]) => long);
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
    expect(names).toContain("rate");
  });

  test("keeps its words within a narrow terminal", () => {
    const text = planText([planOf({ percentiles: [50, 95, 99, 99.9, 99.99] })], [], { utf8: false, columns: 40 });
    const words = text.split("\n").filter((line) => !/^[# ]*[\d#] /.test(line));
    expect(Math.max(...words.map((line) => line.length))).toBeLessThanOrEqual(40);
    expect(text).toContain(" us per");
  });

  test("shows how many clients share the messages", () => {
    const lines = planText([planOf({ concurrency: 4, messageCount: 1000 })], [], SCREEN).split("\n");
    expect(lines[2]).toEndWith("bytes  clients  messages    time");
    expect(lines[3]).toContain("1024        4      1000");
  });

  test("of hours is told in hours", () => {
    const plan = planOf({ messageCount: null, durationNs: 3_600_000_000_000 });
    expect(planText([plan], [], SCREEN)).toContain("Estimated time: 2 h 0 min\n");
  });
});
