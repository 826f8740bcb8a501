import { describe, expect, test } from "bun:test";
import { compareRow, type Figures } from "../../../scripts/fidelity/compare.ts";
import { isDisturbed, type Launch } from "../../../scripts/fidelity/measure.ts";
import { allRows, messageCountOf, type Row, rowName } from "../../../scripts/fidelity/row.ts";
import { closingText, rowText, TABLE_HEAD } from "../../../scripts/fidelity/table.ts";

const row: Row = {
  subject: "program",
  mechanism: "shm",
  test: "one-way",
  load: "saturated",
  placement: "two-cpus",
  wait: "spin",
  payloadBytes: 64,
};
const figures = (scale: number): Figures => ({
  p50Ns: 381 * scale,
  meanNs: 12_400 * scale,
  p99Ns: 1_234_567 * scale,
  messagesPerSecond: 8.25e6 / scale,
});
const rounds = Array.from({ length: 10 }, () => ({ baseline: figures(1), ours: figures(1.2) }));

describe("the rows", () => {
  test("are every combination, spinning only for the ring on two CPUs", () => {
    const rows = allRows([64]).filter(({ subject }) => subject === "program");
    expect(rows.filter(({ wait }) => wait === "block")).toHaveLength(5 * 2 * 2 * 2);
    expect(rows.filter(({ wait }) => wait === "spin")).toHaveLength(4);
    expect(new Set(allRows([64]).map(rowName)).size).toBe(allRows([64]).length);
    expect(rows.every((each) => messageCountOf(each) >= 5000)).toBe(true);
  });

  test("look at an option without a queue, on one CPU", () => {
    const rows = allRows([64]).filter(({ subject }) => subject === "streaming");
    expect(rows).toHaveLength(5 * 3);
    expect(rows.every(({ placement, wait }) => placement === "one-cpu" && wait === "block")).toBe(true);
    expect(rows.some(({ test, load }) => test === "one-way" && load === "saturated")).toBe(false);
  });

  test("hold plain C against itself where the machine disturbs most", () => {
    const rows = allRows([64]).filter(({ subject }) => subject === "control");
    expect(rows).toHaveLength(5 * 2);
    expect(rows.every(({ placement, load }) => placement === "two-cpus" && load === "paced")).toBe(true);
  });

  test("are there for each size", () => {
    expect(allRows([64, 1024])).toHaveLength(2 * allRows([64]).length);
  });
});

describe("the table", () => {
  test("has one line a figure, under its head", () => {
    expect(`${TABLE_HEAD}\n${rowText(row, compareRow(row, rounds))}`.split("\n").map((line) => line.trimEnd())).toEqual(
      [
        "                                                                       baseline        ours  ratio (95 %)           limit",
        "shm spinning one-way saturated two-cpus 64 B                  p50      0.381 us    0.457 us  1.200 (1.200-1.200)    1.05  miss",
        "                                                              mean      12.4 us     14.9 us  1.200 (1.200-1.200)    1.05  miss",
        "                                                              p99       1235 us     1481 us  1.200 (1.200-1.200)    1.10  miss",
        "                                                              msg/s      8.25 M      6.88 M  0.833 (0.833-0.833)    0.90  miss",
        "                                                              depth         102         102",
      ],
    );
  });

  test("shows no interval where there is none", () => {
    expect(rowText(row, compareRow(row, rounds.slice(0, 2)))).toContain("  1.200                  1.05  miss");
  });

  test("ends with what missed", () => {
    const comparison = compareRow(row, rounds);
    expect(closingText([{ row, comparison }])).toBe(
      "1 rows, 4 figures: 0 ok, 0 can't be told (~), 0 not comparable (depth), 4 missed\n" +
        "  shm spinning one-way saturated two-cpus 64 B: p50, mean, p99, msg/s",
    );
  });
});

describe("a round", () => {
  const launch = (changed: Partial<Launch>): Launch => ({
    ...figures(1),
    foreign: 0,
    cpuDistanceNs: null,
    ...changed,
  });

  test("is disturbed by other work beside either launch", () => {
    expect(isDisturbed(launch({}), launch({ foreign: 0.1 }), 0.15)).toBe(false);
    expect(isDisturbed(launch({}), launch({ foreign: 0.2 }), 0.15)).toBe(true);
    expect(isDisturbed(launch({ foreign: 0.2 }), launch({}), 0.15)).toBe(true);
  });

  test("is disturbed when the host moved the CPUs between the launches", () => {
    expect(isDisturbed(launch({ cpuDistanceNs: 250 }), launch({ cpuDistanceNs: 280 }), 0.15)).toBe(false);
    expect(isDisturbed(launch({ cpuDistanceNs: 250 }), launch({ cpuDistanceNs: 800 }), 0.15)).toBe(true);
  });
});
