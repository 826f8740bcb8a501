import { describe, expect, test } from "bun:test";
import { parseArguments } from "../../../src/cli/parse.ts";
import { plannedFiles } from "../../../src/output/planned-files.ts";
import { streamPaths } from "../../../src/output/stream-paths.ts";
import { columnsFor } from "../../../src/stream/run-streams.ts";
import { planOf } from "../result/fixture.ts";

const NAMED = { path: "rows.json", isNamed: true };
const UNNAMED = { path: "benchmark_streaming_output.json", isNamed: false };
const PLANS = [
  planOf({ mechanisms: ["uds", "shm"], messageSizes: [64, 1024] }),
  planOf({ mechanisms: ["uds"], messageSizes: [64, 128] }),
];

describe("rows of messages go", () => {
  test("into one file without a directory of results, and where a file is named", () => {
    expect(streamPaths(UNNAMED, "json", null, PLANS).map(({ path }) => path)).toEqual([UNNAMED.path]);
    expect(streamPaths(NAMED, "json", "out/", PLANS).map(({ path }) => path)).toEqual([NAMED.path]);
  });

  test("else into one file for each mechanism and size of all plans", () => {
    const paths = streamPaths(UNNAMED, "csv", "out", PLANS);
    expect(paths.map(({ path }) => path)).toEqual(
      ["uds_64", "uds_1024", "shm_64", "shm_1024", "uds_128"].map((name) => `out/${name}_streaming.csv`),
    );
    const takers = paths.filter(({ isFor }) => isFor({ mechanism: "shm", messageBytes: 64 }));
    expect(takers.map(({ path }) => path)).toEqual(["out/shm_64_streaming.csv"]);
  });
});

test("the name that stands for none counts as one when it is typed", () => {
  const flag = "--streaming-output-json";
  expect(parseArguments([flag], "linux").plan.streamingJson).toEqual(UNNAMED);
  expect(parseArguments([flag, UNNAMED.path], "linux").plan.streamingJson).toEqual({
    ...UNNAMED,
    isNamed: true,
  });
});

test("a dry run tells the files in a directory as a pattern", () => {
  const argv = ["-o", "out/", "--streaming-output-json", "--streaming-output-csv", "rows.csv"];
  expect(plannedFiles(parseArguments(argv, "linux").plan)).toEqual([
    { label: "--output-file", path: "out/<mechanism>_<size>_summary.json" },
    { label: "--streaming-output-json", path: "out/<mechanism>_<size>_streaming.json" },
    { label: "--streaming-output-csv", path: "rows.csv" },
  ]);
});

test("the cell is a column only where nothing else tells two of them apart", () => {
  const once = planOf({ mechanisms: ["uds", "shm"], messageSizes: [64, 1024], launches: 2 });
  expect(columnsFor([once])).toMatchObject({ cell: false, launch: true });
  expect(columnsFor([planOf({ mechanisms: ["uds", "uds"] })]).cell).toBe(true);
  expect(columnsFor([planOf({}), planOf({ mode: "blocking" })]).cell).toBe(true);
});
