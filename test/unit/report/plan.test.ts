import { describe, expect, test } from "bun:test";
import { planText } from "../../../src/report/plan.ts";
import { planOf } from "../result/fixture.ts";

describe("a dry run", () => {
  test("shows the measurements in order, the parameters, the files and the time", () => {
    const plan = planOf({
      mechanisms: ["uds", "tcp"],
      messageCount: null,
      durationNs: 2_000_000_000,
      warmupCount: 0,
    });
    const text = planText([plan], [{ label: "--output-file", path: "r.json" }]);
    const [head, parameters] = text.split("\n\n  mode:");
    expect(head).toBe(`4 measurements, in this order:

#  ipc  mode   test        bytes  messages   time
1  uds  async  one-way      1024    for 2s  2.2 s
2  uds  async  round-trip   1024    for 2s  2.2 s
3  tcp  async  one-way      1024    for 2s  2.2 s
4  tcp  async  round-trip   1024    for 2s  2.2 s`);
    expect(parameters).toContain("\n  percentiles:            50 95 99 99.9\n");
    expect(parameters).toContain("\n  spin:                   50us\n");
    expect(parameters).not.toContain("quiet");
    expect(text).toEndWith(`
Files to be written:
  --output-file  r.json

Estimated time: 8.8 s
Nothing was started.
`);
  });

  test("says of counted messages that the time is a guess", () => {
    const text = planText([planOf()], []);
    expect(text).toContain("Files to be written: none\n");
    expect(text).toMatch(/Estimated time: ~\d+\.\d s\n {2}Tests without --duration are a rough guess/);
  });

  test("shows launches, and for each plan what tells it from the others", () => {
    const plans = [planOf({ launches: 2, sendDelayNs: 50_000 }), planOf({ launches: 2, mode: "blocking" })];
    const lines = planText(plans, []).split("\n");
    expect(lines[2]).toBe("#  plan  ipc  mode      test        bytes  launch  messages    time");
    expect(lines.filter((line) => line.includes("2/2"))).toHaveLength(4);
    expect(lines.slice(lines.indexOf("Plan 2:"), lines.indexOf("Plan 2:") + 4)).toEqual([
      "Plan 2:",
      "  mode:                   blocking",
      "  send delay:             0s",
      "",
    ]);
  });

  test("shows how many clients share the messages", () => {
    const lines = planText([planOf({ concurrency: 4, messageCount: 1000 })], []).split("\n");
    expect(lines[2]).toEndWith("bytes  clients  messages    time");
    expect(lines[3]).toContain("1024        4      1000");
  });

  test("of hours is told in hours", () => {
    const plan = planOf({ messageCount: null, durationNs: 3_600_000_000_000 });
    expect(planText([plan], [])).toContain("Estimated time: 2 h 0 min\n");
  });
});
