import type { RunPlan, StreamTarget } from "../plan/run-plan.ts";
import type { PlannedFile } from "../report/plan.ts";
import { STREAMING_ENDINGS, SUMMARY_ENDING } from "./names.ts";
import { isDirectoryPath } from "./output-directory.ts";
import { isInDirectory } from "./stream-paths.ts";

/** What a plan will write, in the order of the flags; files of which there are several as a pattern. Opens nothing. */
export function plannedFiles(plan: RunPlan): PlannedFile[] {
  const { outputFile, csvFile, markdownFile, hlogDirectory, hgrmDirectory, eventsFile, log } = plan;
  const directory = outputFile !== null && isDirectoryPath(outputFile) ? outputFile : null;
  const file = (label: string, path: string | null): PlannedFile[] =>
    path === null ? [] : [{ label, path }];
  const stream = (label: string, target: StreamTarget | null, ending: string) => {
    if (target === null) return [];
    return file(label, isInDirectory(target, directory) ? patternIn(directory, ending) : target.path);
  };
  return [
    ...file("--output-file", directory === null ? outputFile : patternIn(directory, SUMMARY_ENDING)),
    ...file("--csv", csvFile),
    ...file("--markdown", markdownFile),
    ...file("--hlog", hlogDirectory),
    ...file("--hgrm", hgrmDirectory),
    ...stream("--streaming-output-json", plan.streamingJson, STREAMING_ENDINGS.json),
    ...stream("--streaming-output-csv", plan.streamingCsv, STREAMING_ENDINGS.csv),
    ...file("--events", eventsFile),
    ...file("--log-file", log?.file == null ? null : `${log.file}.<date>`),
  ];
}

function patternIn(directory: string, ending: string): string {
  return `${directory.replace(/\/*$/, "/")}<mechanism>_<size>${ending}`;
}
