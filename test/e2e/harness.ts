/** Runs the compiled program as a user would: from a foreign empty directory, with nothing in its environment. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import Ajv from "ajv";
import schema from "../../docs/result.schema.json";
import type { BenchmarkResult } from "../../src/result/schema.ts";
import type { TestDetails } from "../../src/result/schema-details.ts";
import { newNames, type ProcessFacts, processesIn, sharedNames } from "./system-state.ts";

export const repository = resolve(import.meta.dir, "../..");

/** The executable under test; another one than the build's can be named. */
export const program = process.env.IPC_BENCHMARK_PROGRAM ?? join(repository, "dist", "ipc-benchmark");
if (!existsSync(program)) throw new Error(`${program} is missing: run \`bun run build\` first`);

const validate = new Ajv({ allErrors: true }).compile(schema);

/** No test waits longer than this for a process, unless it says so. */
export const PATIENCE_MS = 60_000;

const PROGRESS_LINE = /^\[\d+\/\d+\] .*\n/gm;

export interface Ended {
  /** null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  /** Without the lines of `progress`. */
  readonly stderr: string;
  /** Where stderr is no terminal: a line for each cell that has ended. */
  readonly progress: readonly string[];
  readonly wallMs: number;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** A command that ends by executing what follows it, such as `taskset -c 0`. */
  readonly through?: readonly string[];
  readonly stdin?: "ignore" | "pipe";
  /** It is killed if it runs longer. */
  readonly patienceMs?: number;
}

export type Role = "server" | "client";

/** Polls, since processes in other states than these tell nobody of themselves. @throws when it takes too long */
export async function until<T>(what: string, look: () => T | null | undefined | false, ms = 30_000): Promise<T> {
  for (const end = performance.now() + ms; performance.now() < end; await Bun.sleep(1)) {
    const seen = look();
    if (seen) return seen;
  }
  throw new Error(`in ${ms} ms this did not happen: ${what}`);
}

/** The program, running. */
export class Started {
  readonly #process: Bun.Subprocess<"ignore" | "pipe", "pipe", Bun.BunFile>;
  readonly #startMs = performance.now();
  readonly #errors: string;
  readonly ended: Promise<Ended>;
  hasEnded = false;

  constructor(
    readonly sandbox: Sandbox,
    command: readonly string[],
    options: StartOptions,
  ) {
    // A file, not a pipe: roles inherit it, and one that survived would keep a pipe open for ever.
    const errors = join(sandbox.base, `stderr-${crypto.randomUUID()}`);
    this.#errors = errors;
    const [first, ...rest] = command;
    this.#process = Bun.spawn([Bun.which(first!) ?? first!, ...rest], {
      cwd: sandbox.directory,
      env: { ...options.env },
      stdio: [options.stdin ?? "ignore", "pipe", Bun.file(errors)],
    });
    this.ended = this.#follow(errors, options.patienceMs ?? PATIENCE_MS);
    this.ended.catch(() => {});
  }

  get pid(): number {
    return this.#process.pid;
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  /** What it has written to stderr so far. */
  saidOnStderr(): string {
    return readFileSync(this.#errors, "utf8");
  }

  /** Pids of the roles that are there. */
  roles(): Partial<Record<Role, number>> {
    const children = processesIn(this.sandbox.directory).filter(({ parentPid }) => parentPid === this.pid);
    const pid = (role: Role) => children.find((child) => child.arguments.includes(`--${role}`))?.pid;
    const found: Partial<Record<Role, number>> = {};
    for (const role of ["server", "client"] as const) {
      const of = pid(role);
      if (of !== undefined) found[role] = of;
    }
    return found;
  }

  /** Both roles, once they are there. */
  async bothRoles(): Promise<Record<Role, number>> {
    const roles = await until("both roles run", () => {
      const { server, client } = this.roles();
      return server !== undefined && client !== undefined ? { server, client } : this.hasEnded && "none";
    });
    if (roles !== "none") return roles;
    const { exitCode, signal, stderr } = await this.ended;
    throw new Error(`the run ended with ${exitCode ?? signal} before its roles were seen: ${stderr}`);
  }

  async #follow(errors: string, patienceMs: number): Promise<Ended> {
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), patienceMs);
    const stdout = new Response(this.#process.stdout).text();
    await this.#process.exited;
    clearTimeout(timer);
    this.hasEnded = true;
    const { exitCode, signalCode } = this.#process;
    const said = readFileSync(errors, "utf8");
    const wallMs = performance.now() - this.#startMs;
    return {
      exitCode,
      signal: signalCode === null ? null : String(signalCode),
      stdout: await stdout,
      stderr: said.replaceAll(PROGRESS_LINE, ""),
      progress: (said.match(PROGRESS_LINE) ?? []).map((line) => line.trimEnd()),
      wallMs,
    };
  }
}

/** An empty directory to run in, another one for temporary files, and what the system held before. */
export class Sandbox {
  readonly base = mkdtempSync(join(tmpdir(), "e2e-"));
  /** The working directory of every command. */
  readonly directory = join(this.base, "cwd");
  /** For TMPDIR; a command with an empty environment uses the system's. */
  readonly temp = join(this.base, "tmp");
  readonly #before = sharedNames();

  constructor() {
    mkdirSync(this.directory);
    mkdirSync(this.temp);
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  start(args: readonly string[], options: StartOptions = {}): Started {
    return new Started(this, [...(options.through ?? []), program, ...args], options);
  }

  async run(args: readonly string[], options: StartOptions = {}): Promise<Ended> {
    return this.start(args, options).ended;
  }

  /** Runs with `-o`, expects the file to be valid, and returns it too. */
  async measure(args: readonly string[], options: StartOptions = {}): Promise<Ended & { result: BenchmarkResult }> {
    const ended = await this.run([...args, "-o", "result.json"], options);
    if (!existsSync(this.path("result.json"))) throw new Error(`no result was written: ${ended.stderr}`);
    return { ...ended, result: this.readResult() };
  }

  readResult(name = "result.json"): BenchmarkResult {
    return validResult(readFileSync(this.path(name), "utf8"));
  }

  processes(): ProcessFacts[] {
    return processesIn(this.directory);
  }

  /** Waits a little for what is on its way out. */
  async leftovers(): Promise<string[]> {
    let alive = this.processes();
    for (const end = performance.now() + 1_000; alive.length > 0 && performance.now() < end; ) {
      await Bun.sleep(20);
      alive = this.processes();
    }
    return [
      ...alive.map(({ pid, arguments: words }) => `process ${pid}: ${words.slice(1).join(" ")}`),
      ...readdirSync(this.temp).map((name) => `temp: ${name}`),
      ...readdirSync(this.directory).filter((name) => name.endsWith(".partial")),
      ...(await newNames(this.#before)),
    ];
  }

  remove(): void {
    for (const { pid } of this.processes()) process.kill(pid, "SIGKILL");
    rmSync(this.base, { recursive: true, force: true });
  }
}

/** Checks a result document against the published schema. @throws with what is wrong */
export function validResult(text: string): BenchmarkResult {
  const document = JSON.parse(text) as BenchmarkResult;
  if (!validate(document)) throw new Error(`the result does not follow the schema: ${JSON.stringify(validate.errors)}`);
  return document;
}

export function allTests(result: BenchmarkResult): TestDetails[] {
  return result.results.flatMap(({ details }) => details.tests);
}
