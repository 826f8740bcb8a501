/** What the command line asked for, checked and complete: the only thing the rest of the program knows of flags. */

export const MECHANISMS = ["uds", "shm", "tcp", "pmq"] as const;
export type Mechanism = (typeof MECHANISMS)[number];

/** The largest frame is 16 MiB; 28 bytes of it are id, timestamp, length and type. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024 - 28;

export type Mode = "async" | "blocking";
export type Test = "one-way" | "round-trip";
export type ReplyKind = "echo" | "ack";
export type WaitKind = "block" | "spin" | "hybrid";

export type LogLevel = "info" | "debug" | "trace";

/** Where the log goes, and how much of it. */
export interface LogPlan {
  readonly level: LogLevel;
  /** Path to which the date is added; null: stderr. */
  readonly file: string | null;
}

/** Where rows of single messages go. */
export interface StreamTarget {
  /** `-` is standard output. */
  readonly path: string;
  /** Whether the user said so; if not, a directory of results has files of its own for them. */
  readonly isNamed: boolean;
}

export type ArrivalKind = "constant" | "poisson" | "burst";

/** An open-loop schedule: send times fixed in advance, whatever becomes of the messages. */
export interface ArrivalPlan {
  /** Messages a second, on average. */
  readonly ratePerSecond: number;
  readonly kind: ArrivalKind;
  /** Messages that go at once; 1 unless `kind` is burst. */
  readonly burst: number;
}

/** "constant", "poisson", "burst=10", as the flag takes it. */
export function arrivalInWords(arrival: ArrivalPlan | null): string {
  if (arrival === null) return "none";
  return arrival.kind === "burst" ? `burst=${arrival.burst}` : arrival.kind;
}

/**
 * What a server that was started by hand insists on, because its command line says so: a client that has something else is refused.
 * What is absent is the client's choice.
 */
export interface Demands {
  /** Any of them. */
  readonly messageSizes?: readonly number[];
  readonly tests?: readonly Test[];
  readonly messageCount?: number;
  readonly durationNs?: number;
  readonly sendDelayNs?: number;
  readonly ratePerSecond?: number;
  /** As the flag takes it. */
  readonly arrival?: string;
  readonly seed?: number;
  readonly warmupCount?: number;
  readonly includeFirstMessage?: boolean;
  readonly reply?: ReplyKind;
  readonly concurrency?: number;
}

/** One side alone; the other one is another command's business. */
export type StandalonePlan =
  | {
      readonly side: "server";
      /** Ends after so long without a client. */
      readonly idleTimeoutNs: number;
      /** Ends with the first client's run. */
      readonly once: boolean;
      readonly demands: Demands;
    }
  | { readonly side: "client"; readonly connectTimeoutNs: number };

export interface RunPlan {
  /** In the order asked for; a mechanism named twice runs twice. */
  readonly mechanisms: readonly Mechanism[];
  readonly mode: Mode;
  readonly tests: readonly Test[];
  /** Payload sizes, bytes, in the order asked for; a size named twice runs twice. */
  readonly messageSizes: readonly number[];
  /** Messages per test; null when `durationNs` decides. */
  readonly messageCount: number | null;
  readonly durationNs: number | null;
  /** Pause after each message, outside every measured interval. */
  readonly sendDelayNs: number;
  /** null: closed loop, each message after the one before. */
  readonly arrival: ArrivalPlan | null;
  /** Seed of everything that is drawn at random: arrivals, the order of launches, resampling. */
  readonly seed: number;
  /** Times that each cell is run, with fresh processes. */
  readonly launches: number;
  /** Whether an invalid cell makes the run end with exit code 4. */
  readonly strict: boolean;
  readonly warmupCount: number;
  readonly includeFirstMessage: boolean;
  readonly percentiles: readonly number[];
  /** null: the run starts both sides. */
  readonly standalone: StandalonePlan | null;
  readonly concurrency: number;
  readonly reply: ReplyKind;
  readonly wait: WaitKind;
  /** Spin budget of `--wait hybrid`. */
  readonly spinNs: number;
  readonly shmDirect: boolean;
  readonly pmqPriority: number;
  /** CPU numbers as the kernel counts them; null leaves the scheduler free. */
  readonly serverCpu: number | null;
  readonly clientCpu: number | null;
  /** SCHED_FIFO at this priority (1 to 99), locked memory and a timer slack of 1 ns for both roles; null: none of it. */
  readonly realTimePriority: number | null;
  /** Wake-up latency demanded of all CPUs for the whole run, us; null demands none. */
  readonly cpuDmaLatencyUs: number | null;
  /** Asked for on both sides; null leaves every default alone. */
  readonly bufferBytes: number | null;
  readonly host: string;
  /** null: a free port is chosen by the kernel. */
  readonly port: number | null;
  readonly socketPath: string | null;
  readonly sharedMemoryName: string | null;
  readonly messageQueueName: string | null;
  /** A file, or a directory that takes a file for each mechanism and size. */
  readonly outputFile: string | null;
  readonly csvFile: string | null;
  readonly markdownFile: string | null;
  readonly hlogDirectory: string | null;
  readonly hgrmDirectory: string | null;
  readonly streamingJson: StreamTarget | null;
  readonly streamingCsv: StreamTarget | null;
  /** `-` is standard output. */
  readonly eventsFile: string | null;
  readonly continueOnError: boolean;
  readonly quiet: boolean;
  /** null: nothing is logged. */
  readonly log: LogPlan | null;
  /** The arguments as the user gave them, without the program name. */
  readonly commandLine: readonly string[];
}
