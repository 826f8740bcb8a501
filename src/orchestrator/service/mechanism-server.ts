import { nativeMechanismOf } from "../../channel/settings.ts";
import type { RunLog } from "../../log/log.ts";
import { removeEndpoint } from "../../native/endpoint.ts";
import { clientSheetOf, LedgerFile } from "../../native/ledger.ts";
import { RunError } from "../../plan/errors.ts";
import type { Demands, Mechanism, RunPlan } from "../../plan/run-plan.ts";
import { Child } from "../child.ts";
import { endpointFor, portFor } from "../endpoints.ts";
import { endInWords } from "../explain.ts";
import { roleSettings } from "../role-settings.ts";

/** Clients that the server of one mechanism takes at once; more wait until one of them has left. */
const MOST_CLIENTS = 256;
const READY_MS = 10_000;

/** The server role of one mechanism, where clients come in. */
export class MechanismServer {
  readonly endpoint: string;
  readonly ledger: LedgerFile;
  readonly child: Child;

  /** @throws RunError, UsageError */
  constructor(
    readonly mechanism: Mechanism,
    private readonly plan: RunPlan,
    demands: Demands,
    ringCapacity: number,
    log: RunLog,
  ) {
    this.endpoint = endpointFor(mechanism, plan);
    this.ledger = LedgerFile.create(clientSheetOf(MOST_CLIENTS), ringCapacity, false);
    const messageBytes = Math.max(...plan.messageSizes);
    const { endpoint } = this;
    const cell = { mechanism, messageBytes, test: "one-way", endpoint, isOwnName: false, seed: 0 } as const;
    const settings = {
      ...roleSettings(cell, plan, "server"),
      port: portFor(plan),
      clientCount: 0,
      standalone: { side: "server", demands },
    } as const;
    this.child = new Child("server", settings, this.ledger.fd!, log);
  }

  /** Where clients find it, once they can: "tcp at 127.0.0.1:8080". Rejects with the role's own account of why they can't. */
  async ready(): Promise<string> {
    const { port } = await Promise.race([this.child.next("ready", READY_MS), this.#failed()]);
    return `${this.mechanism} at ${this.endpoint}${this.mechanism === "tcp" ? `:${port}` : ""}`;
  }

  async #failed(): Promise<never> {
    const end = await this.child.ended;
    throw new RunError(end.kind === "failed" ? end.reason : `the server ${endInWords(end)}`);
  }

  /** Once its role has ended: removes the name that it left, and frees the ledger. */
  async close(): Promise<void> {
    const { kind } = await this.child.ended;
    if (kind !== "done" && this.child.hasSaid("ready")) {
      const mechanism = nativeMechanismOf(this.mechanism, this.plan.shmDirect);
      removeEndpoint(mechanism, this.endpoint);
    }
    this.ledger.close();
  }
}
