import type { RoleMessage } from "./control.ts";

/** What each message must hold beside its type; the sender is this program, but its pipe may take what a runtime prints. */
const FIELDS: Readonly<Record<RoleMessage["type"], readonly string[]>> = {
  // A port only where there are ports.
  ready: [],
  connected: ["worker", "effective"],
  left: ["worker"],
  warm: [],
  server: ["server"],
  guest: ["slot", "effective", "news"],
  "guest-left": ["slot", "end"],
  log: ["entry"],
  done: [],
  failed: ["reason", "cause"],
};

function isMessage(said: unknown): said is RoleMessage {
  if (typeof said !== "object" || said === null || !("type" in said)) return false;
  const { type } = said;
  return typeof type === "string" && Object.hasOwn(FIELDS, type) && hasAll(said, type as RoleMessage["type"]);
}

const hasAll = (said: object, type: RoleMessage["type"]) => FIELDS[type].every((field) => Object.hasOwn(said, field));

/** What a line from a role means; one that is no message is a failure of the role. Throws nothing. */
export function readRoleMessage(line: string): RoleMessage {
  try {
    const said: unknown = JSON.parse(line);
    if (isMessage(said)) return said;
  } catch {
    // Said below.
  }
  return { type: "failed", reason: `sent an invalid message: ${line.slice(0, 100)}`, cause: "own" };
}
