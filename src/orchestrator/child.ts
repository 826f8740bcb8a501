import type { Speaker } from "../log/entry.ts";
import { NO_LOG, type RunLog } from "../log/log.ts";
import { RunError } from "../plan/errors.ts";
import {
  type EffectiveReport,
  type FarServer,
  type GuestMessage,
  LEDGER_FD,
  type RoleCommand,
  type RoleMessage,
  type RoleSettings,
} from "../protocol/control.ts";
import { readRoleMessage } from "../protocol/role-message.ts";
import type { UsageFigures } from "../system/usage-schema.ts";

export type Role = "server" | "client";

/** How a role ended, as far as its own words and its exit status tell. */
export type ChildEnd =
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly reason: string; readonly cause: "own" | "peer" | "stopped" }
  | { readonly kind: "killed"; readonly signal: string }
  | { readonly kind: "crashed"; readonly exitCode: number };

type Waiting = {
  readonly type: RoleMessage["type"];
  readonly worker: number | null;
  readonly resolve: (message: RoleMessage) => void;
};

const isAbout = (message: RoleMessage, worker: number | null) =>
  worker === null || !("worker" in message) || message.worker === worker;

/** This program again, as the role: the executable itself, or Bun with the main module when it runs from source. */
function ownCommand(): string[] {
  const isCompiled = Bun.main.startsWith("/$bunfs/");
  return isCompiled ? [process.execPath] : [process.execPath, Bun.main];
}

/**
 * What a role inherits. JavaScriptCore's last optimizing compiler takes 60 ms of a CPU for the measuring loop of an async test,
 * mostly in the midst of the measured phase, and gains nothing there: with it throughput one way is up to a third lower, and p50
 * of round trips the same. A blocking role measures in C and hardly allocates, so it needs no helper threads either: neither the
 * compilers', nor the allocator's that gives memory back, nor the one that prepares heap blocks. Each runs for some 0.1 to 0.4 ms
 * in the first tenths of the measured phase, and on the CPUs of the roles where there are no others. A server that runs for long
 * keeps them. Whoever sets the variables decides.
 */
export function roleEnvironment({
  mode,
  standalone,
}: {
  mode: RoleSettings["mode"];
  standalone: { side: Role } | null;
}): Record<string, string | undefined> {
  const isQuiet = mode === "blocking" && standalone?.side !== "server";
  return { BUN_JSC_useFTLJIT: "0", ...(isQuiet ? WITHOUT_HELPER_THREADS : {}), ...process.env };
}

const WITHOUT_HELPER_THREADS = {
  BUN_JSC_useConcurrentJIT: "0",
  BUN_JSC_useWarmUpMarkedBlocks: "0",
  MIMALLOC_SCAVENGER: "0",
};

/** A role in a process of its own, and its line to this one. */
export class Child {
  readonly #process: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #said: RoleMessage[] = [];
  #waiting: Waiting | null = null;
  #wasKilledByUs = false;
  readonly #speaker: Speaker;

  /** Hears what a standalone server says of its clients. */
  onGuest: (message: GuestMessage) => void = () => {};

  /** Resolves once the process is gone and everything it said has been read; never rejects. */
  readonly ended: Promise<ChildEnd>;
  hasEnded = false;
  /** Which of the clients it is; the server has 0. */
  readonly worker: number;
  /** As a subject in messages. */
  readonly name: string;

  constructor(
    readonly role: Role,
    settings: RoleSettings,
    ledgerFd: number,
    /** Takes what the role logs. */
    private readonly log: RunLog = NO_LOG,
  ) {
    const isOneOfMany = role === "client" && settings.clientCount > 1;
    this.worker = settings.worker;
    this.name = isOneOfMany ? `client ${settings.worker}` : `the ${role}`;
    this.#speaker = isOneOfMany ? `client ${settings.worker}` : role;
    const stdio: Bun.SpawnOptions.Readable[] = [];
    stdio[LEDGER_FD - 3] = ledgerFd;
    this.#process = Bun.spawn([...ownCommand(), `--${role}`, "--attached"], {
      stdio: ["pipe", "pipe", "inherit", ...stdio],
      env: roleEnvironment(settings),
    });
    log.debug(`${this.name} is process ${this.#process.pid}`);
    this.#send(settings);
    this.ended = this.#follow();
  }

  get pid(): number {
    return this.#process.pid;
  }

  command(command: RoleCommand): void {
    this.#send(command);
  }

  kill(signal: NodeJS.Signals): void {
    this.#wasKilledByUs = true;
    this.#process.kill(signal);
  }

  /** What the role reported of itself when it was connected, the server to that client; null before that. */
  effective(worker: number): EffectiveReport | null {
    const connected = this.#find("connected", worker);
    return connected?.type === "connected" ? connected.effective : null;
  }

  /** What its measured phase cost; null before it is done. */
  get usage(): UsageFigures | null {
    const done = this.#said.find((message) => message.type === "done");
    return done?.type === "done" ? done.usage : null;
  }

  /** What a client came to know of a server that another command started; null if nothing. */
  get farServer(): FarServer | null {
    const said = this.#said.find((message) => message.type === "server");
    return said?.type === "server" ? said.server : null;
  }

  /** @param worker whom it is about; by default anyone */
  hasSaid(type: RoleMessage["type"], worker: number | null = null): boolean {
    return this.#find(type, worker) !== undefined;
  }

  /**
   * The role's message of that type, also if it came already. Rejects at the deadline, or when the role ends without it.
   * @param worker whom it is about; by default anyone
   */
  async next<Type extends RoleMessage["type"]>(
    type: Type,
    deadlineMs: number | null,
    worker: number | null = null,
  ): Promise<Extract<RoleMessage, { type: Type }>> {
    const already = this.#find(type, worker);
    const { promise, resolve, reject } = Promise.withResolvers<RoleMessage>();
    if (already !== undefined) resolve(already);
    this.#waiting = { type, worker, resolve };
    const late = () => reject(new RunError(`${this.name} was not ${type} within ${deadlineMs} ms`));
    const timer = deadlineMs === null ? undefined : setTimeout(late, deadlineMs);
    void this.ended.then(() => reject(new RunError(`${this.name} ended before it was ${type}`)));
    try {
      return (await promise) as Extract<RoleMessage, { type: Type }>;
    } finally {
      clearTimeout(timer);
      this.#waiting = null;
    }
  }

  #send(document: RoleSettings | RoleCommand): void {
    try {
      this.#process.stdin.write(`${JSON.stringify(document)}\n`);
      this.#process.stdin.flush();
    } catch {
      // The role is gone; its end says why.
    }
  }

  async #follow(): Promise<ChildEnd> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of this.#process.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#hear(line);
    }
    await this.#process.exited;
    this.hasEnded = true;
    return this.#end();
  }

  #hear(line: string): void {
    const message = readRoleMessage(line);
    if (message.type === "log") {
      this.log.take(this.#speaker, message.entry);
      return;
    }
    if (message.type === "guest" || message.type === "guest-left") {
      this.onGuest(message);
      return;
    }
    this.log.trace(`${this.name} says ${line}`);
    this.#said.push(message);
    if (this.#waiting?.type !== message.type || !isAbout(message, this.#waiting.worker)) return;
    this.#waiting.resolve(message);
  }

  #find(type: RoleMessage["type"], worker: number | null): RoleMessage | undefined {
    return this.#said.find((message) => message.type === type && isAbout(message, worker));
  }

  #end(): ChildEnd {
    const { signalCode, exitCode } = this.#process;
    const failed = this.#said.find((message) => message.type === "failed");
    if (signalCode !== null && !this.#wasKilledByUs) return { kind: "killed", signal: String(signalCode) };
    if (failed?.type === "failed") return { kind: "failed", reason: failed.reason, cause: failed.cause };
    if (this.hasSaid("done") && exitCode === 0) return { kind: "done" };
    if (this.#wasKilledByUs) return { kind: "failed", reason: "did not end when told to", cause: "stopped" };
    return { kind: "crashed", exitCode: exitCode ?? -1 };
  }
}

/** Waits for all to end by themselves, for `graceMs` at most, then kills them. */
export async function reap(children: readonly Child[], graceMs: number): Promise<void> {
  const timer = setTimeout(() => {
    for (const child of children) child.kill("SIGKILL");
  }, graceMs);
  await Promise.all(children.map((child) => child.ended));
  clearTimeout(timer);
}
