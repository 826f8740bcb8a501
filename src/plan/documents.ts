import type { RunPlan } from "./run-plan.ts";

/** An output that is one document, and the flag that asked for it. */
export interface Document {
  readonly flag: string;
  /** `-` is standard output. */
  readonly path: string;
  /** Written while messages are measured, not after each test. */
  readonly isStream: boolean;
}

/** The documents that a plan asks for, in the order of the flags. Directories of histograms and the log are not among them. */
export function documentsOf(plan: RunPlan): Document[] {
  const after = { "--output-file": plan.outputFile, "--csv": plan.csvFile, "--markdown": plan.markdownFile };
  const streams = {
    "--streaming-output-json": plan.streamingJson?.path ?? null,
    "--streaming-output-csv": plan.streamingCsv?.path ?? null,
    "--events": plan.eventsFile,
  };
  const listed = (paths: Readonly<Record<string, string | null>>, isStream: boolean) =>
    Object.entries(paths).flatMap(([flag, path]) => (path === null ? [] : [{ flag, path, isStream }]));
  return [...listed(after, false), ...listed(streams, true)];
}
