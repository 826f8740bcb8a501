import { nativeMechanismOf } from "../channel/settings.ts";
import type { RunLog } from "../log/log.ts";
import { removeEndpoint } from "../native/endpoint.ts";
import type { LedgerFile } from "../native/ledger.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import { Child, type Role, reap } from "./child.ts";
import type { NamedEnd } from "./explain.ts";
import { commonQueueDepth } from "./limits.ts";
import { type Cell, roleSettings } from "./role-settings.ts";

/** How long a role may take to end by itself once it was told to stop, or once its peer ended. */
const GRACE_MS = 400;

/** A role ended otherwise than done; its own account says why. */
export class RoleEnded extends Error {}

/** The processes of a cell. */
export class RoleGroup {
  /** null: another command started it, or it is not spawned yet. */
  server: Child | null = null;
  readonly clients: Child[] = [];

  constructor(
    private readonly cell: Cell,
    private readonly plan: RunPlan,
    private readonly ledger: LedgerFile,
    private readonly log: RunLog,
  ) {}

  /** Those that are spawned, the server first. */
  get all(): readonly Child[] {
    return this.server === null ? this.clients : [this.server, ...this.clients];
  }

  /** Starts them all. @throws what the system says when it has no room for more processes */
  spawn(): void {
    const isAlone = this.plan.standalone !== null;
    const needsDepth = this.cell.mechanism === "pmq" && !isAlone;
    const queueDepth = needsDepth ? commonQueueDepth(this.plan, this.cell.messageBytes) : null;
    if (!isAlone) this.server = this.#child("server", 0, queueDepth);
    for (let worker = 0; worker < this.plan.concurrency; worker++)
      this.clients.push(this.#child("client", worker, queueDepth));
  }

  #child(role: Role, worker: number, queueDepth: number | null): Child {
    const settings = roleSettings(this.cell, this.plan, role, worker, queueDepth);
    return new Child(role, settings, this.ledger.fd!, this.log);
  }

  /** Rejects with RoleEnded when one of them ends otherwise than done. */
  endBadly(): Promise<never> {
    const { promise, reject } = Promise.withResolvers<never>();
    for (const { ended } of this.all) void ended.then(({ kind }) => kind !== "done" && reject(new RoleEnded()));
    return promise;
  }

  /** Waits for all to end by themselves, then sees to it. */
  reap(): Promise<void> {
    this.ledger.requestStop();
    return reap(this.all, GRACE_MS);
  }

  /** Removes the name at which they met: what a role that was killed could not do itself. */
  removeName(): void {
    const { mechanism, endpoint, isOwnName } = this.cell;
    // A name that the user gave is theirs once the server has it.
    if (this.plan.standalone !== null || !(isOwnName || this.server?.hasSaid("ready"))) return;
    removeEndpoint(nativeMechanismOf(mechanism, this.plan.shmDirect), endpoint);
  }

  /** How they ended; resolves when all have. */
  ends(): Promise<NamedEnd[]> {
    return Promise.all(this.all.map(async (child) => ({ name: child.name, end: await child.ended })));
  }
}
