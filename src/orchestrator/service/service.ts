import { nativeMechanismOf } from "../../channel/settings.ts";
import type { MechanismOutcome } from "../../measure/measurement.ts";
import { clientSheetOf, LedgerFile } from "../../native/ledger.ts";
import { native } from "../../native/library.ts";
import { RunError } from "../../plan/errors.ts";
import type { Mechanism, RunPlan, StandalonePlan } from "../../plan/run-plan.ts";
import type { GuestMessage } from "../../protocol/control.ts";
import { writeLine } from "../../system/terminal.ts";
import { Child, type ChildEnd } from "../child.ts";
import { endpointFor, portFor } from "../endpoints.ts";
import { Measuring, type RunOptions } from "../measuring.ts";
import { roleSettings } from "../role-settings.ts";
import { observedTest, type ServedTest, ServedTests } from "./served-tests.ts";

/** Clients that the server of one mechanism takes at once; more wait until one of them has left. */
const MOST_CLIENTS = 256;

/** Runs whose clients are not all done, which it remembers at once. */
const MOST_RUNS = 1_000;

const READY_MS = 10_000;
/** How often it looks whether to end and what to write: mostly seldom, as that takes time that may be a client's. */
const LOOK_MS = 1_000;
const SHORTEST_LOOK_MS = 100;
/** How long roles may take to end by themselves. */
const GRACE_MS = 1_000;
/** Results are written not more often than this; while clients are measured that is put off, but not for long. */
const WRITE_MS = 1_000;
const LONGEST_WRITE_DELAY_MS = 5_000;
/** Of the time of a CPU that writing may take while clients are measured. */
const WRITE_SHARE = 0.05;

type ServerPlan = Extract<StandalonePlan, { side: "server" }>;

/** The server role of one mechanism. */
interface Door {
  readonly mechanism: Mechanism;
  readonly endpoint: string;
  readonly ledger: LedgerFile;
  readonly child: Child;
}

/**
 * A server that was started by hand: runs a server role for each mechanism, takes in what they measured of the clients that came,
 * and ends when nobody comes any more, after the first client's run, or when it is told to.
 */
export class Service extends Measuring {
  readonly #doors: Door[] = [];
  readonly #tests: ServedTests;
  readonly #active = new Map<string, ServedTest>();
  readonly #leaving = new Set<Promise<void>>();
  /** Clients of a run that have done its last test, by the run's name. */
  readonly #finished = new Map<string, number>();
  #hasRefused = false;
  #hasFinished = false;
  #look: () => void = () => {};
  #isClosing = false;
  #failure: string | null = null;
  #idleSinceMs = 0;
  #count = 0;
  #isWritten = true;
  #writtenMs = 0;
  #writingTookMs = 0;
  #hasSaidForgotten = false;

  constructor(
    private readonly plan: RunPlan,
    options: RunOptions,
    private readonly standalone: ServerPlan,
  ) {
    super(options);
    this.#tests = new ServedTests(plan);
  }

  get plans(): readonly RunPlan[] {
    return this.outcomes.map((outcome) => outcome.plan);
  }

  get outcomes(): MechanismOutcome[] {
    return this.#tests.outcomes;
  }

  get hasFailed(): boolean {
    return this.#tests.hasFailed || this.#hasRefused || this.#failure !== null;
  }

  override get hasForgotten(): boolean {
    return this.#tests.forgotten > 0;
  }

  override get failure(): string | null {
    return this.#failure;
  }

  /** Serves until there is a reason to end. Rejects with a RunError if it can't serve at all. */
  async measureAll(abort: AbortSignal): Promise<void> {
    try {
      for (const mechanism of new Set(this.plan.mechanisms)) this.#doors.push(this.#open(mechanism));
      await this.#allReady(abort);
      if (!abort.aborted) await this.#serve(abort);
    } finally {
      await this.#close();
    }
  }

  #open(mechanism: Mechanism): Door {
    const endpoint = endpointFor(mechanism, this.plan);
    const ledger = LedgerFile.create(clientSheetOf(MOST_CLIENTS), this.options.watch.ringCapacity, false);
    const messageBytes = Math.max(...this.plan.messageSizes);
    const cell = { mechanism, messageBytes, test: "one-way", endpoint, isOwnName: false, seed: 0 } as const;
    const settings = {
      ...roleSettings(cell, this.plan, "server"),
      port: portFor(this.plan),
      clientCount: 0,
      standalone: { side: "server", demands: this.standalone.demands },
    } as const;
    const child = new Child("server", settings, ledger.fd!, this.options.log);
    const door = { mechanism, endpoint, ledger, child };
    child.onGuest = (message) => this.#hear(door, message);
    return door;
  }

  async #allReady(abort: AbortSignal): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      abort.addEventListener("abort", () => resolve());
    });
    const ready = Promise.all(
      this.#doors.map(async (door) => {
        const { port } = await Promise.race([door.child.next("ready", READY_MS), failed(door.child)]);
        return `${door.mechanism} at ${door.endpoint}${door.mechanism === "tcp" ? `:${port}` : ""}`;
      }),
    );
    const places = await Promise.race([ready, stopped]);
    if (!places) return;
    const text = `process ${process.pid} serves ${places.join(", ")}`;
    this.options.log.info(text);
    if (!this.plan.quiet) writeLine(`ipc-benchmark: ${text}`);
  }

  /** Until a signal, a long quiet, the end of the first run with --once, or the end of a role. */
  #serve(abort: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#idleSinceMs = performance.now();
    abort.addEventListener("abort", () => resolve());
    for (const { child, mechanism } of this.#doors) {
      void child.ended.then((end) => {
        if (this.#isClosing) return;
        this.#failure ??= `the server of ${mechanism} ${endInWords(end)}`;
        resolve();
      });
    }
    this.#look = () => {
      if (this.#hasFinished || this.#isIdleForLong()) resolve();
      try {
        this.#write();
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
    const text = `the server ends: no client for ${Number((limitMs / 1000).toFixed(3))} s`;
    this.options.log.info(text);
    if (!this.plan.quiet) writeLine(`ipc-benchmark: ${text}`);
    return true;
  }

  /** Making the result takes time that would be the clients', so as long as there are any it is done rarely. */
  #write(): void {
    const pauseMs =
      this.#active.size === 0
        ? WRITE_MS
        : Math.max(LONGEST_WRITE_DELAY_MS, this.#writingTookMs / WRITE_SHARE);
    const startMs = performance.now();
    if (this.#isWritten || startMs - this.#writtenMs < pauseMs) return;
    this.#isWritten = true;
    this.options.onStep(this.result);
    // Of its own accord the runtime lets hundreds of megabytes of forgotten distributions come together first.
    Bun.gc(true);
    this.#writtenMs = performance.now();
    this.#writingTookMs = this.#writtenMs - startMs;
  }

  #hear(door: Door, message: GuestMessage): void {
    const key = `${door.mechanism} ${message.slot}`;
    if (message.type === "guest-left") {
      const leaving = this.#leave(door, key, message);
      this.#leaving.add(leaving);
      void leaving.finally(() => this.#leaving.delete(leaving));
      return;
    }
    const { news, slot, effective } = message;
    if (news.type === "refused") {
      this.#hasRefused = true;
      const text = `a client (${news.who}) was refused: ${news.reasons.join("; ")}`;
      this.options.log.error(text);
      writeLine(`ipc-benchmark: ${text}`);
      return;
    }
    const test: ServedTest = {
      ...{ number: ++this.#count, mechanism: door.mechanism, endpoint: door.endpoint },
      ...{ ledger: door.ledger, slot, effective, clocks: news.clocks, startedAt: new Date() },
      messageBytes: news.type === "agreed" ? news.terms.messageBytes : news.messageBytes,
      terms: news.type === "agreed" ? news.terms : null,
    };
    this.#active.set(key, test);
    const worker = test.terms?.worker ?? 0;
    this.options.watch.connectionStarts(observedTest(this.plan, test), door.ledger, slot, worker);
    const who = news.type === "agreed" ? news.who : "another tool";
    this.options.log.info(`${door.mechanism}: client ${test.number} (${who}) begins`);
  }

  async #leave(door: Door, key: string, { slot, end }: GuestMessage & { type: "guest-left" }): Promise<void> {
    const test = this.#active.get(key);
    if (test === undefined) return;
    await this.options.watch.connectionStops(door.ledger, slot);
    for (const measurement of this.#tests.ends(test, end)) {
      this.options.watch.cellMeasured(
        { ...observedTest(this.plan, test), test: measurement.test },
        measurement,
      );
    }
    this.#sayForgotten();
    const words = end.failure === null ? "is done" : `left: ${end.failure}`;
    this.options.log.info(`${door.mechanism}: client ${test.number} ${words}`);
    this.readMachineOnce([this.plan]);
    this.#active.delete(key);
    this.#isWritten = false;
    this.#idleSinceMs = performance.now();
    door.child.command({ type: "release", slot });
    this.#noteFinished(test);
    this.#look();
  }

  /** Once: a server that runs for weeks would say it with each client. */
  #sayForgotten(): void {
    if (this.#hasSaidForgotten || !this.hasForgotten) return;
    this.#hasSaidForgotten = true;
    const text = "no room for more results: the oldest ones are left out from now on, failed ones first";
    this.options.log.info(text);
    writeLine(`ipc-benchmark: ${text}`);
  }

  #noteFinished({ terms }: ServedTest): void {
    if (!this.standalone.once || (terms !== null && terms.testsLeft > 0)) return;
    const run = terms?.run ?? "";
    const finished = (this.#finished.get(run) ?? 0) + 1;
    this.#finished.set(run, finished);
    if (this.#finished.size > MOST_RUNS) this.#finished.delete(this.#finished.keys().next().value!);
    if (finished >= (terms?.concurrency ?? 1) && this.#active.size === 0) this.#hasFinished = true;
  }

  async #close(): Promise<void> {
    this.#isClosing = true;
    for (const { ledger } of this.#doors) ledger.requestStop();
    const timer = setTimeout(() => {
      for (const { child } of this.#doors) child.kill("SIGKILL");
    }, GRACE_MS);
    const ends = await Promise.all(this.#doors.map(({ child }) => child.ended));
    clearTimeout(timer);
    await Promise.all(this.#leaving);
    for (const [position, door] of this.#doors.entries()) {
      await this.#abandonGuests(door);
      if (ends[position]!.kind !== "done" && door.child.hasSaid("ready")) this.#removeName(door);
      door.ledger.close();
    }
  }

  /** Those whose server is gone before them. */
  async #abandonGuests(door: Door): Promise<void> {
    const end = { usage: null, failure: "the server ended before the client" };
    for (const [key, { mechanism, slot }] of this.#active) {
      if (mechanism === door.mechanism) await this.#leave(door, key, { type: "guest-left", slot, end });
    }
  }

  #removeName({ mechanism, endpoint }: Door): void {
    const kind = nativeMechanismOf(mechanism, this.plan.shmDirect);
    native().endpoint_remove(kind, Buffer.from(`${endpoint}\0`));
  }
}

/** Rejects with a role's own account of why it can't serve. */
async function failed(child: Child): Promise<never> {
  const end = await child.ended;
  throw new RunError(end.kind === "failed" ? end.reason : `the server ${endInWords(end)}`);
}

function endInWords(end: ChildEnd): string {
  switch (end.kind) {
    case "killed":
      return `was killed by ${end.signal}`;
    case "failed":
      return end.cause === "stopped" ? "was stopped by a signal" : `failed: ${end.reason}`;
    case "crashed":
      return `ended unexpectedly with exit code ${end.exitCode}`;
    default:
      return "ended";
  }
}
