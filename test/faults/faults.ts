/** What can happen to a run, and what must be true afterwards. Every fault returns what was not, in words. */
import { type Sandbox, type Started, until } from "../e2e/harness.ts";
import {
  type Blow,
  type EndingSignal,
  EXIT_CODES,
  isStop,
  isSurvivable,
  type Pids,
  send,
  strike,
  type Target,
} from "./blows.ts";
import type { FaultChannel } from "./channels.ts";
import {
  awaitEnd,
  inSandbox,
  keptResultProblems,
  lineProblems,
  OUTPUT,
  partialResultProblems,
  tornResultProblems,
  wholeResultProblems,
} from "./checks.ts";
import { Deadline } from "./deadline.ts";
import { anyMoment, type Phase, type Scene, sceneOf } from "./phases.ts";
import type { Random } from "./random.ts";

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

/** What a blow left to be checked. */
interface Struck {
  readonly sandbox: Sandbox;
  readonly run: Started;
  readonly target: Target;
  readonly blow: Blow;
  /** null: at any moment. */
  readonly phase: Phase | null;
}

function startRun(sandbox: Sandbox, { channel, random }: FaultContext, scene: Scene): Started {
  const test = random.oneOf(["--one-way", "--round-trip"]);
  const args = [...channel.flags, test, ...scene.flags, "-q", "-o", OUTPUT];
  return sandbox.start(args, { env: { TMPDIR: sandbox.temp } });
}

async function strikeIn(struck: Omit<Struck, "sandbox" | "run">, context: FaultContext, scene: Scene) {
  return inSandbox(async (sandbox) => {
    const run = startRun(sandbox, context, scene);
    const { pids, release } = await scene.reach(run);
    const limitMs = limitOf(struck);
    let deadline = new Deadline(limitMs);
    await strike(pids[struck.target], struck.blow, release);
    if (isSurvivable(struck.blow)) deadline = new Deadline(limitMs);
    const problems = await problemsAfter({ ...struck, sandbox, run }, deadline);
    context.note(deadline.tookMs);
    return problems;
  });
}

/** A role waits for its next order for 20 s, and less for everything else. */
const STANDSTILL_MS = 25_000;

function limitOf({ target, blow }: Pick<Struck, "target" | "blow">): number {
  if (target === "orchestrator" && blow === "SIGSTOP for ever") return STANDSTILL_MS;
  if (isStop(blow) || isSurvivable(blow)) return OWN_DEADLINE_MS;
  return target === "orchestrator" ? END_AFTER_SIGNAL_MS : END_AFTER_DEATH_MS;
}

function problemsAfter(struck: Struck, deadline: Deadline): Promise<string[]> {
  if (isSurvivable(struck.blow)) return afterSurvival(struck, deadline);
  if (struck.target !== "orchestrator") return afterRolesEnd(struck, deadline);
  if (struck.blow === "SIGKILL") return afterOrchestratorsDeath(struck, deadline);
  return struck.blow === "SIGSTOP for ever"
    ? afterOrchestratorsStandstill(struck, deadline)
    : afterRequest(struck, struck.blow as EndingSignal, deadline);
}

/** The run goes on as if nothing had been. */
async function afterSurvival({ sandbox, run, blow, phase }: Struck, deadline: Deadline): Promise<string[]> {
  // What is yet to be loaded does not ignore it yet.
  const mayDie = blow === "SIGPIPE" && (phase === "start" || phase === "handshake");
  const { ended, problems } = await awaitEnd(run, mayDie ? [0, 1, "SIGPIPE"] : [0], deadline);
  if (ended.exitCode === 1) return [...problems, ...lineProblems(ended, /was killed by SIGPIPE/)];
  return ended.exitCode === 0 ? [...problems, ...wholeResultProblems(sandbox, ended)] : problems;
}

const SILENCE = /handled no message for|sent nothing before the deadline|was not \w+ within|no client connected/;

/** A role was killed, stopped for good, or asked to end. */
async function afterRolesEnd(struck: Struck, deadline: Deadline): Promise<string[]> {
  const { sandbox, run, target, blow, phase } = struck;
  // It may have had its part done: then the run must be whole.
  const isLate = phase === "draining";
  const { ended, problems } = await awaitEnd(run, isLate ? [0, 1] : [1], deadline);
  if (isLate && ended.exitCode === 0) return [...problems, ...wholeResultProblems(sandbox, ended)];
  const wanted = {
    SIGKILL: new RegExp(`the ${target} was killed by SIGKILL`),
    "SIGSTOP for ever": SILENCE,
  };
  const line = wanted[blow as keyof typeof wanted] ?? new RegExp(`the ${target} was (stopped|killed) by ${blow}`);
  return [...problems, ...lineProblems(ended, line), ...partialResultProblems(sandbox)];
}

/** The orchestrator was killed: nobody is left who could clean up but the roles. */
async function afterOrchestratorsDeath({ sandbox }: Struck, deadline: Deadline): Promise<string[]> {
  await until("the roles are gone", () => sandbox.processes().length === 0);
  deadline.reached();
  return [...deadline.problems(), ...tornResultProblems(sandbox)];
}

/** The orchestrator stands still: the roles end by themselves, and it can be killed. */
async function afterOrchestratorsStandstill(struck: Struck, deadline: Deadline): Promise<string[]> {
  const { sandbox, run } = struck;
  await until("the roles are gone", () => sandbox.processes().every(({ pid }) => pid === run.pid), 4 * STANDSTILL_MS);
  deadline.reached();
  send(run.pid, "SIGKILL");
  await run.ended;
  return [...deadline.problems(), ...tornResultProblems(sandbox)];
}

/** The user, or whoever ends a session, asked the orchestrator to end. */
async function afterRequest(
  { sandbox, run, phase }: Struck,
  signal: EndingSignal,
  deadline: Deadline,
): Promise<string[]> {
  const isEarly = phase === "start";
  // What is nearly done may be done before the signal is heard.
  const isLate = phase === "writing" || phase === "draining";
  const codes = [EXIT_CODES[signal], ...(isEarly || isLate ? [signal] : []), ...(isLate ? [0] : [])];
  const { ended, problems } = await awaitEnd(run, codes, deadline);
  // Before it can handle signals, and after its last word, the program just dies of them, as a shell reports by the same number.
  if (ended.signal === signal) return [...problems, ...tornResultProblems(sandbox)];
  if (ended.exitCode === 0) return [...problems, ...wholeResultProblems(sandbox, ended)];
  return [
    ...problems,
    ...lineProblems(ended, new RegExp(`the run was stopped by ${signal}`)),
    ...(isLate ? keptResultProblems(sandbox) : partialResultProblems(sandbox)),
  ];
}

/** One blow for one process in one phase. */
export const blowIn =
  (blow: Blow, target: Target, phase: Phase): Fault =>
  (context) =>
    strikeIn({ blow, target, phase }, context, sceneOf(phase, target, blow, context.random));

/** One blow for one process at any moment. */
export const blowAnytime =
  (blow: Blow, target: Target): Fault =>
  (context) =>
    strikeIn({ blow, target, phase: null }, context, anyMoment(isSurvivable(blow), context.random));

/** Ctrl-C in a terminal: every process of the run gets the signal. */
export const signalAll =
  (signal: EndingSignal, phase: Phase): Fault =>
  (context) =>
    inSandbox(async (sandbox) => {
      const scene = sceneOf(phase, "orchestrator", signal, context.random);
      const run = startRun(sandbox, context, scene);
      const { pids, release } = await scene.reach(run);
      const deadline = new Deadline(END_AFTER_SIGNAL_MS);
      for (const pid of Object.values(pids)) send(pid, signal);
      release();
      const struck = { sandbox, run, target: "orchestrator", blow: signal, phase } as const;
      const problems = await afterRequest(struck, signal, deadline);
      context.note(deadline.tookMs);
      return problems;
    });

/** SIGKILL of all three, once the peers have met: nobody is left who could clean up. */
export const killAll: Fault = (context) =>
  inSandbox(async (sandbox) => {
    const scene = sceneOf("measuring", "orchestrator", "SIGKILL", context.random);
    const run = startRun(sandbox, context, scene);
    const { pids } = await scene.reach(run);
    const order = context.random.oneOf<readonly (keyof Pids)[]>([
      ["orchestrator", "server", "client"],
      ["server", "client", "orchestrator"],
      ["client", "orchestrator", "server"],
    ]);
    const deadline = new Deadline(END_AFTER_SIGNAL_MS);
    for (const one of order) send(pids[one], "SIGKILL");
    const struck = { sandbox, run, target: "orchestrator", blow: "SIGKILL", phase: "measuring" } as const;
    const problems = await afterOrchestratorsDeath(struck, deadline);
    context.note(deadline.tookMs);
    return problems;
  });
