import { clientSheetOf, type LedgerFile, serverSheetOf } from "../native/ledger.ts";
import { RunError } from "../plan/errors.ts";
import type { Child } from "./child.ts";

/** Silence is counted in tens of seconds, and on a machine with two CPUs each look holds up a role for up to half a millisecond. */
const LOOK_MS = 1000;

/** One side of one connection. */
interface Side {
  readonly name: string;
  readonly sheet: number;
  /** It has nothing to do: it is done, or waits for other clients to be as far. */
  rests(): boolean;
  last: bigint;
  changedMs: number;
}

function sidesOf(server: Child | null, clients: readonly Child[], hasBegun: () => boolean): Side[] {
  const side = (name: string, sheet: number, rests: () => boolean): Side => ({
    ...{ name, sheet, rests },
    ...{ last: -1n, changedMs: performance.now() },
  });
  const waits = (client: Child) => client.hasSaid("warm") && !hasBegun();
  const sides: Side[] = [];
  for (const client of clients) {
    const { worker } = client;
    sides.push(side(client.name, clientSheetOf(worker), () => client.hasEnded || waits(client)));
    if (server === null) continue;
    const isDone = () => server.hasEnded || server.hasSaid("left", worker);
    sides.push(side(server.name, serverSheetOf(worker), () => isDone() || waits(client)));
  }
  return sides;
}

/**
 * Rejects when a side that has something to do handled no message for too long; `stop` ends the watch. Each side for itself: a
 * sender that pauses can fill buffers for minutes though its receiver stands still.
 * @param hasBegun whether the clients were told to begin
 */
export function watchProgress(
  { server, clients }: { server: Child | null; clients: readonly Child[] },
  ledger: LedgerFile,
  limitMs: number,
  hasBegun: () => boolean,
): { stalled: Promise<never>; stop: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  const sides = sidesOf(server, clients, hasBegun);
  const timer = setInterval(() => {
    for (const side of sides) {
      const now = ledger.progressOf(side.sheet);
      if (now !== side.last || side.rests()) {
        side.last = now;
        side.changedMs = performance.now();
      } else if (performance.now() - side.changedMs > limitMs) {
        reject(new RunError(`${side.name} handled no message for ${Math.round(limitMs / 1000)} s`));
      }
    }
  }, LOOK_MS);
  return { stalled: promise, stop: () => clearInterval(timer) };
}
