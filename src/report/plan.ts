/** What a run would do, for `--dry-run`. Pure. */

import { type Estimate, estimateStep, estimateSteps } from "../plan/estimate.ts";
import { arrivalInWords, type RunPlan } from "../plan/run-plan.ts";
import { type Step, stepsOf } from "../plan/steps.ts";
import { counted } from "../text/counted.ts";
import { formatDurationNs } from "../text/duration.ts";
import { wrapped } from "../text/wrap.ts";
import { tableLines } from "./table.ts";

/** A file or directory that a run will write. */
export interface PlannedFile {
  /** The flag that asked for it. */
  readonly label: string;
  readonly path: string;
}

/** The measurements in their order, the parameters, the files and the time, lines ending in "\n"; words keep within `columns`. */
export function planText(
  plans: readonly RunPlan[],
  files: readonly PlannedFile[],
  { utf8, columns }: { readonly utf8: boolean; readonly columns: number },
): string {
  const steps = stepsOf(plans);
  const estimate = estimateSteps(steps);
  const lines = [
    `${counted(steps.length, "measurement")}, in this order:`,
    "",
    ...stepLines(plans, steps),
    "",
    ...plans.flatMap((plan, position) => [
      ...(plans.length === 1 ? [] : [`Combination ${position + 1}${position === 0 ? "" : ", differs from 1 in"}:`]),
      ...parameterLines(plan, plans).flatMap((line) => wrapped(line, columns, " ".repeat(VALUE_COLUMN))),
      "",
    ]),
    files.length === 0 ? "Files to be written: none" : "Files to be written:",
    ...files.map(({ label, path }) => `  ${label}  ${path}`),
    "",
    `Estimated time: ${timeText(estimate)}`,
    ...(estimate.isRough ? wrapped(utf8 ? ROUGHLY : ROUGHLY.replaceAll("µ", "u"), columns, "  ") : []),
    "Nothing was started.",
  ];
  return `${lines.join("\n")}\n`;
}

const ROUGHLY =
  "  Tests without --duration are a rough guess, easily wrong by ten times: 3 to 10 µs per message one way, 60 to 80 µs per " +
  "round trip, 1 ns per byte.";

function stepLines(plans: readonly RunPlan[], steps: readonly Step[]): string[] {
  const hasPlans = plans.length > 1;
  const hasLaunches = plans.some(({ launches }) => launches > 1);
  const hasClients = plans.some(({ concurrency }) => concurrency > 1);
  const columns = [
    { head: "#", align: "right" as const },
    ...(hasPlans ? [{ head: "combination", align: "right" as const }] : []),
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
  ...["mechanisms", "tests", "messageSizes", "messageCount", "durationNs", "commandLine"],
  ...["quiet", "log", "strict", "continueOnError", "streamingJson", "streamingCsv"],
]);
const isShownElsewhere = (name: string) => SHOWN_ELSEWHERE.has(name) || /(File|Directory)$/.test(name);

/** Fields that have another name than their flag. */
const FLAG_NAMES: Readonly<Record<string, string>> = {
  ...{
    warmupCount: "warmup-iterations",
    serverCpu: "server-affinity",
    clientCpu: "client-affinity",
    realTimePriority: "rt",
  },
  ...{ cpuDmaLatencyUs: "cpu-dma-latency", bufferBytes: "buffer-size" },
};

/** Where the values of flags begin. */
const VALUE_COLUMN = 26;

/** Every flag that says how a plan is measured and has an effect; beyond the first plan, those that differ from the first. */
function parameterLines(plan: RunPlan, [first]: readonly RunPlan[]): string[] {
  const shown = flagsOf(plan);
  const others = new Map(plan === first ? [] : flagsOf(first!));
  const wanted = shown.filter(([name, value]) => others.get(name) !== value);
  return wanted.map(([name, value]) => `  ${`--${name}`.padEnd(VALUE_COLUMN - 2)}${value}`);
}

/** Flags and their values, as a user would type them. */
function flagsOf(plan: RunPlan): [name: string, value: string][] {
  const { mode, wait, spinNs, arrival, standalone, ...rest } = plan;
  const waiting = { ...(mode === "blocking" && { wait }), ...(wait === "hybrid" && { spinNs }) };
  const schedule = arrival && { rate: arrival.ratePerSecond, arrival: arrivalInWords(arrival) };
  const side = standalone && { [standalone.side]: true };
  const fields = { [mode]: true, ...rest, ...waiting, ...schedule, ...side };
  return Object.entries(fields).flatMap(([name, value]) =>
    isShownElsewhere(name) ? [] : [[flagOf(name), valueText(value, name)]],
  );
}

/** "sendDelayNs" → "send-delay": units are with the values. */
function flagOf(name: string): string {
  return FLAG_NAMES[name] ?? name.replace(/Ns$/, "").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function valueText(value: unknown, name: string): string {
  if (value === null) return "-";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number" && name.endsWith("Ns")) return formatDurationNs(value);
  return Array.isArray(value) ? value.join(" ") : String(value);
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
