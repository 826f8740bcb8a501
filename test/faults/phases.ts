/** How to catch a run in each of its phases. */
import { type Started, until } from "../e2e/harness.ts";
import { LedgerPeek } from "../e2e/ledger-peek.ts";
import { type Blow, isStop, isSurvivable, type Pids, send, type Target } from "./blows.ts";
import type { Random } from "./random.ts";

/**
 * start: programs load; handshake: the peers are there but have not all met; draining: everything is sent, and the server has
 * not received it; writing: rows are streamed, or for the orchestrator often that the roles are gone and files are written.
 */
export const PHASES = ["start", "handshake", "warm-up", "measuring", "draining", "writing"] as const;
export type Phase = (typeof PHASES)[number];

export interface Scene {
  readonly flags: readonly string[];
  /** Resolves when the run is where it is to be struck. */
  readonly reach: (run: Started) => Promise<Reached>;
}

export interface Reached {
  readonly pids: Pids;
  /** Lets go what held the run in its phase. To be done right after the blow. */
  readonly release: () => void;
}

/** A moment is anywhere in this time after the roles are there. */
const MOMENTS_MS = 700;
/** Where nothing holds a run in its phase: about as long as it lasts. */
const LOADING_MS = 60;
const HANDSHAKE_MS = 20;
const WRITING_MS = 150;

const DRAINED_COUNT = 30;
/** So many are still to be sent when the server is stopped; every mechanism but one has room for them. */
const LAST_COUNT = 5;
const ENDLESS = ["-d", "50s"];

const nothing = () => {};

async function rolesOf(run: Started): Promise<Pids> {
  return { orchestrator: run.pid, ...(await run.bothRoles()) };
}

/** A run that goes on until it is struck down, or that ends by itself soon. */
const lasting = (endsItself: boolean): readonly string[] => (endsItself ? ["-d", "1500ms"] : ENDLESS);

const anyPace = (random: Random) => random.oneOf([[], [], ["--send-delay", "100us"], ["--send-delay", "20ms"]]);

/** Waits for a state of the run. @throws with what it said if it ended before */
async function reachState(run: Started, what: string, look: () => boolean): Promise<void> {
  await until(what, () => run.hasEnded || look());
  if (run.hasEnded && !look()) throw new Error(`the run ended before ${what}: ${(await run.ended).stderr}`);
}

/** A run struck at any moment of its life. */
export function anyMoment(endsItself: boolean, random: Random): Scene {
  return {
    flags: [...lasting(endsItself), ...anyPace(random)],
    reach: async (run) => {
      const pids = await rolesOf(run);
      await Bun.sleep(random.below(MOMENTS_MS));
      return { pids, release: nothing };
    },
  };
}

function start(target: Target, endsItself: boolean, random: Random): Scene {
  return {
    flags: lasting(endsItself),
    reach: async (run) => {
      if (target !== "orchestrator") await until("the role is there", () => run.roles()[target] !== undefined);
      await Bun.sleep(random.below(target === "orchestrator" ? LOADING_MS : LOADING_MS / 4));
      return {
        pids: { orchestrator: run.pid, server: undefined, client: undefined, ...run.roles() },
        release: nothing,
      };
    },
  };
}

/** Half of the time one side is held back, so that the other waits for it. */
function handshake(target: Target, endsItself: boolean, random: Random): Scene {
  const isHeld = random.below(2) < 1;
  return {
    flags: lasting(endsItself),
    reach: async (run) => {
      const pids = await rolesOf(run);
      const held = isHeld ? pids[target === "client" ? "server" : "client"] : undefined;
      send(held, "SIGSTOP");
      await Bun.sleep(random.below(isHeld ? 4 * HANDSHAKE_MS : HANDSHAKE_MS));
      return { pids, release: () => send(held, "SIGCONT") };
    },
  };
}

function underWay(counter: "warmup" | "sent", flags: readonly string[], random: Random): Scene {
  return {
    flags,
    reach: async (run) => {
      const pids = await rolesOf(run);
      using ledger = new LedgerPeek(pids.client!);
      await reachState(run, `messages are ${counter}`, () => ledger.progress()[counter] > 0);
      await Bun.sleep(random.below(MOMENTS_MS / 2));
      return { pids, release: nothing };
    },
  };
}

/** The server is stopped just before the last messages, and goes on after the blow. */
function draining(target: Target, blow: Blow, random: Random): Scene {
  const staysStopped = target === "server" && isStop(blow);
  return {
    flags: ["-i", String(DRAINED_COUNT), "--send-delay", "20ms"],
    reach: async (run) => {
      const pids = await rolesOf(run);
      using ledger = new LedgerPeek(pids.client!);
      const isNearEnd = () => ledger.progress().sent >= DRAINED_COUNT - LAST_COUNT;
      await reachState(run, "all but the last are sent", isNearEnd);
      send(pids.server, "SIGSTOP");
      await Bun.sleep(random.below(300));
      return { pids, release: () => staysStopped || send(pids.server, "SIGCONT") };
    },
  };
}

/** 1.5 s: a run that ends by itself must be seen before, and on a loaded machine we look only every few hundred milliseconds. */
const SOON_DONE = ["-i", "300", "--send-delay", "5ms", "-w", "0"];

const ALL_FILES = ["--csv", "t.csv", "--markdown", "t.md", "--hlog", "h", "--streaming-output-json", "r.json"];

function writing(target: Target, endsItself: boolean, random: Random): Scene {
  const stream = random.oneOf(["--streaming-output-csv", "--streaming-output-json"]);
  if (target !== "orchestrator" || random.below(3) < 1)
    return underWay("sent", [...lasting(endsItself), stream, "rows"], random);
  return {
    flags: [...SOON_DONE, ...ALL_FILES],
    reach: async (run) => {
      const pids = await rolesOf(run);
      await until("the roles are gone", () => Object.keys(run.roles()).length === 0);
      await Bun.sleep(random.below(WRITING_MS));
      return { pids: { ...pids, server: undefined, client: undefined }, release: nothing };
    },
  };
}

const SHORT_WARM_UP = ["-w", "150", "--send-delay", "3ms", "-d", "500ms"];
const LONG_WARM_UP = ["-w", "1000000000000", ...ENDLESS];

/** How to catch a run in a phase, such that the blow finds there what it is to find. */
export function sceneOf(phase: Phase, target: Target, blow: Blow, random: Random): Scene {
  // With the orchestrator stopped for good nobody ends the roles but they themselves.
  const endsItself = isSurvivable(blow) || (target === "orchestrator" && isStop(blow));
  switch (phase) {
    case "start":
      return start(target, endsItself, random);
    case "handshake":
      return handshake(target, endsItself, random);
    case "warm-up":
      return underWay("warmup", endsItself ? SHORT_WARM_UP : [...LONG_WARM_UP, ...anyPace(random)], random);
    case "measuring":
      return underWay("sent", [...lasting(endsItself), ...anyPace(random)], random);
    case "draining":
      return draining(target, blow, random);
    case "writing":
      return writing(target, endsItself, random);
  }
}
