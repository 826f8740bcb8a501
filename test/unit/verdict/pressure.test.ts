/** From the kernel's files to the warning of CPU pressure: two readings of recorded trees, one second apart. */
import { expect, test } from "bun:test";
import { differ, UsageMeter } from "../../../src/system/usage.ts";
import { judge } from "../../../src/verdict/judge.ts";
import { inWords } from "../../../src/verdict/words.ts";
import { removeRootsAfterwards, rootOf } from "../system/tree.ts";
import { inputOf, sideOf } from "./fixture.ts";

removeRootsAfterwards();

const PID = 4711;

/** As read of a SCHED_FIFO role, pinned, at 1000 messages/s; while programs on other CPUs waited for each other. */
function readingAt(second: number, waitMsPerSecond: number) {
  const root = rootOf({
    [`proc/${PID}/stat`]: `${PID} (ipc-benchmark) S 1 1 1 0 -1 0 40 0 0 0 ${10 + second} ${20 + second} 0 0 20 0 1 0\n`,
    [`proc/${PID}/task/${PID}/status`]: `voluntary_ctxt_switches:\t${1000 * second}\nnonvoluntary_ctxt_switches:\t${second}\n`,
    [`proc/${PID}/task/${PID}/schedstat`]: `${30e6 * second} ${waitMsPerSecond * 1e6 * second} ${1001 * second}\n`,
    "proc/pressure/cpu": `some avg10=98.61 avg60=71.04 avg300=23.15 total=${990_000 * second}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n`,
  });
  return { ...new UsageMeter({ pid: PID, root }).readOpening(), atMs: 1000 * second };
}

function warningsWith(waitMsPerSecond: number) {
  const usage = differ(readingAt(1, waitMsPerSecond), readingAt(2, waitMsPerSecond));
  return judge(inputOf({ client: sideOf(0, { usage }), server: sideOf(1, { usage }) })).warnings;
}

test("a machine that waited for 99 % of the time is no warning where the roles waited for 0.2 %", () => {
  expect(warningsWith(2)).toEqual([]);
});

test("roles that waited for 20 % are, and the machine's pressure is named beside that", () => {
  const warnings = warningsWith(210);
  expect(warnings.map(({ id }) => id)).toEqual(["cpu-pressure"]);
  expect(inWords(warnings[0]!).sentence).toBe(
    "the client and server waited for a CPU for up to 20 % of the test. On the whole machine some task waited for 99 % of it",
  );
});
