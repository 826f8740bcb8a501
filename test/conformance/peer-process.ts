import { join } from "node:path";
import type { Answers, Order } from "./peer-protocol.ts";

const PROGRAM = join(import.meta.dir, "peer.ts");

/** A wait of any kind that lasts so long is a hang. */
export const PATIENCE_MS = 20_000;

type Answer = { readonly value: unknown } | { readonly error: string };

const started: Peer[] = [];
const idle: Peer[] = [];

/** A process that runs peer.ts. */
export class Peer {
  readonly #process: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #answered: ((answer: Answer) => void)[] = [];
  #isAlive = true;

  constructor() {
    this.#process = Bun.spawn([process.execPath, PROGRAM], { stdio: ["pipe", "pipe", "inherit"] });
    void this.#listen();
    started.push(this);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Whether it can be given to the next test. */
  get isFree(): boolean {
    return this.#isAlive && this.#answered.length === 0;
  }

  async #listen(): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of this.#process.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#answered.shift()?.(JSON.parse(line) as Answer);
    }
    this.#isAlive = false;
    for (const answered of this.#answered.splice(0)) answered({ error: "the peer is gone" });
  }

  /** Rejects with what the peer threw, when it is gone, or when it hangs. */
  async ask<Kind extends Order["do"]>(order: Extract<Order, { do: Kind }>): Promise<Answers[Kind]> {
    if (!this.#isAlive) throw new Error("the peer is gone");
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#answered.push(resolve);
    const timer = setTimeout(
      () => reject(new Error(`no answer to "${order.do}" within ${PATIENCE_MS} ms`)),
      PATIENCE_MS,
    );
    this.#process.stdin.write(`${JSON.stringify(order)}\n`);
    this.#process.stdin.flush();
    try {
      const answer = await promise;
      if ("error" in answer) throw new Error(answer.error);
      return answer.value as Answers[Kind];
    } finally {
      clearTimeout(timer);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  async kill(): Promise<void> {
    this.#isAlive = false;
    this.#process.kill("SIGKILL");
    await this.#process.exited;
  }

  /** Ends by itself, as its standard input ends. */
  async end(): Promise<void> {
    this.#isAlive = false;
    this.#process.stdin.end();
    await this.#process.exited;
  }
}

/** Starting a process costs more than most tests: those that ended well are used again. */
export function takePeer(): Peer {
  return idle.pop() ?? new Peer();
}

export async function giveBack(peer: Peer): Promise<void> {
  if (peer.isFree && idle.length < 4) idle.push(peer);
  else await peer.kill();
}

/** Ends all; returns the pids of those that are still there afterwards. */
export async function endPeers(): Promise<number[]> {
  idle.length = 0;
  await Promise.all(started.map((peer) => peer.kill()));
  return started
    .splice(0)
    .map((peer) => peer.pid)
    .filter((pid) => {
      try {
        process.kill(pid, 0);
        return true;
      } catch {
        return false;
      }
    });
}
