/** What came of the cases, as Markdown. */
import { CHANNELS } from "./channels.ts";
import { PHASES } from "./phases.ts";
import { FAULT_NAMES, type FaultCase, type FaultEnd } from "./plan.ts";

export type Outcomes = ReadonlyMap<FaultCase, FaultEnd>;

type Selector = (one: FaultCase) => boolean;

/** "50" cases, or "50, 2 failed"; nothing where there are none. */
function cell(outcomes: Outcomes, selector: Selector): string {
  const ends = [...outcomes].filter(([one]) => selector(one));
  const failed = ends.filter(([, { problems }]) => problems.length > 0).length;
  if (ends.length === 0) return "";
  return `${ends.length}${failed > 0 ? `, ${failed} failed` : ""}`;
}

/** "180 / 420" ms: the median and the greatest. */
function endTimes(outcomes: Outcomes, fault: string): string {
  const times = [...outcomes].flatMap(([one, { tookMs }]) => (one.fault === fault && tookMs !== null ? [tookMs] : []));
  const sorted = times.toSorted((a, b) => a - b);
  return sorted.length === 0 ? "" : `${sorted[Math.floor(sorted.length / 2)]} / ${sorted.at(-1)}`;
}

const rowText = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;

function tableText(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map(rowText).join("\n");
}

/** Cases and failures by fault and phase, then by fault and channel with the times from the fault to the end. */
export function outcomeTables(outcomes: Outcomes): string {
  const faults = FAULT_NAMES.filter((name) => [...outcomes.keys()].some(({ fault }) => fault === name));
  const phases = [...PHASES, null];
  const byPhase = faults.map((fault) => [
    fault,
    ...phases.map((phase) => cell(outcomes, (one) => one.fault === fault && one.phase === phase)),
  ]);
  const byChannel = faults.map((fault) => [
    fault,
    ...CHANNELS.map(({ name }) => cell(outcomes, (one) => one.fault === fault && one.channel.name === name)),
    endTimes(outcomes, fault),
  ]);
  return [
    tableText(["fault", ...phases.map((phase) => phase ?? "any moment")], byPhase),
    tableText(["fault", ...CHANNELS.map(({ name }) => name), "end after, ms"], byChannel),
  ].join("\n\n");
}
