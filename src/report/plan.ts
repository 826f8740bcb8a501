/** What a run would do, for `--dry-run`. Pure. */

import { type Estimate, estimateStep, estimateSteps } from "../plan/estimate.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import { type Step, stepsOf } from "../plan/steps.ts";
import { counted } from "../text/counted.ts";
import { formatDurationNs } from "../text/duration.ts";
import { tableLines } from "./table.ts";

/** A file or directory that a run will write. */
export interface PlannedFile {
  /** The flag that asked for it. */
  readonly label: string;
  readonly path: string;
}

/** The measurements in their order, the parameters, the files and the time, lines ending in "\n". */
export function planText(plans: readonly RunPlan[], files: readonly PlannedFile[]): string {
  const steps = stepsOf(plans);
  const estimate = estimateSteps(steps);
  const lines = [
    `${counted(steps.length, "measurement")}, in this order:`,
    "",
    ...stepLines(plans, steps),
    "",
    ...plans.flatMap((plan, position) => [
      ...(plans.length === 1 ? [] : [`Plan ${position + 1}:`]),
      ...parameterLines(plan, plans),
      "",
    ]),
    files.length === 0 ? "Files to be written: none" : "Files to be written:",
    ...files.map(({ label, path }) => `  ${label}  ${path}`),
    "",
    `Estimated time: ${timeText(estimate)}`,
    ...(estimate.isRough ? ROUGHLY : []),
    "Nothing was started.",
  ];
  return `${lines.join("\n")}\n`;
}

const ROUGHLY = [
  "  Tests without --duration are a rough guess, easily wrong by ten times: 3 to",
  "  10 us per message one way, 60 to 80 us per round trip, 1 ns per byte.",
] as const;

function stepLines(plans: readonly RunPlan[], steps: readonly Step[]): string[] {
  const hasPlans = plans.length > 1;
  const hasLaunches = plans.some(({ launches }) => launches > 1);
  const hasClients = plans.some(({ concurrency }) => concurrency > 1);
  const columns = [
    { head: "#", align: "right" as const },
    ...(hasPlans ? [{ head: "plan", align: "right" as const }] : []),
    ...["ipc", "mode", "test"].map((head) => ({ head, align: "left" as const })),
    { head: "bytes", align: "right" as const },
    ...(hasLaunches ? [{ head: "launch", align: "right" as const }] : []),
    ...(hasClients ? [{ head: "clients", align: "right" as const }] : []),
    { head: "messages", align: "right" as const },
    { head: "time", align: "right" as const },
  ];
  const rows = steps.map((step, index) => [
    `${index + 1}`,
    ...(hasPlans ? [`${plans.indexOf(step.plan) + 1}`] : []),
    step.mechanism,
    step.plan.mode,
    step.test,
    `${step.messageBytes}`,
    ...(hasLaunches ? [`${step.launch}/${step.plan.launches}`] : []),
    ...(hasClients ? [`${step.plan.concurrency}`] : []),
    step.plan.messageCount === null
      ? `for ${formatDurationNs(step.plan.durationNs ?? 0)}`
      : `${step.plan.messageCount}`,
    timeText(estimateStep(step)),
  ]);
  return tableLines(columns, rows);
}

/** Not parameters of the measurements, or shown with each of them. */
const SHOWN_ELSEWHERE: ReadonlySet<string> = new Set([
  ...["mechanisms", "mode", "tests", "messageSizes", "messageCount", "durationNs", "commandLine"],
  ...["quiet", "log", "strict", "continueOnError", "streamingJson", "streamingCsv"],
]);
const isShownElsewhere = (name: string) => SHOWN_ELSEWHERE.has(name) || /(File|Directory)$/.test(name);

/** Every field of the plan that says how it is measured; beyond the first plan, those that differ from plan to plan. */
function parameterLines(plan: RunPlan, plans: readonly RunPlan[]): string[] {
  const isFirst = plan === plans[0];
  const entries = Object.entries(plan).filter(([name]) => !isShownElsewhere(name));
  const wanted = entries.filter(([name, value]) => {
    const key = name as keyof RunPlan;
    return isFirst || plans.some((other) => valueText(other[key]) !== valueText(value));
  });
  const modes = plans.some(({ mode }) => mode !== plan.mode) || isFirst ? [["mode", plan.mode] as const] : [];
  return [...modes, ...wanted].map(([name, value]) => `  ${`${wordsOf(name)}:`.padEnd(24)}${valueText(value, name)}`);
}

/** "sendDelayNs" → "send delay": units are with the values. */
function wordsOf(name: string): string {
  return name.replace(/Ns$/, "").replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function valueText(value: unknown, name = ""): string {
  if (value === null || value === undefined) return "-";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number" && name.endsWith("Ns")) return formatDurationNs(value);
  if (Array.isArray(value)) return value.join(" ");
  if (typeof value === "object")
    return Object.entries(value)
      .map(([key, part]) => `${wordsOf(key)} ${part}`)
      .join(", ");
  return String(value);
}

/** "about 3 s (rough)", "2 min 5 s". */
function timeText({ ns, isRough }: Estimate): string {
  const seconds = ns / 1e9;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const rest = seconds % 60;
  const exact =
    hours > 0
      ? `${hours} h ${minutes} min`
      : minutes > 0
        ? `${minutes} min ${Math.round(rest)} s`
        : `${rest.toFixed(rest < 10 ? 1 : 0)} s`;
  return isRough ? `~${exact}` : exact;
}
