/** What can happen to a run, and what must be true afterwards. Every fault returns what was not, in words. */
import { existsSync } from "node:fs";
import type { BenchmarkResult } from "../../src/result/schema.ts";
import { allTests, type Ended, type Role, Sandbox, type Started, until } from "../e2e/harness.ts";
import { LedgerPeek } from "../e2e/ledger-peek.ts";
import type { FaultChannel } from "./channels.ts";
import { Deadline } from "./deadline.ts";
import type { Random } from "./random.ts";

export type Phase = "spawn" | "handshake" | "warm-up" | "measuring";
export type StopSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

export interface FaultContext {
  readonly channel: FaultChannel;
  readonly random: Random;
  /** Takes how long the end took to come, for statistics. */
  readonly note: (tookMs: number) => void;
}

export type Fault = (context: FaultContext) => Promise<string[]>;

/** How long a run may go on after one of its roles was killed. */
const END_AFTER_DEATH_MS = 2_000;
const END_AFTER_SIGNAL_MS = 1_000;
/** Ten seconds of silence are allowed, the watch looks at it for one more, and a stopped role takes a while to reap. */
const OWN_DEADLINE_MS = 12_500;
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

/** Waits for the run to end, and checks how and when. */
async function awaitEnd(
  run: Started,
  exitCode: number,
  deadline: Deadline,
  { note }: FaultContext,
): Promise<{ ended: Ended; problems: string[] }> {
  const ended = await run.ended;
  deadline.reached();
  note(deadline.tookMs);
  const code = ended.exitCode ?? ended.signal;
  const wrongCode = `exit code ${code} instead of ${exitCode}: ${ended.stderr}`;
  return { ended, problems: [...deadline.problems(), ...problemsOf([[code === exitCode, wrongCode]])] };
}

/** SIGKILL of a role at any moment. */
export const killRole =
  (role: Role): Fault =>
  (context) =>
    inSandbox(async (sandbox) => {
      const run = start(sandbox, longRun(context));
      const roles = await run.bothRoles();
      await Bun.sleep(context.random.below(MOMENTS_MS));
      const deadline = new Deadline(END_AFTER_DEATH_MS);
      kill(roles[role], "SIGKILL");
      const { ended, problems } = await awaitEnd(run, 1, deadline, context);
      return [
        ...problems,
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
      const deadline = new Deadline(END_AFTER_DEATH_MS);
      kill(roles[role], signal);
      const { ended, problems } = await awaitEnd(run, 1, deadline, context);
      return [
        ...problems,
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
      const deadline = new Deadline(OWN_DEADLINE_MS);
      kill(roles[role], "SIGSTOP");
      const { ended, problems } = await awaitEnd(run, 1, deadline, context);
      return [
        ...problems,
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
      const deadline = new Deadline(OWN_DEADLINE_MS);
      kill(roles[role], "SIGCONT");
      const { ended, problems } = await awaitEnd(run, 0, deadline, context);
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
      const deadline = new Deadline(END_AFTER_SIGNAL_MS);
      for (const pid of reaches === "all three" ? all : [run.pid]) kill(pid, signal);
      const { ended, problems } = await awaitEnd(run, EXIT_CODES[signal], deadline, context);
      // Before it can handle signals the program just dies of them, which a shell reports by the same number.
      if (phase === "spawn" && ended.signal === signal) return deadline.problems();
      return [
        ...problems,
        ...lineProblems(ended, new RegExp(`the run was stopped by ${signal}`)),
        ...partialResultProblems(sandbox),
      ];
    });

/** Waits for roles that nobody reaps, and checks when they were gone. */
async function awaitRolesGone(
  sandbox: Sandbox,
  deadline: Deadline,
  { note }: FaultContext,
): Promise<string[]> {
  await until("the roles are gone", () => sandbox.processes().length === 0);
  deadline.reached();
  note(deadline.tookMs);
  return deadline.problems();
}

/** SIGKILL of the orchestrator at any moment: nobody is left who could clean up but the roles. */
export const killOrchestrator: Fault = (context) =>
  inSandbox(async (sandbox) => {
    const run = start(sandbox, longRun(context));
    await run.bothRoles();
    await Bun.sleep(context.random.below(MOMENTS_MS));
    const deadline = new Deadline(END_AFTER_SIGNAL_MS);
    run.signal("SIGKILL");
    return awaitRolesGone(sandbox, deadline, context);
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
    const deadline = new Deadline(END_AFTER_SIGNAL_MS);
    for (const pid of order) kill(pid, "SIGKILL");
    return awaitRolesGone(sandbox, deadline, context);
  });
