import { connectionError, PLACE_FLAGS } from "../../channel/failures.ts";
import { nativeMechanismOf } from "../../channel/settings.ts";
import { takeOverEndpoint } from "../../native/endpoint.ts";
import { ADDRESS_IN_USE, EXISTS } from "../../native/errno.ts";
import { RunError } from "../../plan/errors.ts";
import type { Mechanism } from "../../plan/run-plan.ts";
import { ownerOf, ownerSoon } from "../../system/owner.ts";

/** What is in the way, in the user's words. */
const NOUN: Readonly<Record<Mechanism, string>> = {
  uds: "the socket",
  shm: "the shared-memory object",
  pmq: "the message queues",
  tcp: "the port",
};

/**
 * Makes room under a name that others know too: removes what a server left that is dead, and refuses what belongs to a living
 * one. tcp leaves nothing. Rejects with a RunError naming the owner, where that can be seen
 */
export async function takeOver(mechanism: Mechanism, shmDirect: boolean, endpoint: string): Promise<void> {
  if (mechanism === "tcp") return;
  const owner = ownerOf(mechanism, endpoint, 0);
  if (owner !== null) throw inUse(mechanism, endpoint, owner);
  const kind = nativeMechanismOf(mechanism, shmDirect);
  const status = takeOverEndpoint(kind, endpoint);
  if (status === 0) return;
  const isTaken = status === ADDRESS_IN_USE || status === EXISTS;
  // It came between the two looks; shared memory that is still being set up is nobody's yet.
  const soon = isTaken ? await ownerSoon(mechanism, endpoint, 0) : null;
  if (status === ADDRESS_IN_USE || soon !== null) throw inUse(mechanism, endpoint, soon);
  throw connectionError({ mechanism, shmDirect, endpoint, port: 0 }, "listen at", status);
}

/** The refusal of the second of two servers. */
export function inUse(mechanism: Mechanism, at: string, owner: number | null): RunError {
  const by = owner === null ? "a process that is not visible from here" : `process ${owner}`;
  const verb = mechanism === "pmq" ? "are" : "is";
  return new RunError(
    `${mechanism}: ${NOUN[mechanism]} ${at} ${verb} in use by ${by} (end it, or choose another ${PLACE_FLAGS[mechanism]})`,
  );
}
