import { resultToJson } from "../report/json.ts";
import { buildOverallSummary } from "../result/build.ts";
import { namesOfVariant } from "../result/names.ts";
import type { BenchmarkResult, MechanismResult } from "../result/schema.ts";
import { summaryName } from "./names.ts";
import type { OutputDirectory } from "./output-directory.ts";

/** `-o DIR/`: for each mechanism and size one document, whole and valid, with the results that are theirs. */
export function writeSummaries(result: BenchmarkResult, directory: OutputDirectory): void {
  const byName = new Map<string, MechanismResult[]>();
  for (const entry of result.results) {
    const name = summaryName(namesOfVariant(entry.mechanism).flag, entry.test_config.message_size);
    byName.set(name, [...(byName.get(name) ?? []), entry]);
  }
  for (const [name, entries] of byName) directory.write(name, resultToJson(partOf(result, entries)));
}

/** The document as if these results were all that was asked for. */
export function partOf(result: BenchmarkResult, entries: MechanismResult[]): BenchmarkResult {
  return {
    metadata: {
      ...result.metadata,
      total_tests: entries.length,
      complete: entries.every(({ details }) => details.complete),
      mechanisms_not_run: [],
    },
    results: entries,
    summary: buildOverallSummary(entries),
  };
}
