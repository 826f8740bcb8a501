/** What must be known beside the figures, in sentences; the summary and the Markdown table end with them. */

import { faultsInWords } from "../result/verdict.ts";
import { SAMPLES_NEEDED_BEYOND } from "../stats/histogram.ts";
import { isDoubtful, launchesOf, type ReportCell } from "./cells.ts";

/** A cell that deserves words. */
export interface CellNote {
  /** "failed", "invalid", "warning". */
  readonly kind: "failed" | "invalid" | "warning";
  readonly text: string;
}

/** Why a cell failed or is invalid, then what to beware of; nothing for a good one. */
export function notesOf(cell: ReportCell): CellNote[] {
  const { problem, verdict } = cell;
  const reasons = verdict?.verdict === "invalid" ? verdict.reasons : [];
  return [
    ...(problem === null ? [] : [{ kind: "failed", text: problem + countsText(cell) } as const]),
    ...(isDoubtful(cell) ? reasons : []).map((text) => ({ kind: "invalid", text }) as const),
    ...(verdict?.warnings ?? []).map((text) => ({ kind: "warning", text }) as const),
  ];
}

/** Counts of messages, where they are not as they should be and the problem doesn't name them already. */
function countsText({ details, problem }: ReportCell): string {
  if (details === undefined) return "";
  const { sent, received } = details.counts;
  const faults = faultsInWords(details.counts);
  if ((sent === received && faults === "") || (faults !== "" && problem?.includes(faults))) return "";
  return ` (${sent} sent, ${received} received${faults && `, ${faults}`})`;
}

export const UNBACKED_NOTE = `-  fewer than ${SAMPLES_NEEDED_BEYOND} samples lie beyond this percentile`;

export const SHAPE_NOTE = "Shape: from the least sample to p99, logarithmic; the last column holds the rest";

export const SCHEDULE_NOTE =
  "Latency is response time, from the scheduled moment; service: from the actual send; lateness: from the scheduled " +
  "moment to the actual send";

/** What the brackets behind medians mean; null with one launch. */
export function launchesNote(cells: readonly ReportCell[], utf8: boolean): string | null {
  const counts = cells.map((cell) => launchesOf(cell).length).filter((count) => count > 0);
  if (counts.length === 0) return null;
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  const launches = fewest === most ? `${most} launches` : `${fewest} to ${most} launches`;
  const hasRange = cells.some((cell) => launchesOf(cell).length > 0 && kindOf(cell) === "range");
  const ends = hasRange ? "least and greatest" : "95 % interval of the median (bootstrap)";
  return `Medians of ${launches}; ${utf8 ? "[low–high]" : "[low-high]"}: ${ends}`;
}

function kindOf({ details }: ReportCell): string | undefined {
  return details?.across_launches.mean_ns?.kind;
}
