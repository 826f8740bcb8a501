/**
 * Explores every order of steps of the park protocol (park.pml): the real one loses no wake-up, and each weakened one does. So
 * the model would notice if it were weakened, and the protocol needs what it has.
 */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const MODEL = join(import.meta.dir, "park.pml");
const TIMEOUT_MS = 120_000;
const root = resolve(import.meta.dir, "../..");

const directories: string[] = [];
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** gcc, which the sanitizers need anyway, else zig, which takes longer. */
function compiler(): string[] {
  return Bun.which("gcc") !== null ? ["gcc"] : [join(root, "node_modules", ".bin", "zig"), "cc"];
}

async function run(command: readonly string[], cwd: string): Promise<string> {
  const cache = join(root, "dist", "zig-cache");
  const env = { ...process.env, ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache };
  const child = Bun.spawn([...command], { cwd, env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [output, errors, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: exit code ${exitCode}\n${output}${errors}`);
  return output;
}

/** "none", or what spin calls the first thing that goes wrong. */
async function errorOf(variant: string): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "ipcb-model-"));
  directories.push(directory);
  const defines = variant.split(" ").map((define) => `-D${define}`);
  await run(["spin", "-a", ...defines, MODEL], directory);
  await run([...compiler(), "-O2", "-w", "-DSAFETY", "-DVECTORSZ=2048", "-o", "pan", "pan.c"], directory);
  const output = await run(["./pan", "-m1000000", "-w24"], directory);
  const [, errors] = /errors: (\d+)/.exec(output) ?? [];
  // What was cut short proves nothing.
  if (errors === undefined || /max search depth too small|out of memory/.test(output)) throw new Error(output);
  return errors === "0" ? "none" : (/pan:\d+: ([^(]+)/.exec(output)?.[1]?.trim() ?? output);
}

test("spin is there", () => {
  const help = "spin is needed to explore the model: apt-get install spin (or https://spinroot.com)";
  expect(Bun.which("spin") ?? help).not.toBe(help);
});

describe("no wake-up is lost", () => {
  test.each([
    ["by the ring", "RING"],
    ["by the ring, when its peer leaves", "LEAVES"],
    ["by a wait that nobody can cancel", "UNCANCELLABLE LEAVES"],
    ["by the ring, when the looks for all but the last message are put off", "PUTS_OFF LEAVES"],
    ["by the ring, when another thread cancels the wait", "PUTS_OFF CANCELS"],
    ["by the ring, when its peer leaves and another thread cancels the wait", "LEAVES CANCELS MESSAGES=1"],
    ["by the slot", "UNDER_LOCK"],
    ["by the slot, when its peer leaves", "UNDER_LOCK LEAVES"],
    ["by the slot, when another thread cancels the wait", "UNDER_LOCK CANCELS MESSAGES=1"],
    // That look is seq_cst and comes first, so it would order the next one too. The protocol does not count on it.
    [
      "even if the look at the peer's leaving is acquire, as long as that at `cancelled` stands before it",
      "LEAVES LOOK_AGAIN_AT_CLOSED=acquire",
    ],
    ["by a peer that says nothing, when another thread cancels the wait", "ONLY_CANCELS CANCELS"],
  ])("%s", async (_, variant) => expect(await errorOf(variant)).toBe("none"), TIMEOUT_MS);
});

describe("a wake-up is lost if", () => {
  test.each([
    ["the second look at the peer's leaving is acquire (LDAPR)", "UNCANCELLABLE LEAVES LOOK_AGAIN_AT_CLOSED=acquire"],
    ["the same in the slot", "UNCANCELLABLE UNDER_LOCK LEAVES LOOK_AGAIN_AT_CLOSED=acquire"],
    ["all second looks are acquire", "UNCANCELLABLE LOOK_AGAIN_AT_CLOSED=acquire LOOK_AGAIN_AT_TAIL=acquire"],
    ["the announcement is release", "ANNOUNCE=release"],
    ["the publisher's look at the announcement is acquire", "LOOK_AT_WAITING=acquire"],
    ["the last position is published with release, as if another message followed", "PUBLISH=release"],
    ["leaving is stored with release", "LEAVES LEAVE=release"],
    ["the slot is handed over without its lock", "UNDER_LOCK WITHOUT_LOCK"],
  ])("%s", async (_, variant) => expect(await errorOf(variant)).toBe("invalid end state"), TIMEOUT_MS);
});
