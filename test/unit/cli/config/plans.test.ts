import { describe, expect, test } from "bun:test";
import { plansOf } from "../../../../src/cli/config/plans.ts";
import { parseArguments } from "../../../../src/cli/parse.ts";
import { plannedFiles } from "../../../../src/output/planned-files.ts";
import { UsageError } from "../../../../src/plan/errors.ts";
import type { RunPlan } from "../../../../src/plan/run-plan.ts";
import { BAD_CONFIGURATIONS } from "./bad-configurations.ts";

/** The plans of a file and more flags, on Linux. */
function runOf(text: string, flags = "", path = "run.toml") {
  const argv = ["--config", path, ...flags.split(" ").filter(Boolean)];
  return plansOf(argv, "linux", (asked) => {
    expect(asked).toBe(path);
    return text;
  });
}

/** The only plan, without the command line that led to it. */
function planOf(text: string, flags = "", path = "run.toml"): Omit<RunPlan, "commandLine"> {
  const { plans } = runOf(text, flags, path);
  expect(plans).toHaveLength(1);
  const { commandLine: _, ...plan } = plans[0]!;
  return plan;
}

function plainPlan(flags: string): Omit<RunPlan, "commandLine"> {
  const { commandLine: _, ...plan } = parseArguments(flags.split(" ").filter(Boolean), "linux").plan;
  return plan;
}

function refusalOf(text: string, flags = "", path = "run.toml"): string {
  try {
    runOf(text, flags, path);
  } catch (error) {
    if (error instanceof UsageError) return `${error.message} (${error.hint})`;
    throw error;
  }
  throw new Error("the configuration was accepted");
}

describe("a configuration file says what flags say", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["", ""],
    ['mechanisms = ["tcp", "uds"]', "-m tcp uds"],
    ['mechanism = "all"', "-m all"],
    ["message-size = 64", "-s 64"],
    ['message-size = [64, "128..512:*2"]', "-s 64 128..512:*2"],
    ["percentiles = [50, 99.9]", "--percentiles 50 99.9"],
    ['duration = "1.5s"', "-d 1.5s"],
    ["duration = 10", "-d 10"],
    ["msg-count = 1_000", "-i 1000"],
    ["blocking = true\nquiet = true", "--blocking -q"],
    ["blocking = false", "--async"],
    ["async = false", "--blocking"],
    ["one-way = false", "--no-one-way"],
    ["round-trip = false", "--no-round-trip"],
    ["no-one-way = false\nquiet = false\nstrict = false", ""],
    ["output-file = true", "-o"],
    ["output-file = false", ""],
    ['output-file = "r.json"', "-o r.json"],
    ["verbose = 2", "-vv"],
    ["verbose = true", "-v"],
    ["verbose = false", ""],
    ["verbose = 0", ""],
    ['blocking = true\nwait = "hybrid"\nspin = "10us"', "--blocking --wait hybrid --spin 10us"],
    ['wait = ["block"]', "--wait block"],
    ["rt = true", "--rt"],
    ["rt = false", ""],
    ["rt = 60", "--rt=60"],
    ['rt = "60"', "--rt 60"],
    ['rt = "off"', "--rt off"],
    ["rt = [true]", "--rt on"],
  ];
  for (const [text, flags] of cases) {
    test(JSON.stringify(text), () => expect(planOf(text)).toEqual(plainPlan(flags)));
  }

  test("in JSON as well", () => {
    const text = '{ "mechanisms": ["uds", "tcp"], "message-size": 64, "blocking": true, "duration": "2s" }';
    expect(planOf(text, "", "run.json")).toEqual(plainPlan("-m uds tcp -s 64 --blocking -d 2s"));
    expect(planOf(`\uFEFF${text}`, "", "RUN.JSON")).toEqual(plainPlan("-m uds tcp -s 64 --blocking -d 2s"));
  });
});

describe("flags on the command line win over the file", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["msg-count = 5", "-i 6", "-i 6"],
    ["mechanisms = ['tcp', 'shm']", "-m uds", "-m uds"],
    ["blocking = true", "--async", "--async"],
    ["async = true", "--blocking", "--blocking"],
    ["blocking = [true, false]", "--blocking", "--blocking"],
    ['duration = "1m"', "-i 6", "-i 6"],
    ["msg-count = 6", "-d 1s", "-d 1s"],
    ["one-way = true", "--round-trip", "--round-trip"],
    ["round-trip = false", "--no-one-way", "--no-one-way"],
    ['send-delay = "1ms"', "--rate 100", "--rate 100"],
    ['rate = 100\narrival = "poisson"', "--send-delay 1ms", "--send-delay 1ms"],
    ['rate = [1, 2]\narrival = "poisson"', "--rate 3", "--rate 3 --arrival poisson"],
    ["message-size = [64, 128]", "-q", "-s 64 128 -q"],
    ["rt = true", "--rt off", ""],
    ["rt = false", "--rt 1", "--rt 1"],
  ];
  for (const [text, flags, same] of cases) {
    test(`${JSON.stringify(text)} with ${flags}`, () => expect(planOf(text, flags)).toEqual(plainPlan(same)));
  }

  test("and a list of priorities makes a matrix", () => {
    const { plans } = plansOf(["--config", "run.toml"], "linux", () => 'rt = [false, true, 60, "off"]');
    expect(plans.map(({ realTimePriority }) => realTimePriority)).toEqual([null, 49, 60, null]);
    expect(refusalOf("rt = 0", "")).toContain("--rt takes off, on or a priority from 1 to 99");
  });

  test("but what they replace must be right all the same", () => {
    expect(refusalOf("msg-count = 0", "-i 6")).toStartWith('"run.toml" line 1: --msg-count takes');
  });
});

describe("lists make a matrix", () => {
  test("of all combinations, the last list changing fastest", () => {
    const { plans } = runOf('blocking = [true, false]\nmessage-size = [1, 2]\nsend-delay = ["0", "50us"]');
    expect(plans.map(({ mode, sendDelayNs, messageSizes }) => [mode, sendDelayNs, messageSizes])).toEqual([
      ["blocking", 0, [1, 2]],
      ["blocking", 50_000, [1, 2]],
      ["async", 0, [1, 2]],
      ["async", 50_000, [1, 2]],
    ]);
  });

  test("of which notices are told once", () => {
    const { notices } = runOf('mechanism = "shm"\nshm-direct = true\nlaunches = [1, 2]');
    expect(notices).toEqual(["--shm-direct turns --blocking on. Add --async to keep the event loop."]);
  });

  test("of which every plan has the command line that was given", () => {
    for (const { commandLine } of runOf("launches = [1, 2]", "-q").plans) {
      expect(commandLine).toEqual(["--config", "run.toml", "-q"]);
    }
  });

  test("up to a limit", () => {
    const list = (count: number) => `[${Array.from({ length: count }, (_, index) => index + 1)}]`;
    expect(runOf(`launches = ${list(10)}\nseed = ${list(100)}`).plans).toHaveLength(1000);
    expect(refusalOf(`launches = ${list(11)}\nseed = ${list(100)}`)).toStartWith(
      '"run.toml": the lists make 1100 combinations: at most 1000 are allowed',
    );
  });
});

test("a dry run can be asked for in either place, and tells the files to be written", () => {
  expect(runOf("dry-run = true").dryRun).toBe(true);
  expect(runOf("", "--dry-run").dryRun).toBe(true);
  const { dryRun, plans } = runOf('output-file = "r.json"\ncsv = "r.csv"', "--log-file run.log");
  expect(dryRun).toBe(false);
  expect(plannedFiles(plans[0]!)).toEqual([
    { label: "--output-file", path: "r.json" },
    { label: "--csv", path: "r.csv" },
    { label: "--log-file", path: "run.log.<date>" },
  ]);
});

describe("a configuration that says what can't be is refused with file, line and reason", () => {
  for (const [text, parts] of BAD_CONFIGURATIONS) {
    test(JSON.stringify(text), () => {
      const refusal = refusalOf(text);
      expect(refusal).toMatch(/^(with )?"run\.toml"/);
      for (const part of parts) expect(refusal).toContain(part);
      expect(refusal).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
    });
  }
});
