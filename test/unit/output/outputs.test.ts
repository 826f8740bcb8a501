import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Ajv from "ajv";
import type { MechanismOutcome } from "../../../src/measure/measurement.ts";
import { type OutputRequest, Outputs } from "../../../src/output/outputs.ts";
import type { MeasuredSoFar } from "../../../src/output/sink.ts";
import { RunError, UsageError } from "../../../src/plan/errors.ts";
import { type BenchmarkResult, BenchmarkResultSchema } from "../../../src/result/schema.ts";
import { measurementOf, outcomeOf, planOf, resultOf } from "../result/fixture.ts";

let directory: string;
const at = (name: string) => join(directory, name);
const validate = new Ajv().compile(BenchmarkResultSchema);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "outputs-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const NOTHING: OutputRequest = {
  outputFile: null,
  csvFile: null,
  markdownFile: null,
  hlogDirectory: null,
  hgrmDirectory: null,
};

const PLAN = planOf({ mechanisms: ["uds", "tcp"], messageSizes: [64, 1024], tests: ["one-way"] });

function soFar(...cells: readonly (readonly [MechanismOutcome["mechanism"], number, number?])[]): MeasuredSoFar {
  const outcomes = cells.map(([mechanism, messageBytes, launches = 1]) => {
    const measurement = measurementOf({ test: "one-way" });
    return outcomeOf({
      mechanism,
      messageBytes,
      measurements: [measurement],
      launches: Array.from({ length: launches }, (_, index) => ({ launch: index + 1, measurement })),
    });
  });
  return { result: resultOf({ plan: PLAN, outcomes }), outcomes };
}

function read(name: string): BenchmarkResult {
  const document = JSON.parse(readFileSync(at(name), "utf8")) as BenchmarkResult;
  expect(validate(document)).toBe(true);
  return document;
}

describe("files", () => {
  test("are checked at the start, and made when there is something in them", () => {
    const outputs = new Outputs({ ...NOTHING, outputFile: at("r.json"), csvFile: at("r.csv") });
    expect(readdirSync(directory)).toEqual([]);
    outputs.write(soFar(["uds", 64]));
    expect(readdirSync(directory).sort()).toEqual(["r.csv", "r.json"]);
  });

  test("are whole after each step", () => {
    const outputs = new Outputs({ ...NOTHING, outputFile: at("r.json"), markdownFile: at("r.md") });
    outputs.write(soFar(["uds", 64]));
    expect(read("r.json").results).toHaveLength(1);
    outputs.write(soFar(["uds", 64], ["uds", 1024]));
    expect(read("r.json").results).toHaveLength(2);
    expect(readFileSync(at("r.md"), "utf8")).toContain("one-way, 1 KiB payload");
    expect(readdirSync(directory).sort()).toEqual(["r.json", "r.md"]);
  });

  test.each([
    ["--csv", { csvFile: "missing/r.csv" }],
    ["--markdown", { markdownFile: "missing/r.md" }],
    ["--output-file", { outputFile: "missing/r.json" }],
    ["--hlog", { hlogDirectory: "missing/deeper" }],
    ["--output-file", { outputFile: "missing/deeper/" }],
  ])("that can't be written are refused: %s", (flag, request) => {
    const [[key, path]] = Object.entries(request) as [[string, string]];
    const open = () => new Outputs({ ...NOTHING, [key]: at(path) });
    expect(open).toThrow(UsageError);
    expect(open).toThrow("can't be written: no such file or directory");
    try {
      open();
    } catch (error) {
      expect((error as UsageError).hint).toContain(flag);
    }
  });

  test("of which one fails leave the others written", () => {
    const outputs = new Outputs({ ...NOTHING, outputFile: at("gone/"), csvFile: at("r.csv") });
    rmSync(at("gone"), { recursive: true });
    expect(() => outputs.write(soFar(["uds", 64]))).toThrow(RunError);
    expect(readdirSync(directory)).toEqual(["r.csv"]);
  });

  test("whose directory has become a file meanwhile are told in one line", () => {
    mkdirSync(at("results"));
    const outputs = new Outputs({ ...NOTHING, outputFile: at("results/r.json") });
    rmSync(at("results"), { recursive: true });
    writeFileSync(at("results"), "no directory");
    const write = () => outputs.write(soFar(["uds", 64]));
    expect(write).toThrow(new RunError(`${at("results/r.json")} can't be written: not a directory`));
  });
});

describe("a directory for results", () => {
  test("is made, and gets a valid document for each mechanism and size", () => {
    const outputs = new Outputs({ ...NOTHING, outputFile: at("out/") });
    outputs.write(soFar(["uds", 64], ["uds", 1024], ["tcp", 64]));
    expect(readdirSync(at("out")).sort()).toEqual([
      "tcp_64_summary.json",
      "uds_1024_summary.json",
      "uds_64_summary.json",
    ]);
    const document = read("out/uds_64_summary.json");
    expect(document.results.map(({ mechanism, test_config }) => [mechanism, test_config.message_size])).toEqual([
      ["UnixDomainSocket", 64],
    ]);
    expect(document.metadata).toMatchObject({ total_tests: 1, complete: true, mechanisms_not_run: [] });
    expect(Object.keys(document.summary.mechanisms)).toEqual(["Unix Domain Socket"]);
    expect(outputs.files).toEqual([{ label: "Final JSON", path: `${at("out")}/ (3 files)` }]);
  });

  test("holds all results of a mechanism and size that ran again", () => {
    new Outputs({ ...NOTHING, outputFile: directory }).write(soFar(["uds", 64], ["uds", 64]));
    expect(readdirSync(directory)).toEqual(["uds_64_summary.json"]);
    expect(read("uds_64_summary.json").results).toHaveLength(2);
  });

  test("may be there already, with other files in it", () => {
    writeFileSync(at("mine.txt"), "mine");
    new Outputs({ ...NOTHING, outputFile: directory }).write(soFar(["uds", 64]));
    expect(readdirSync(directory).sort()).toEqual(["mine.txt", "uds_64_summary.json"]);
  });

  test("is not left behind if another output is refused", () => {
    const request = {
      ...NOTHING,
      outputFile: at("out/"),
      hlogDirectory: at("h"),
      csvFile: at("missing/r.csv"),
    };
    expect(() => new Outputs(request)).toThrow(UsageError);
    expect(readdirSync(directory)).toEqual([]);
  });

  test("is refused where there is a file", () => {
    writeFileSync(at("file"), "");
    expect(() => new Outputs({ ...NOTHING, hlogDirectory: at("file") })).toThrow("is not a directory");
    expect(() => new Outputs({ ...NOTHING, outputFile: at("file/") })).toThrow(UsageError);
  });
});

describe("histograms", () => {
  test("have a file for each cell, numbered where a cell ran again", () => {
    const outputs = new Outputs({ ...NOTHING, hlogDirectory: at("h"), hgrmDirectory: at("h") });
    outputs.write(soFar(["uds", 64], ["tcp", 1024], ["uds", 64]));
    expect(readdirSync(at("h")).sort()).toEqual([
      "tcp_1024_one-way.hgrm",
      "tcp_1024_one-way.hlog",
      "uds_64_one-way.hgrm",
      "uds_64_one-way.hlog",
      "uds_64_one-way_2.hgrm",
      "uds_64_one-way_2.hlog",
    ]);
  });

  test("of a matrix have what tells them apart in their names and in a line of their own", () => {
    const arrival = { ratePerSecond: 1000, kind: "constant", burst: 1 } as const;
    const plans = [
      planOf({ tests: ["one-way"], wait: "spin", mode: "blocking" }),
      planOf({ tests: ["one-way"], arrival, socketPath: "/tmp/a b.sock" }),
    ];
    const measurement = measurementOf({ test: "one-way" });
    const outcomes = plans.map((plan) => outcomeOf({ plan, measurements: [measurement] }));
    const outputs = new Outputs({ ...NOTHING, hlogDirectory: at("h"), hgrmDirectory: at("h"), csvFile: at("r.csv") });
    outputs.write({ result: resultOf({ plans, outcomes: outcomes.slice(0, 1) }), outcomes: outcomes.slice(0, 1) });
    outputs.write({ result: resultOf({ plans, outcomes }), outcomes });
    const spinning = "uds_1024_one-way_blocking_wait-spin";
    const paced = "uds_1024_one-way_rate-1000_arrival-constant_wait-block_socket-path--tmp-a-b.sock";
    expect(readdirSync(at("h")).sort()).toEqual([spinning, paced].flatMap((name) => [`${name}.hgrm`, `${name}.hlog`]));
    for (const ending of ["hlog", "hgrm"]) {
      expect(readFileSync(at(`h/${spinning}.${ending}`), "utf8")).toContain(
        "\n#[Settings: blocking true, rate not given, arrival not given, wait spin, socket-path not given]\n",
      );
    }
    const [head, ...rows] = readFileSync(at("r.csv"), "utf8").trimEnd().split("\n");
    expect(head).toContain(",setting_blocking,setting_rate,setting_arrival,setting_wait,setting_socket_path,");
    expect(rows[0]).toContain(",true,,,spin,,");
    expect(rows[1]).toContain(",false,1000,constant,block,/tmp/a b.sock,");
  });

  test("are written again when a cell has had another launch", () => {
    const outputs = new Outputs({ ...NOTHING, hlogDirectory: at("h") });
    const intervals = () => readFileSync(at("h/uds_64_one-way.hlog"), "utf8").match(/^\d/gm)?.length;
    outputs.write(soFar(["uds", 64]));
    expect(intervals()).toBe(1);
    outputs.write(soFar(["uds", 64, 3]));
    expect(intervals()).toBe(3);
  });
});

test("two outputs may share a directory, not a file", () => {
  mkdirSync(at("d"));
  new Outputs({ ...NOTHING, outputFile: at("d"), csvFile: at("d/r.csv"), hlogDirectory: at("d") });
  const same = { ...NOTHING, csvFile: at("d/x"), markdownFile: at("d/x") };
  expect(() => new Outputs(same)).toThrow("--csv and --markdown would both write");
});
