/** Which faults happen to which channels, how often, in the short form (part of `bun test`) and in the long one. */
import { CHANNELS, type FaultChannel } from "./channels.ts";
import {
  type Fault,
  killAll,
  killOrchestrator,
  killRole,
  type Phase,
  type StopSignal,
  signalRole,
  signalRun,
  stopRoleForAWhile,
  stopRoleForEver,
} from "./faults.ts";
import { Random } from "./random.ts";

export interface FaultCase {
  readonly fault: string;
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

const PHASES: readonly Phase[] = ["spawn", "handshake", "warm-up", "measuring"];
const SIGNALS: readonly StopSignal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

interface Row {
  readonly fault: string;
  readonly make: (random: Random) => Fault;
  /** Cases for each channel. */
  readonly long: number;
  /** In the short form: the channels that have one. */
  readonly short: (channel: FaultChannel, position: number) => boolean;
}

const all = () => true;
const fewOf =
  (...names: string[]) =>
  (channel: FaultChannel) =>
    names.includes(channel.name);

const phaseRows: readonly Row[] = PHASES.flatMap((phase, p) =>
  SIGNALS.map((signal, s) => ({
    fault: `${signal} during ${phase}`,
    make: (random: Random) => signalRun(signal, phase, random.oneOf(["the orchestrator", "all three"])),
    long: 2,
    short: (_: FaultChannel, position: number) => position % 5 === (p + s) % 5,
  })),
);

const ROWS: readonly Row[] = [
  { fault: "SIGKILL of the server", make: () => killRole("server"), long: 50, short: all },
  { fault: "SIGKILL of the client", make: () => killRole("client"), long: 50, short: all },
  { fault: "SIGKILL of the orchestrator", make: () => killOrchestrator, long: 20, short: all },
  { fault: "SIGKILL of all three", make: () => killAll, long: 10, short: all },
  {
    fault: "SIGTERM, SIGINT or SIGHUP of a role",
    make: (random) => signalRole(random.oneOf(["server", "client"]), random.oneOf(SIGNALS)),
    long: 6,
    short: fewOf("uds async", "shm blocking"),
  },
  ...phaseRows,
  {
    fault: "SIGSTOP of the server for 3 s",
    make: () => stopRoleForAWhile("server"),
    long: 3,
    short: fewOf("uds async", "pmq blocking", "shm-direct async"),
  },
  {
    fault: "SIGSTOP of the client for 3 s",
    make: () => stopRoleForAWhile("client"),
    long: 3,
    short: fewOf("tcp blocking", "shm async"),
  },
  {
    fault: "SIGSTOP of the server for ever",
    make: () => stopRoleForEver("server"),
    long: 2,
    short: fewOf("shm blocking"),
  },
  {
    fault: "SIGSTOP of the client for ever",
    make: () => stopRoleForEver("client"),
    long: 2,
    short: fewOf("uds async"),
  },
];

export const FAULT_NAMES: readonly string[] = ROWS.map(({ fault }) => fault);

function caseOf({ fault, make }: Row, channel: FaultChannel, round: number): FaultCase {
  const name = `${fault}, ${channel.name}, ${round}`;
  return {
    fault,
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
      const rounds = form === "long" ? row.long : Number(row.short(channel, position));
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
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      tell(next, await next.run(seed));
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}
