/** What can happen to a run, and what must be true afterwards. Every fault returns what was not, in words. */
import { existsSync } from "node:fs";
import type { BenchmarkResult } from "../../src/result/schema.ts";
import { allTests, type Ended, type Role, Sandbox, type Started, until } from "../e2e/harness.ts";
import { LedgerPeek } from "../e2e/ledger-peek.ts";
import type { FaultChannel } from "./channels.ts";
import { FairClock } from "./fair-clock.ts";
import type { Random } from "./random.ts";

export type Phase = "spawn" | "handshake" | "warm-up" | "measuring";
export type StopSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

export interface FaultContext {
  readonly channel: FaultChannel;
  readonly random: Random;
}

export type Fault = (context: FaultContext) => Promise<string[]>;

/** How long a run may go on after one of its roles was killed. */
const END_AFTER_DEATH_MS = 2_000;
const END_AFTER_SIGNAL_MS = 1_000;
/** Ten seconds of silence are allowed, and the watch looks at it for one more. */
const OWN_DEADLINE_MS = 11_000;
/** What a loaded machine may take on top: processes are started and looked at meanwhile. */
const SLACK_MS = 3_000;
const STOPPED_MS = 3_000;
/** The moment of a fault is anywhere in this time after the roles are there. */
const MOMENTS_MS = 700;
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
const OUTPUT = "result.json";

/** A run of one test that would go on for long. */
function longRun({ channel, random }: FaultContext, flags: readonly string[] = ["-d", "30s"]): string[] {
  const test = random.oneOf(["--one-way", "--round-trip"]);
  const pace = random.oneOf([[], [], ["--send-delay", "100us"], ["--send-delay", "20ms"]]);
  return [...channel.flags, test, ...pace, ...flags, "-q", "-o", OUTPUT];
}

/** Runs `body` in a sandbox; what is left afterwards is among the problems. */
async function inSandbox(body: (sandbox: Sandbox) => Promise<string[]>): Promise<string[]> {
  const sandbox = new Sandbox();
  try {
    const problems = await body(sandbox);
    return [...problems, ...(await sandbox.leftovers()).slice(0, 5).map((what) => `left behind: ${what}`)];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  } finally {
    sandbox.remove();
  }
}

function start(sandbox: Sandbox, args: readonly string[]): Started {
  return sandbox.start(args, { env: { TMPDIR: sandbox.temp } });
}

/** A process that has ended meanwhile is none of these faults' business. */
function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

const problemsOf = (checks: readonly (readonly [isRight: boolean, problem: string])[]) =>
  checks.filter(([isRight]) => !isRight).map(([, problem]) => problem);

/** One line on stderr, of the program itself, that matches. */
function lineProblems({ stderr }: Ended, wanted: RegExp): string[] {
  const lines = stderr.split("\n").filter(Boolean);
  const isClear = lines.length === 1 && lines[0]!.startsWith("ipc-benchmark: ") && wanted.test(lines[0]!);
  return problemsOf([
    [isClear && !stderr.includes("internal error"), `stderr is not one line ${wanted}: ${stderr}`],
  ]);
}

function partialResultProblems(sandbox: Sandbox): string[] {
  if (!existsSync(sandbox.path(OUTPUT))) return ["no partial result was written"];
  let result: BenchmarkResult;
  try {
    result = sandbox.readResult(OUTPUT);
  } catch (error) {
    return [String(error)];
  }
  const isMarked =
    !result.metadata.complete &&
    allTests(result).every(({ complete, failure }) => !complete && failure !== null);
  return problemsOf([[isMarked, "the partial result is not marked as incomplete"]]);
}

function endProblems(ended: Ended, exitCode: number, tookMs: number, limitMs: number): string[] {
  const code = ended.exitCode ?? ended.signal;
  return problemsOf([
    [code === exitCode, `exit code ${code} instead of ${exitCode}: ${ended.stderr}`],
    [tookMs <= limitMs, `ended after ${Math.round(tookMs)} ms, allowed are ${limitMs}`],
  ]);
}

/** SIGKILL of a role at any moment. */
export const killRole =
  (role: Role): Fault =>
  (context) =>
    inSandbox(async (sandbox) => {
      const run = start(sandbox, longRun(context));
      const roles = await run.bothRoles();
      await Bun.sleep(context.random.below(MOMENTS_MS));
      const clock = new FairClock();
      kill(roles[role], "SIGKILL");
      const ended = await run.ended;
      return [
        ...endProblems(ended, 1, clock.stop(), END_AFTER_DEATH_MS),
        ...lineProblems(ended, new RegExp(`the ${role} was killed by SIGKILL`)),
        ...partialResultProblems(sandbox),
      ];
    });

/** A role is asked to end, as an administrator would. */
export const signalRole =
  (role: Role, signal: StopSignal): Fault =>
  (context) =>
    inSandbox(async (sandbox) => {
      const run = start(sandbox, longRun(context));
      const roles = await run.bothRoles();
      await Bun.sleep(context.random.below(MOMENTS_MS));
      const clock = new FairClock();
      kill(roles[role], signal);
      const ended = await run.ended;
      return [
        ...endProblems(ended, 1, clock.stop(), END_AFTER_DEATH_MS),
        ...lineProblems(
          ended,
          new RegExp(`a role was stopped by a signal|the ${role} was killed by ${signal}`),
        ),
        ...partialResultProblems(sandbox),
      ];
    });

/** SIGSTOP of a role, for good: the other side and the orchestrator give up by themselves. */
export const stopRoleForEver =
  (role: Role): Fault =>
  (context) =>
    inSandbox(async (sandbox) => {
      const run = start(sandbox, longRun(context, ["-d", "50s"]));
      const roles = await run.bothRoles();
      await Bun.sleep(context.random.below(MOMENTS_MS));
      const clock = new FairClock();
      kill(roles[role], "SIGSTOP");
      const ended = await run.ended;
      return [
        ...endProblems(ended, 1, clock.stop(), OWN_DEADLINE_MS + SLACK_MS),
        ...lineProblems(
          ended,
          /handled no message for|said nothing until the deadline|was not \w+ within|no client connected/,
        ),
        ...partialResultProblems(sandbox),
      ];
    });

/** SIGSTOP of a role for three seconds: the run gets over it. */
export const stopRoleForAWhile =
  (role: Role): Fault =>
  (context) =>
    inSandbox(async (sandbox) => {
      const run = start(sandbox, longRun(context, ["-d", "1500ms"]));
      const roles = await run.bothRoles();
      await Bun.sleep(context.random.below(MOMENTS_MS));
      kill(roles[role], "SIGSTOP");
      await Bun.sleep(STOPPED_MS);
      kill(roles[role], "SIGCONT");
      const ended = await run.ended;
      const problems = endProblems(ended, 0, 0, 0);
      if (problems.length > 0) return problems;
      const { metadata } = sandbox.readResult(OUTPUT);
      return problemsOf([
        [metadata.complete && ended.stderr === "", `the run is not complete: ${ended.stderr}`],
      ]);
    });

/** Waits until a run is where the fault is to hit it. */
async function reach(phase: Phase, run: Started, random: Random): Promise<void> {
  if (phase === "spawn") return Bun.sleep(random.below(60));
  const { client } = await run.bothRoles();
  if (phase === "handshake") return Bun.sleep(random.below(20));
  using ledger = new LedgerPeek(client);
  await until(`the run is ${phase}`, () => ledger.progress()[phase === "warm-up" ? "warmup" : "sent"] > 0);
  return Bun.sleep(random.below(MOMENTS_MS / 2));
}

const EXTENT: Readonly<Record<Phase, readonly string[]>> = {
  spawn: ["-d", "30s"],
  handshake: ["-d", "30s"],
  "warm-up": ["-d", "30s", "-w", "1000000000000"],
  measuring: ["-d", "30s"],
};

/** The user ends the run, from a terminal (every process of it gets the signal) or not. */
export const signalRun =
  (signal: StopSignal, phase: Phase, reaches: "the orchestrator" | "all three"): Fault =>
  (context) =>
    inSandbox(async (sandbox) => {
      const run = start(sandbox, longRun(context, EXTENT[phase]));
      await reach(phase, run, context.random);
      const all = [run.pid, ...Object.values(run.roles())];
      const clock = new FairClock();
      for (const pid of reaches === "all three" ? all : [run.pid]) kill(pid, signal);
      const ended = await run.ended;
      const tookMs = clock.stop();
      // Before it can handle signals the program just dies of them, which a shell reports by the same number.
      if (phase === "spawn" && ended.signal === signal)
        return endProblems({ ...ended, exitCode: 0 }, 0, tookMs, END_AFTER_SIGNAL_MS);
      return [
        ...endProblems(ended, EXIT_CODES[signal], tookMs, END_AFTER_SIGNAL_MS),
        ...lineProblems(ended, new RegExp(`the run was stopped by ${signal}`)),
        ...partialResultProblems(sandbox),
      ];
    });

async function goneProblems(sandbox: Sandbox): Promise<string[]> {
  try {
    await until("the roles are gone", () => sandbox.processes().length === 0, END_AFTER_SIGNAL_MS);
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

/** SIGKILL of the orchestrator at any moment: nobody is left who could clean up but the roles. */
export const killOrchestrator: Fault = (context) =>
  inSandbox(async (sandbox) => {
    const run = start(sandbox, longRun(context));
    await run.bothRoles();
    await Bun.sleep(context.random.below(MOMENTS_MS));
    run.signal("SIGKILL");
    return goneProblems(sandbox);
  });

/** SIGKILL of all three, once the peers have met: nobody is left who could clean up. */
export const killAll: Fault = (context) =>
  inSandbox(async (sandbox) => {
    const run = start(sandbox, longRun(context));
    const { server, client } = await run.bothRoles();
    await reach("measuring", run, context.random);
    const order = context.random.oneOf([
      [run.pid, server, client],
      [server, client, run.pid],
      [client, run.pid, server],
    ]);
    for (const pid of order) kill(pid, "SIGKILL");
    return goneProblems(sandbox);
  });
