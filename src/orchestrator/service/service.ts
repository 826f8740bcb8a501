import type { MechanismOutcome } from "../../measure/measurement.ts";
import type { Mechanism, RunPlan, StandalonePlan } from "../../plan/run-plan.ts";
import type { GuestEnd, GuestMessage, GuestNews } from "../../protocol/control.ts";
import { writeLine } from "../../system/terminal.ts";
import { reap } from "../child.ts";
import { endInWords } from "../explain.ts";
import { Measuring, type RunOptions } from "../measuring.ts";
import { FinishedRuns } from "./finished-runs.ts";
import { type GuestTest, observedTest } from "./guest-test.ts";
import { KeptResults } from "./kept-results.ts";
import { MechanismServer } from "./mechanism-server.ts";
import { WritingPace } from "./pace.ts";

/** How often it looks whether to end and what to write: mostly seldom, as that takes time that may be a client's. */
const LOOK_MS = 1_000;
const SHORTEST_LOOK_MS = 100;
/** How long roles may take to end by themselves. */
const GRACE_MS = 1_000;

type ServerPlan = Extract<StandalonePlan, { side: "server" }>;

/**
 * A server that was started by hand: runs a server role for each mechanism, takes in what they measured of the clients that came,
 * and ends when nobody comes any more, after the first client's run, or when it is told to.
 */
export class Service extends Measuring {
  readonly #servers: MechanismServer[] = [];
  readonly #results: KeptResults;
  readonly #pace = new WritingPace();
  readonly #runs = new FinishedRuns();
  /** Tests under way, by mechanism and slot. */
  readonly #active = new Map<string, GuestTest>();
  /** Tests that are over and still being taken in. */
  readonly #leaving = new Set<Promise<void>>();
  #testCount = 0;
  #idleSinceMs = 0;
  #hasRefused = false;
  #hasFinished = false;
  #hasSaidForgotten = false;
  #isClosing = false;
  #failure: string | null = null;
  #look: () => void = () => {};

  constructor(
    private readonly plan: RunPlan,
    options: RunOptions,
    private readonly standalone: ServerPlan,
  ) {
    super(options);
    this.#results = new KeptResults(plan);
  }

  get plans(): readonly RunPlan[] {
    return this.outcomes.map((outcome) => outcome.plan);
  }

  get outcomes(): MechanismOutcome[] {
    return this.#results.outcomes;
  }

  get hasFailed(): boolean {
    return this.#results.hasFailed || this.#hasRefused || this.#failure !== null;
  }

  override get hasForgotten(): boolean {
    return this.#results.forgotten > 0;
  }

  override get failure(): string | null {
    return this.#failure;
  }

  /** Serves until there is a reason to end. Rejects with a RunError if it can't serve at all. */
  async measureAll(abort: AbortSignal): Promise<void> {
    try {
      for (const mechanism of new Set(this.plan.mechanisms)) this.#open(mechanism);
      await this.#allReady(abort);
      if (!abort.aborted) await this.#serve(abort);
    } finally {
      await this.#close();
    }
  }

  #open(mechanism: Mechanism): void {
    const { watch, log } = this.options;
    const server = new MechanismServer(mechanism, this.plan, this.standalone.demands, watch.ringCapacity, log);
    server.child.onGuest = (message) => this.#hear(server, message);
    this.#servers.push(server);
  }

  async #allReady(abort: AbortSignal): Promise<void> {
    const stopped = new Promise<null>((resolve) => abort.addEventListener("abort", () => resolve(null)));
    const ready = Promise.all(this.#servers.map((server) => server.ready()));
    const places = await Promise.race([ready, stopped]);
    if (places === null) return;
    this.#announce(`process ${process.pid} serves ${places.join(", ")}`);
  }

  /** In the log, and for the user unless that is to be quiet. */
  #announce(text: string): void {
    this.options.log.info(text);
    if (!this.plan.quiet) writeLine(`ipc-benchmark: ${text}`);
  }

  /** Until a signal, a long quiet, the end of the first run with --once, or the end of a role. */
  #serve(abort: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#idleSinceMs = performance.now();
    abort.addEventListener("abort", () => resolve());
    for (const { child, mechanism } of this.#servers) {
      void child.ended.then((end) => {
        if (this.#isClosing) return;
        this.#failure ??= `the server of ${mechanism} ${endInWords(end)}`;
        resolve();
      });
    }
    this.#look = () => {
      if (this.#hasFinished || this.#isIdleForLong()) resolve();
      try {
        this.#pace.writeIfDue(this.#active.size > 0, () => this.options.onStep(this.soFar));
      } catch (error) {
        reject(error);
      }
    };
    const tenthOfIdleMs = this.standalone.idleTimeoutNs / 1e7;
    const timer = setInterval(this.#look, Math.min(LOOK_MS, Math.max(SHORTEST_LOOK_MS, tenthOfIdleMs)));
    return promise.finally(() => {
      clearInterval(timer);
      this.#look = () => {};
    });
  }

  #isIdleForLong(): boolean {
    const idleMs = performance.now() - this.#idleSinceMs;
    const limitMs = this.standalone.idleTimeoutNs / 1e6;
    if (this.#active.size > 0 || this.#leaving.size > 0 || idleMs < limitMs) return false;
    this.#announce(`the server ends: no client for ${Number((limitMs / 1000).toFixed(3))} s`);
    return true;
  }

  #hear(server: MechanismServer, message: GuestMessage): void {
    if (message.type === "guest-left") {
      const leaving = this.#leave(server, message);
      this.#leaving.add(leaving);
      void leaving.finally(() => this.#leaving.delete(leaving));
    } else if (message.news.type === "refused") this.#refuse(message.news);
    else this.#begin(server, message, message.news);
  }

  #refuse({ who, reasons }: GuestNews & { type: "refused" }): void {
    this.#hasRefused = true;
    const text = `a client (${who}) was refused: ${reasons.join("; ")}`;
    this.options.log.error(text);
    writeLine(`ipc-benchmark: ${text}`);
  }

  #begin(
    { mechanism, endpoint, ledger }: MechanismServer,
    { slot, effective }: GuestMessage & { type: "guest" },
    news: Exclude<GuestNews, { type: "refused" }>,
  ): void {
    const terms = news.type === "agreed" ? news.terms : null;
    const test: GuestTest = {
      ...{ number: ++this.#testCount, mechanism, endpoint, ledger, slot, effective, terms },
      messageBytes: news.type === "agreed" ? news.terms.messageBytes : news.messageBytes,
      clocks: news.clocks,
      startedAt: new Date(),
    };
    this.#active.set(keyOf(mechanism, slot), test);
    this.options.watch.connectionStarts(observedTest(this.plan, test), ledger, slot, terms?.worker ?? 0);
    const who = news.type === "agreed" ? news.who : "another tool";
    this.options.log.info(`${mechanism}: client ${test.number} (${who}) begins`);
  }

  async #leave(server: MechanismServer, { slot, end }: GuestMessage & { type: "guest-left" }): Promise<void> {
    const { mechanism, ledger, child } = server;
    const key = keyOf(mechanism, slot);
    const test = this.#active.get(key);
    if (test === undefined) return;
    await this.options.watch.connectionStops(ledger, slot);
    this.#takeIn(test, end);
    this.readMachineOnce([this.plan]);
    this.#active.delete(key);
    this.#idleSinceMs = performance.now();
    child.command({ type: "release", slot });
    const isRunOver = this.standalone.once && this.#runs.note(test.terms);
    if (isRunOver && this.#active.size === 0) this.#hasFinished = true;
    this.#look();
  }

  #takeIn(test: GuestTest, end: GuestEnd): void {
    const observed = observedTest(this.plan, test);
    for (const measurement of this.#results.take(test, end))
      this.options.watch.cellMeasured({ ...observed, test: measurement.test }, measurement);
    this.#pace.mark();
    this.#sayForgotten();
    const words = end.failure === null ? "is done" : `left: ${end.failure}`;
    this.options.log.info(`${test.mechanism}: client ${test.number} ${words}`);
  }

  /** Once: a server that runs for weeks would say it with each client. */
  #sayForgotten(): void {
    if (this.#hasSaidForgotten || !this.hasForgotten) return;
    this.#hasSaidForgotten = true;
    const text = "no room for more results: the oldest ones are left out from now on, failed ones first";
    this.options.log.info(text);
    writeLine(`ipc-benchmark: ${text}`);
  }

  async #close(): Promise<void> {
    this.#isClosing = true;
    for (const { ledger } of this.#servers) ledger.requestStop();
    const children = this.#servers.map(({ child }) => child);
    await reap(children, GRACE_MS);
    await Promise.all(this.#leaving);
    for (const server of this.#servers) {
      await this.#abandonGuests(server);
      await server.close();
    }
  }

  /** Those whose server is gone before them. */
  async #abandonGuests(server: MechanismServer): Promise<void> {
    const end = { usage: null, failure: "the server ended before the client" };
    for (const { mechanism, slot } of [...this.#active.values()]) {
      if (mechanism === server.mechanism) await this.#leave(server, { type: "guest-left", slot, end });
    }
  }
}

const keyOf = (mechanism: Mechanism, slot: number) => `${mechanism} ${slot}`;
