/** Which faults happen to which channels, how often, in the short form (part of `bun test`) and in the long one. */
import { BLOWS, type Blow, type EndingSignal, EXIT_CODES, isStop, TARGETS } from "./blows.ts";
import { CHANNELS, type FaultChannel } from "./channels.ts";
import { blowAnytime, blowIn, type Fault, killAll, signalAll } from "./faults.ts";
import { PHASES, type Phase } from "./phases.ts";
import { Random } from "./random.ts";

export interface FaultCase {
  readonly fault: string;
  /** null: at any moment. */
  readonly phase: Phase | null;
  readonly channel: FaultChannel;
  /** What a case of its own is made from: run it again with the same seed and it does the same. */
  readonly name: string;
  run(seed: string): Promise<FaultEnd>;
}

export interface FaultEnd {
  /** In words; none if all was as it should be. */
  readonly problems: readonly string[];
  /** From the fault to the end of the run; null if it never came so far. */
  readonly tookMs: number | null;
}

interface Row {
  readonly fault: string;
  readonly phase: Phase | null;
  readonly make: (random: Random) => Fault;
  /** Cases for each channel. */
  readonly long: number;
  /** In the short form: the channels that have one. */
  readonly short: (position: number) => boolean;
}

const all = () => true;
const none = () => false;
/** One channel, so that every blow, target and phase meets several. */
const turn =
  (b: number, t: number, p: number): Row["short"] =>
  (position) =>
    position === (b + 3 * t + 7 * p) % CHANNELS.length;

const SIGNALS = Object.keys(EXIT_CODES) as EndingSignal[];

/** Waiting out a stopped process takes seconds: of these the short form has only a few. */
const SHORT_STOPS: readonly string[] = [
  "SIGSTOP for 3 s of the server during handshake",
  "SIGSTOP for 3 s of the client during measuring",
  "SIGSTOP for 3 s of the orchestrator during writing",
  "SIGSTOP for ever of the server during draining",
  "SIGSTOP for ever of the client during measuring",
  "SIGSTOP for ever of the orchestrator during start",
];

/** Every blow for every process in every phase. */
const grid: readonly Row[] = BLOWS.flatMap((blow, b) =>
  TARGETS.flatMap((target, t) =>
    PHASES.map((phase, p): Row => {
      const fault = `${blow} of the ${target}`;
      const isShort = !isStop(blow) || SHORT_STOPS.includes(`${fault} during ${phase}`);
      return {
        fault,
        phase,
        make: () => blowIn(blow, target, phase),
        long: 1,
        short: isShort ? turn(b, t, p) : none,
      };
    }),
  ),
);

const ctrlC: readonly Row[] = PHASES.map((phase, p) => ({
  fault: "SIGINT, SIGTERM or SIGHUP of all three",
  phase,
  make: (random) => signalAll(random.oneOf(SIGNALS), phase),
  long: 1,
  short: turn(p, 0, 0),
}));

const anytime = (blow: Blow, target: "server" | "client", long: number): Row => ({
  fault: `${blow} of the ${target}`,
  phase: null,
  make: () => blowAnytime(blow, target),
  long,
  short: blow === "SIGKILL" ? all : none,
});

const ROWS: readonly Row[] = [
  ...grid,
  ...ctrlC,
  // A hundred moments for each channel.
  anytime("SIGKILL", "server", 45),
  anytime("SIGKILL", "client", 45),
  anytime("SIGSTOP for 3 s", "server", 3),
  anytime("SIGSTOP for 3 s", "client", 3),
  anytime("SIGSTOP for ever", "server", 2),
  anytime("SIGSTOP for ever", "client", 2),
  { fault: "SIGKILL of all three", phase: "measuring", make: () => killAll, long: 5, short: all },
];

export const FAULT_NAMES: readonly string[] = [...new Set(ROWS.map(({ fault }) => fault))];

function caseOf({ fault, phase, make }: Row, channel: FaultChannel, round: number): FaultCase {
  const name = `${fault} ${phase === null ? "at any moment" : `during ${phase}`}, ${channel.name}, ${round}`;
  return {
    fault,
    phase,
    channel,
    name,
    run: async (seed) => {
      const random = new Random(`${seed}/${name}`);
      let tookMs: number | null = null;
      const note = (ms: number) => {
        tookMs = ms;
      };
      const problems = await make(random)({ channel, random, note });
      return { problems, tookMs };
    },
  };
}

export function faultCases(form: "short" | "long"): FaultCase[] {
  return ROWS.flatMap((row) =>
    CHANNELS.flatMap((channel, position) => {
      const rounds = form === "long" ? row.long : Number(row.short(position));
      return Array.from({ length: rounds }, (_, round) => caseOf(row, channel, round + 1));
    }),
  );
}

export const newSeed = (): string => String(Date.now() % 1_000_000_007);

export interface Pace {
  readonly seed: string;
  /** Most of a case is waiting, but a run at full speed takes a CPU for each role. */
  readonly atOnce: number;
}

/** Runs cases a few at a time; `tell` hears of each as it ends. */
export async function runCases(
  cases: readonly FaultCase[],
  { seed, atOnce }: Pace,
  tell: (ended: FaultCase, end: FaultEnd) => void,
): Promise<void> {
  const waiting = [...cases];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) tell(next, await next.run(seed));
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}
