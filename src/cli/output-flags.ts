import { counted, type Flag, noValue, oneValue, optionalValue } from "./flag.ts";
import { configPath, directoryPath, filePath, outputPath, rowsPath, streamPath } from "./values.ts";

/**
 * The rows of the flag table that say what is written where. They concern the whole run: its plans can't differ in them, so a
 * configuration file takes no lists here.
 */
export const OUTPUT_FLAGS = {
  outputFile: optionalValue({
    long: ["output-file"],
    short: "o",
    placeholder: "FILE",
    group: "Output and Logging",
    description:
      "Write the results as JSON; without FILE to benchmark_results.json. A directory, or a path that ends with /, gets " +
      "<mechanism>_<size>_summary.json for each",
    main: true,
    bare: "benchmark_results.json",
    value: outputPath,
  }),
  csv: oneValue({
    long: ["csv"],
    placeholder: "FILE",
    group: "Output and Logging",
    description: "Write a table as CSV: one row for each mechanism, size and test, with every figure",
    value: filePath(4095, "results.csv"),
  }),
  markdown: oneValue({
    long: ["markdown"],
    placeholder: "FILE",
    group: "Output and Logging",
    description: "Write a table for comments on pull requests",
    value: filePath(4095, "results.md"),
  }),
  hlog: oneValue({
    long: ["hlog"],
    placeholder: "DIR",
    group: "Output and Logging",
    description:
      "Write HdrHistogram interval logs, DIR/<mechanism>_<size>_<test>.hlog, an interval for each launch",
    value: directoryPath("histograms"),
  }),
  hgrm: oneValue({
    long: ["hgrm"],
    placeholder: "DIR",
    group: "Output and Logging",
    description: "Write HdrHistogram percentile tables, DIR/<mechanism>_<size>_<test>.hgrm, in us",
    value: directoryPath("histograms"),
  }),
  streamingOutputJson: optionalValue({
    long: ["streaming-output-json"],
    placeholder: "FILE",
    group: "Output and Logging",
    description:
      "Write each measured message as a JSON row while the test runs; without FILE to benchmark_streaming_output.json, or with " +
      "-o DIR/ to DIR/<mechanism>_<size>_streaming.json; - is standard output (the summary then goes to stderr)",
    bare: "benchmark_streaming_output.json",
    bareValue: { path: "benchmark_streaming_output.json", isNamed: false },
    value: rowsPath("records.json"),
  }),
  streamingOutputCsv: optionalValue({
    long: ["streaming-output-csv"],
    placeholder: "FILE",
    group: "Output and Logging",
    description:
      "The same as CSV; without FILE to benchmark_streaming_output.csv, or with -o DIR/ to " +
      "DIR/<mechanism>_<size>_streaming.csv; - is standard output",
    bare: "benchmark_streaming_output.csv",
    bareValue: { path: "benchmark_streaming_output.csv", isNamed: false },
    value: rowsPath("records.csv"),
  }),
  events: oneValue({
    long: ["events"],
    placeholder: "FILE",
    group: "Output and Logging",
    description:
      "Tell the run as it goes on, one JSON document a line (docs/events.schema.json); - is standard output",
    value: streamPath("events.ndjson"),
  }),
  strict: noValue({
    long: ["strict"],
    group: "Output and Logging",
    description: "Exit with code 4 if a test is judged invalid",
  }),
  quiet: noValue({
    long: ["quiet"],
    short: "q",
    group: "Output and Logging",
    description:
      "Print nothing but errors: no summary and no log on stderr (rusty-comms prints its summary all the same); files are written",
  }),
  verbose: counted({
    long: ["verbose"],
    short: "v",
    group: "Output and Logging",
    description: "Log what happens, on stderr unless --log-file says where: -v in detail, -vv everything",
    most: 2,
  }),
  logFile: oneValue({
    long: ["log-file"],
    placeholder: "PATH",
    group: "Output and Logging",
    description:
      "Append the log to PATH.<date> (YYYY-MM-DD, UTC), a new file each day; stderr writes it there. Without -v the main steps only",
    value: filePath(4084, "run.log"),
  }),
  config: oneValue({
    long: ["config"],
    placeholder: "FILE",
    group: "Output and Logging",
    description:
      "Read flags from a TOML or JSON file: names as here without dashes, true for a flag without value. Lists make a matrix: all " +
      "combinations run one after another into one result. Flags given here win over the file",
    value: configPath,
  }),
  dryRun: noValue({
    long: ["dry-run"],
    group: "Output and Logging",
    description: "Print what would be run, in its order, and how long it may take; start nothing",
  }),
} as const satisfies Record<string, Flag>;
