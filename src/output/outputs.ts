import type { RunPlan } from "../plan/run-plan.ts";
import { resultToCsv } from "../report/csv-table.ts";
import { resultToJson } from "../report/json.ts";
import { resultToMarkdown } from "../report/markdown.ts";
import type { WrittenFile } from "../report/summary.ts";
import type { BenchmarkResult } from "../result/schema.ts";
import { OutputFile } from "../system/output-file.ts";
import { counted } from "../text/counted.ts";
import { PathClaims } from "./claims.ts";
import { histogramSink } from "./histogram-sink.ts";
import { SUMMARY_ENDING } from "./names.ts";
import { isDirectoryPath, OutputDirectory } from "./output-directory.ts";
import type { MeasuredSoFar, Sink } from "./sink.ts";
import { writeSummaries } from "./summaries.ts";

/** What the plan says of outputs. */
export type OutputRequest = Pick<
  RunPlan,
  "outputFile" | "csvFile" | "markdownFile" | "hlogDirectory" | "hgrmDirectory"
>;

/**
 * All files of a run that are made from its result. They are checked before the run starts and written whole after each
 * of its steps, so that at any moment they hold what was measured so far.
 */
export class Outputs {
  /** For outputs that others write, so that no two write the same file. */
  readonly claims = new PathClaims();
  /** The directory of `-o DIR/`; null if results go to one file or nowhere. */
  readonly directory: string | null;
  readonly #sinks: Sink[] = [];
  readonly #directories: OutputDirectory[] = [];

  /** Opens what is asked for, all of it or nothing. @throws UsageError */
  constructor(request: OutputRequest) {
    const isDirectory = request.outputFile !== null && isDirectoryPath(request.outputFile);
    this.directory = isDirectory ? request.outputFile : null;
    try {
      const { outputFile, csvFile, markdownFile, hlogDirectory, hgrmDirectory } = request;
      if (this.directory !== null) this.#openSummaries(this.directory);
      else this.#openFile("--output-file", "Final JSON", outputFile, resultToJson);
      this.#openFile("--csv", "Table (CSV)", csvFile, resultToCsv);
      this.#openFile("--markdown", "Table (Markdown)", markdownFile, resultToMarkdown);
      this.#openHistograms("--hlog", "hlog", hlogDirectory);
      this.#openHistograms("--hgrm", "hgrm", hgrmDirectory);
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  /** There will be no run: leaves everything as it was found. */
  abandon(): void {
    for (const directory of this.#directories) directory.abandon();
  }

  /** What was written, for the summary. */
  get files(): WrittenFile[] {
    return this.#sinks.map((sink) => sink.written());
  }

  /** Writes what is known so far everywhere, also if one of the outputs fails. @throws RunError of the first that did */
  write(measured: MeasuredSoFar): void {
    forAll(this.#sinks, (sink) => sink.write(measured));
  }

  /** There is nothing more to come. @throws RunError as above */
  finish(): void {
    forAll(this.#sinks, (sink) => sink.finish());
  }

  #openFile(flag: string, label: string, path: string | null, textOf: (result: BenchmarkResult) => string): void {
    if (path === null) return;
    this.claims.file(flag, path);
    const file = new OutputFile(path, flag);
    this.#sinks.push({
      written: () => ({ label, path }),
      write: ({ result }) => file.write(textOf(result)),
      finish: () => file.finish(),
    });
  }

  #openSummaries(path: string): void {
    const directory = this.#openDirectory("--output-file", path, [SUMMARY_ENDING]);
    this.#sinks.push({
      written: () => ({ label: "Final JSON", path: pathWithCount(directory) }),
      write: ({ result }) => writeSummaries(result, directory),
      finish: () => directory.finish(),
    });
  }

  #openHistograms(flag: string, ending: "hlog" | "hgrm", path: string | null): void {
    if (path === null) return;
    const directory = this.#openDirectory(flag, path, [`.${ending}`]);
    const write = histogramSink(directory, ending);
    this.#sinks.push({
      written: () => ({ label: `Histograms (${ending})`, path: pathWithCount(directory) }),
      write,
      finish: () => directory.finish(),
    });
  }

  #openDirectory(flag: string, path: string, endings: readonly string[]): OutputDirectory {
    const directory = new OutputDirectory(path, flag);
    this.#directories.push(directory);
    this.claims.directory(flag, path, endings);
    return directory;
  }
}

/** "out/ (4 files)". */
function pathWithCount({ path, fileCount }: OutputDirectory): string {
  return `${path.replace(/\/*$/, "/")} (${counted(fileCount, "file")})`;
}

function forAll(sinks: readonly Sink[], act: (sink: Sink) => void): void {
  let first: { readonly error: unknown } | null = null;
  for (const sink of sinks) {
    try {
      act(sink);
    } catch (error) {
      first ??= { error };
    }
  }
  if (first !== null) throw first.error;
}
