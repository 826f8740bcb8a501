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
      "Write the results as JSON. Without FILE: benchmark_results.json. With DIR/: one file in it per mechanism and size",
    main: "Write the results as JSON",
    bare: "benchmark_results.json",
    value: outputPath,
  }),
  csv: oneValue({
    long: ["csv"],
    placeholder: "FILE",
    group: "Output and Logging",
    description: "Write a CSV table with every figure, one row per mechanism, size and test",
    value: filePath(4095, "results.csv"),
  }),
  markdown: oneValue({
    long: ["markdown"],
    placeholder: "FILE",
    group: "Output and Logging",
    description: "Write a Markdown table, for example for a pull request",
    value: filePath(4095, "results.md"),
  }),
  hlog: oneValue({
    long: ["hlog"],
    placeholder: "DIR",
    group: "Output and Logging",
    description: "Write HdrHistogram interval logs (.hlog) to DIR, one interval per launch",
    value: directoryPath("histograms"),
  }),
  hgrm: oneValue({
    long: ["hgrm"],
    placeholder: "DIR",
    group: "Output and Logging",
    description: "Write HdrHistogram percentile tables (.hgrm) to DIR, in microseconds",
    value: directoryPath("histograms"),
  }),
  streamingOutputJson: optionalValue({
    long: ["streaming-output-json"],
    placeholder: "FILE",
    group: "Output and Logging",
    description:
      "Write every measured message as a JSON row during the test. Without FILE: benchmark_streaming_output.json, or with -o DIR/ one " +
      "file in DIR per mechanism and size. FILE - is stdout; the summary then goes to stderr",
    bare: "benchmark_streaming_output.json",
    bareValue: { path: "benchmark_streaming_output.json", isNamed: false },
    value: rowsPath("records.json"),
  }),
  streamingOutputCsv: optionalValue({
    long: ["streaming-output-csv"],
    placeholder: "FILE",
    group: "Output and Logging",
    description: "The same as CSV. Without FILE: benchmark_streaming_output.csv, or as above",
    bare: "benchmark_streaming_output.csv",
    bareValue: { path: "benchmark_streaming_output.csv", isNamed: false },
    value: rowsPath("records.csv"),
  }),
  events: oneValue({
    long: ["events"],
    placeholder: "FILE",
    group: "Output and Logging",
    description:
      "Write the events of the run as they happen, one JSON object per line (docs/events.schema.json). FILE - is stdout",
    value: streamPath("events.ndjson"),
  }),
  strict: noValue({
    long: ["strict"],
    group: "Control",
    description: "Exit with code 4 if a test is invalid",
    wholeRun: true,
  }),
  quiet: noValue({
    long: ["quiet"],
    short: "q",
    group: "Output and Logging",
    description: "Print errors only: no summary, no progress, no log on stderr. Files are still written",
  }),
  verbose: counted({
    long: ["verbose"],
    short: "v",
    group: "Output and Logging",
    description: "Log to stderr or to --log-file: -v in detail, -vv everything",
    most: 2,
  }),
  logFile: oneValue({
    long: ["log-file"],
    placeholder: "PATH",
    group: "Output and Logging",
    description:
      "Append the log to PATH.<date>, one file per day (UTC). PATH stderr means stderr. Without -v, the log has the main steps only",
    value: filePath(4084, "run.log"),
  }),
  config: oneValue({
    long: ["config"],
    placeholder: "FILE",
    group: "Control",
    description:
      "Read flags from a TOML or JSON file. Its keys are long flags without dashes. Lists make a matrix: every combination runs. " +
      "Flags on the command line win over the file",
    wholeRun: true,
    value: configPath,
  }),
  dryRun: noValue({
    long: ["dry-run"],
    group: "Control",
    description: "Print what would run, in order, and how long it may take. Start nothing",
    wholeRun: true,
  }),
} as const satisfies Record<string, Flag>;
