/**
 * The fault suite outside of `bun test`, in the short form or the long one, with a table at the end (cases and failures of each fault and channel; median
 * and greatest time from the fault to the end):
 *
 *   bun run test:faults -- --long            about 1900 cases, some half an hour
 *   bun run test:faults -- --seed 42         the same moments again
 *   bun run test:faults -- --only "SIGKILL of the server, uds async"
 */
import { parseArgs } from "node:util";
import { CHANNELS } from "./channels.ts";
import { FAULT_NAMES, type FaultCase, faultCases, newSeed, runCases } from "./plan.ts";

const { values } = parseArgs({
  options: {
    long: { type: "boolean", default: false },
    seed: { type: "string", default: newSeed() },
    only: { type: "string", default: "" },
  },
});

const cases = faultCases(values.long ? "long" : "short").filter(({ name }) => name.includes(values.only));
const failures = new Set<FaultCase>();
const times = new Map<string, number[]>(FAULT_NAMES.map((fault) => [fault, []]));
const startMs = performance.now();
let done = 0;

console.log(`${cases.length} cases, seed ${values.seed}`);
await runCases(cases, values.seed, (ended, { problems, tookMs }) => {
  done++;
  if (tookMs !== null) times.get(ended.fault)!.push(tookMs);
  if (problems.length > 0) {
    failures.add(ended);
    console.log(`FAILED ${ended.name}: ${problems.join("; ")}`);
  }
  if (done % 100 === 0) console.log(`${done} of ${cases.length}, ${failures.size} failed`);
});

/** "50" cases, or "50, 2 failed". */
function cell(fault: string, channel: string): string {
  const isHere = (one: FaultCase) => one.fault === fault && one.channel.name === channel;
  const failed = [...failures].filter(isHere).length;
  return `${cases.filter(isHere).length}${failed > 0 ? `, ${failed} failed` : ""}`;
}

/** "180 / 420" ms: the median and the greatest. */
function endTimes(fault: string): string {
  const sorted = times.get(fault)!.toSorted((a, b) => a - b);
  return sorted.length === 0 ? "-" : `${sorted[Math.floor(sorted.length / 2)]} / ${sorted.at(-1)}`;
}

const seconds = Math.round((performance.now() - startMs) / 1000);
console.log(`\n| fault | ${CHANNELS.map(({ name }) => name).join(" | ")} | end after, ms |`);
console.log(`|---|${CHANNELS.map(() => "---").join("|")}|---|`);
for (const fault of FAULT_NAMES) {
  const cells = CHANNELS.map(({ name }) => cell(fault, name));
  console.log(`| ${fault} | ${cells.join(" | ")} | ${endTimes(fault)} |`);
}
console.log(`\n${cases.length} cases, ${failures.size} failed, ${seconds} s, seed ${values.seed}`);
process.exit(failures.size > 0 ? 1 : 0);
