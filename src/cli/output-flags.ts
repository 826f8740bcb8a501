import { counted, inGroup, noValue, oneValue, optionalValue } from "./flag.ts";
import { directoryPath, filePath, outputPath, rowsPath, streamPath } from "./values.ts";

/**
 * The rows of the flag table that say what is written where. They concern the whole run: its plans can't differ in them, so a
 * configuration file takes no lists here.
 */
export const OUTPUT_FLAGS = inGroup("Output and Logging", {
  outputFile: optionalValue({
    long: ["output-file"],
    short: "o",
    placeholder: "FILE",
    description:
      "Write the results as JSON. Without FILE: benchmark_results.json. With DIR/: one file in it per mechanism and size",
    main: "Write the results as JSON",
    bare: "benchmark_results.json",
    value: outputPath,
  }),
  csv: oneValue({
    long: ["csv"],
    placeholder: "FILE",
    description: "Write a CSV table with every figure, one row per mechanism, size and test",
    value: filePath(4095, "results.csv"),
  }),
  markdown: oneValue({
    long: ["markdown"],
    placeholder: "FILE",
    description: "Write a Markdown table, for example for a pull request",
    value: filePath(4095, "results.md"),
  }),
  hlog: oneValue({
    long: ["hlog"],
    placeholder: "DIR",
    description: "Write HdrHistogram interval logs (.hlog) to DIR, one interval per launch",
    value: directoryPath("histograms"),
  }),
  hgrm: oneValue({
    long: ["hgrm"],
    placeholder: "DIR",
    description: "Write HdrHistogram percentile tables (.hgrm) to DIR, in microseconds",
    value: directoryPath("histograms"),
  }),
  streamingOutputJson: optionalValue({
    long: ["streaming-output-json"],
    placeholder: "FILE",
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
    description: "The same as CSV. Without FILE: benchmark_streaming_output.csv, or as above",
    bare: "benchmark_streaming_output.csv",
    bareValue: { path: "benchmark_streaming_output.csv", isNamed: false },
    value: rowsPath("records.csv"),
  }),
  events: oneValue({
    long: ["events"],
    placeholder: "FILE",
    description:
      "Write the events of the run as they happen, one JSON object per line (docs/events.schema.json). FILE - is stdout",
    value: streamPath("events.ndjson"),
  }),
  quiet: noValue({
    long: ["quiet"],
    short: "q",
    description: "Print errors only: no summary, no progress, no log on stderr. Files are still written",
  }),
  verbose: counted({
    long: ["verbose"],
    short: "v",
    description: "Log to stderr or to --log-file: -v in detail, -vv everything",
    most: 2,
  }),
  logFile: oneValue({
    long: ["log-file"],
    placeholder: "PATH",
    description:
      "Append the log to PATH.<date>, one file per day (UTC). PATH may be stderr. Without -v, the log has the main steps only",
    value: filePath(4084, "run.log", "the log can't go to stdout; name a file, or stderr"),
  }),
} as const);
