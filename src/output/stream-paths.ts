import { join } from "node:path";
import { UsageError } from "../plan/errors.ts";
import type { Mechanism, RunPlan, StreamTarget } from "../plan/run-plan.ts";
import { type StreamKind, streamingName } from "./names.ts";

/** A file of rows, and whose rows they are. */
export interface StreamPath {
  /** `-` is standard output. */
  readonly path: string;
  isFor(cell: { readonly mechanism: Mechanism; readonly messageBytes: number }): boolean;
}

/** Whether rows go beside the results, into the directory of `-o DIR/`: if the user named no file for them. */
export function isInDirectory(target: StreamTarget, directory: string | null): directory is string {
  return directory !== null && !target.isNamed;
}

/** The files in which the rows of these plans go: one, or with `-o DIR/` one for each mechanism and size. */
export function streamPaths(
  target: StreamTarget,
  kind: StreamKind,
  directory: string | null,
  plans: readonly RunPlan[],
): StreamPath[] {
  if (!isInDirectory(target, directory)) return [{ path: target.path, isFor: () => true }];
  if (plans[0]?.standalone?.side === "server") {
    throw new UsageError(
      `--streaming-output-${kind} needs a FILE with --server and -o DIR/: the clients decide the sizes`,
      `for example --streaming-output-${kind} rows.${kind}`,
    );
  }
  const names = plans.flatMap(({ mechanisms, messageSizes }) =>
    mechanisms.flatMap((mechanism) => messageSizes.map((bytes) => streamingName(mechanism, bytes, kind))),
  );
  return [...new Set(names)].map((name) => ({
    path: join(directory, name),
    isFor: ({ mechanism, messageBytes }) => streamingName(mechanism, messageBytes, kind) === name,
  }));
}
