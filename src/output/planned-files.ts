import { documentsOf } from "../plan/documents.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import type { PlannedFile } from "../report/plan.ts";
import { STREAMING_ENDINGS, SUMMARY_ENDING } from "./names.ts";
import { isDirectoryPath } from "./output-directory.ts";
import { isInDirectory } from "./stream-paths.ts";

/** What a plan will write, in the order of the flags; files of which there are several as a pattern. Opens nothing. */
export function plannedFiles(plan: RunPlan): PlannedFile[] {
  const { outputFile, streamingJson, streamingCsv, hlogDirectory, hgrmDirectory, log } = plan;
  const directory = outputFile !== null && isDirectoryPath(outputFile) ? outputFile : null;
  const patterns: Record<string, string> = {};
  if (directory !== null) {
    patterns["--output-file"] = patternIn(directory, SUMMARY_ENDING);
    for (const [kind, target] of [
      ["json", streamingJson],
      ["csv", streamingCsv],
    ] as const) {
      if (target === null || !isInDirectory(target, directory)) continue;
      patterns[`--streaming-output-${kind}`] = patternIn(directory, STREAMING_ENDINGS[kind]);
    }
  }
  const documents = (isStream: boolean) =>
    documentsOf(plan)
      .filter((document) => document.isStream === isStream)
      .map(({ flag, path }) => ({ label: flag, path: patterns[flag] ?? path }));
  const file = (label: string, path: string | null) => (path === null ? [] : [{ label, path }]);
  return [
    ...documents(false),
    ...file("--hlog", hlogDirectory),
    ...file("--hgrm", hgrmDirectory),
    ...documents(true),
    ...file("--log-file", log?.file == null ? null : `${log.file}.<date>`),
  ];
}

function patternIn(directory: string, ending: string): string {
  return `${directory.replace(/\/*$/, "/")}<mechanism>_<size>${ending}`;
}
