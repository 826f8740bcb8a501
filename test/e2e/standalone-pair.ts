/** Two commands, as a user would start them in two shells. */
import { createServer } from "node:net";
import type { Mechanism, Mode } from "../../src/plan/run-plan.ts";
import type { BenchmarkResult } from "../../src/result/schema.ts";
import type { Ended, Sandbox, Started, StartOptions } from "./harness.ts";

/** A port that nobody listens on right now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Where both sides of one test meet, and nobody else. */
export class Meeting {
  private constructor(
    readonly socketPath: string,
    readonly port: number,
    readonly name: string,
  ) {}

  static async in(sandbox: Sandbox): Promise<Meeting> {
    const name = `e2e_${crypto.randomUUID().slice(0, 8)}`;
    return new Meeting(sandbox.path(`${name}.sock`), await freePort(), name);
  }

  flags(mechanisms: readonly Mechanism[]): string[] {
    const flags: Record<Mechanism, string[]> = {
      uds: ["--socket-path", this.socketPath],
      tcp: ["--port", `${this.port}`],
      shm: ["--shared-memory-name", this.name],
      pmq: ["--message-queue-name", this.name],
    };
    return ["-m", ...mechanisms, ...mechanisms.flatMap((mechanism) => flags[mechanism])];
  }
}

export interface Both {
  readonly server: Ended;
  readonly client: Ended;
  readonly serverResult: BenchmarkResult;
  readonly clientResult: BenchmarkResult;
}

export interface PairOptions {
  readonly mechanisms: readonly Mechanism[];
  readonly serverMode?: Mode;
  readonly clientMode?: Mode;
  readonly first?: "server" | "client";
  readonly messages?: number;
  readonly serverFlags?: readonly string[];
  readonly clientFlags?: readonly string[];
  readonly client?: StartOptions;
  readonly server?: StartOptions;
  readonly meeting?: Meeting;
}

const HEAD_START_MS = 250;

/** A server for one client's run, and that client; both to their ends. */
export async function runBoth(sandbox: Sandbox, options: PairOptions): Promise<Both> {
  const { mechanisms, serverMode = "async", clientMode = serverMode, first = "server" } = options;
  const meeting = options.meeting ?? (await Meeting.in(sandbox));
  const startServer = () =>
    sandbox.start(
      [
        ...["--server", "--once", "--idle-timeout", "20s", `--${serverMode}`, "-q", "-o", "server.json"],
        ...meeting.flags(mechanisms),
        ...(options.serverFlags ?? []),
      ],
      options.server,
    );
  const startClient = () =>
    sandbox.start(
      [
        ...["--client", `--${clientMode}`, "-q", "-o", "client.json", "-w", "50"],
        ...["-i", `${options.messages ?? 300}`],
        ...meeting.flags(mechanisms),
        ...(options.clientFlags ?? []),
      ],
      options.client,
    );
  const starts: (() => Started)[] = [startServer, startClient];
  if (first === "client") starts.reverse();
  const early = starts[0]!();
  await Bun.sleep(HEAD_START_MS);
  const late = starts[1]!();
  const [server, client] = first === "server" ? [early, late] : [late, early];
  const ended = { client: await client.ended, server: await server.ended };
  return {
    ...ended,
    serverResult: sandbox.readResult("server.json"),
    clientResult: sandbox.readResult("client.json"),
  };
}
