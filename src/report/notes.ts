/** What must be known beside the figures, in sentences; the summary and the Markdown table end with them. */

import { faultsInWords } from "../measure/faults.ts";
import { MECHANISMS } from "../plan/run-plan.ts";
import { namesOfVariant } from "../result/names.ts";
import type { BenchmarkResult } from "../result/schema.ts";
import { SAMPLES_NEEDED_BEYOND, tailOf } from "../stats/backing.ts";
import { counted } from "../text/counted.ts";
import type { VerdictDetails } from "../verdict/verdict-schema.ts";
import { launchesOf, type ReportCell } from "./cells.ts";
import type { Group } from "./groups.ts";

/** Something that deserves words. */
export interface Note {
  readonly kind: "failed" | "invalid" | "warning";
  /** Which tests it is about: "uds one-way", "all 8 tests". */
  readonly about: string;
  /** What there is, and what to do about it. */
  readonly text: string;
}

interface LabelledCell {
  readonly label: string;
  readonly cell: ReportCell;
}

/** Why cells failed, why others are invalid, then what to beware of; a finding that several share is told once,
 * and what the same advice answers is told together. */
export function notesOf(groups: readonly Group[]): Note[] {
  const cells = groups.flatMap(({ title, ranked }) =>
    ranked.map(({ name, cell }): LabelledCell => ({ label: `${name} ${title}`, cell })),
  );
  return [
    ...cells.flatMap(({ label, cell }) =>
      cell.problem === null ? [] : [{ kind: "failed", about: label, text: cell.problem + countsText(cell) } as const],
    ),
    ...findingNotes("invalid", cells, reasonsToTell),
    ...findingNotes("warning", cells, warningsToTell),
  ];
}

type Finding = VerdictDetails["reasons"][number] | VerdictDetails["warnings"][number];

/** Of a failed cell its problem is all that is told: what else was found is about figures that nobody should use. */
function reasonsToTell({ problem, verdict }: ReportCell): readonly Finding[] {
  return problem === null ? (verdict?.reasons ?? []) : [];
}

function warningsToTell({ problem, verdict }: ReportCell): readonly Finding[] {
  return problem === null ? (verdict?.warnings ?? []) : [];
}

interface FoundIn {
  readonly label: string;
  readonly finding: Finding;
}

function findingNotes(
  kind: Note["kind"],
  cells: readonly LabelledCell[],
  findingsOf: (cell: ReportCell) => readonly Finding[],
): Note[] {
  const found = cells.flatMap(({ label, cell }) => findingsOf(cell).map((finding) => ({ label, finding })));
  const byAdvice = Map.groupBy(found, ({ finding }) => finding.advice);
  return [...byAdvice].map(([advice, answered]) => {
    const byId = Map.groupBy(answered, ({ finding }) => finding.id);
    const shared = [...byId.values()].map((alike) => sharedFinding(alike, cells.length));
    const [first, ...others] = shared;
    const texts = others.map(({ about, text }, i) =>
      about === shared[i]!.about ? capitalised(text) : `${capitalised(about)}: ${text}`,
    );
    const sentences = [first!.text, ...texts, capitalised(advice)];
    return { kind, about: first!.about, text: `${sentences.join(". ")}.` };
  });
}

/** A sentence after another one; what begins with a name of a mechanism or a flag stays as it is. */
function capitalised(text: string): string {
  const isName = new RegExp(`^([a-z]+\\d|(${MECHANISMS.join("|")})\\b)`).test(text);
  return isName ? text : text.charAt(0).toUpperCase() + text.slice(1);
}

/** What is the same in several tests is said of them together, else of the first of them. */
function sharedFinding(alike: readonly FoundIn[], total: number): Pick<Note, "about" | "text"> {
  const { label, finding } = alike[0]!;
  const labels = [...new Set(alike.map((one) => one.label))];
  const isSame = alike.every((one) => one.finding.sentence === finding.sentence);
  const others = labels.length - 1;
  const andOthers = isSame || others === 0 ? "" : ` (also in ${counted(others, "other test")})`;
  return {
    about: isSame ? joinedLabels(labels, total) : label,
    text: finding.sentence.replace(/(?=\. |$)/, andOthers),
  };
}

const LABELS_SHOWN = 2;

function joinedLabels(labels: readonly string[], total: number): string {
  if (labels.length === total && total > 1) return total === 2 ? "both tests" : `all ${total} tests`;
  if (labels.length <= LABELS_SHOWN) return labels.join("; ");
  return `${labels.slice(0, LABELS_SHOWN).join("; ")} and ${counted(labels.length - LABELS_SHOWN, "other test")}`;
}

/** Counts of messages, where they are known, not as they should be, and the problem doesn't name them already. */
function countsText({ details, problem }: ReportCell): string {
  if (details === undefined) return "";
  const { sent, received, lost } = details.counts;
  if (lost === null) return "";
  const isStopped = problem?.includes("was stopped by SIG") === true;
  const words = faultsInWords(details.counts);
  // Whoever stopped the run did not wait for the last ones.
  const faults = isStopped ? words.replace(" lost", " still on its way") : words;
  if ((sent === received && faults === "") || (faults !== "" && problem?.includes(faults))) return "";
  return ` (${sent} sent, ${received} received${faults && `, ${faults}`})`;
}

/** What "-" stands for where a percentile would; null where it stands nowhere. */
export function unbackedNote(percentiles: readonly number[], cells: readonly ReportCell[]): string | null {
  if (percentiles.length === 0) return null;
  const samples = cells.some((cell) => launchesOf(cell).length > 0) ? "samples of a launch" : "samples";
  const tails = [...new Set(percentiles.map(tailOf))].join(" or ");
  const isClustered = cells.some(({ verdict }) => verdict?.warnings.some(({ id }) => id === "percentiles-clustered"));
  const excursions = isClustered ? ", or too few separate excursions," : "";
  return `-  not shown: fewer than ${SAMPLES_NEEDED_BEYOND} ${samples}${excursions} lie ${tails} this percentile`;
}

export const SHAPE_NOTE = "Shape: histogram from min to p99, log scale. Last bar: everything above p99.";

export const SCHEDULE_NOTE =
  "Figures are response times: from the scheduled moment to the arrival. service: from the actual send to the arrival. lateness: " +
  "from the scheduled moment to the actual send.";

/** Which figures are medians over launches, which are pooled, and what the brackets mean; null with one launch. */
export function launchesNote(cells: readonly ReportCell[], head: string, utf8: boolean): string | null {
  const counts = cells.map((cell) => launchesOf(cell).length).filter((count) => count > 0);
  if (counts.length === 0) return null;
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  const launches = fewest === most ? counted(most, "launch", "launches") : `${fewest} to ${most} launches`;
  const hasRange = cells.some((cell) => launchesOf(cell).length > 0 && kindOf(cell) === "range");
  const ends = hasRange ? "smallest and largest launch" : "95 % interval of the median (bootstrap)";
  return (
    `pN ${head}: each launch's pN, median of ${launches}; mean, msg/s and MB/s are medians too. Pooled, of all launches together: samples, min, max, ` +
    `shape, and pN in JSON and CSV. ${utf8 ? "[low–high]" : "[low-high]"}: ${ends}.`
  );
}

function kindOf({ details }: ReportCell): string | undefined {
  return details?.across_launches.mean_ns?.kind;
}

/** Mechanisms that the run did not get to: "TCP Socket", and "TCP Socket (3 times)" for three sizes of it. */
export function namesNotRun({ metadata }: BenchmarkResult): string[] {
  const byName = Map.groupBy(metadata.mechanisms_not_run, (variant) => namesOfVariant(variant).display);
  return [...byName].map(([name, { length }]) => (length === 1 ? name : `${name} (${length} times)`));
}
