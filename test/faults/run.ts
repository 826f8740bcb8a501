/** The fault suite outside of `bun test`, in the short form or the long one, with a table at the end. */
import { parseArgs } from "node:util";
import { type FaultCase, type FaultEnd, faultCases, newSeed, runCases } from "./plan.ts";
import { outcomeTables } from "./table.ts";

const HELP = `Kills, stops and signals the compiled program at seeded random moments, and checks how it ends.

  bun run test:faults -- [options]

  --long         every fault as often as it takes, some 2400 cases; without it a few of each
  --seed TEXT    the moments of an earlier run again; a new one by default, printed first
  --only TEXT    cases whose name contains it: "SIGKILL of the server, uds async"
  --part N/M     the Nth of M equal parts of the cases
  --at-once N    cases that run beside each other (default 3)
  --list         print the names of the cases, and run none
  --help         this text

The tables at the end hold the cases and failures of each fault by phase and by channel, with the median and the greatest
time from the fault to the end of the run. Exit code 0 if all went well, 1 if a case failed, 2 for options that make no sense.`;

function refuse(reason: string): never {
  console.error(`test:faults: ${reason} (see --help)`);
  process.exit(2);
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        long: { type: "boolean", default: false },
        seed: { type: "string", default: newSeed() },
        only: { type: "string", default: "" },
        part: { type: "string", default: "1/1" },
        "at-once": { type: "string", default: "3" },
        list: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    return refuse((error as Error).message.split("\n")[0]!);
  }
}

/** Every Mth case from the Nth on, so that the parts are alike. */
function partOf(all: readonly FaultCase[], part: string): FaultCase[] {
  const [, number, count] = /^([1-9]\d*)\/([1-9]\d*)$/.exec(part)?.map(Number) ?? [];
  if (number === undefined || count === undefined || number > count)
    return refuse(`--part takes two numbers such as 1/4, not "${part}"`);
  return all.filter((_, index) => index % count === number - 1);
}

const options = readOptions();
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
const atOnce = Number(options["at-once"]);
if (!Number.isInteger(atOnce) || atOnce < 1) refuse(`--at-once takes a number from 1, not "${options["at-once"]}"`);
const named = faultCases(options.long ? "long" : "short").filter(({ name }) => name.includes(options.only));
const cases = partOf(named, options.part);
if (cases.length === 0) refuse("no case has such a name");
if (options.list) {
  for (const { name } of cases) console.log(name);
  process.exit(0);
}

const outcomes = new Map<FaultCase, FaultEnd>();
const startMs = performance.now();
let failures = 0;

console.log(`${cases.length} cases, seed ${options.seed}`);
await runCases(cases, { seed: options.seed, atOnce }, (ended, end) => {
  outcomes.set(ended, end);
  if (end.problems.length > 0) {
    failures++;
    console.log(`FAILED ${ended.name}: ${end.problems.join("; ")}`);
  }
  if (outcomes.size % 100 === 0) console.log(`${outcomes.size} of ${cases.length}, ${failures} failed`);
});

const seconds = Math.round((performance.now() - startMs) / 1000);
console.log(`\n${outcomeTables(outcomes)}`);
console.log(`\n${cases.length} cases, ${failures} failed, ${seconds} s, seed ${options.seed}`);
process.exit(failures > 0 ? 1 : 0);
