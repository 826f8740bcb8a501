/**
 * What peers that were started by hand may say to each other: the types and their schema, once. A peer may be anybody, so nothing it
 * says is used before it was checked. What a later version adds is let through: versions are compared in words.
 */

import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { MAX_MESSAGE_BYTES } from "../../plan/run-plan.ts";
import { MOST_ENCODED_LENGTH } from "../../stats/hdr.ts";
import { UNKNOWN } from "../../system/kernel-files.ts";
import { UsageFiguresSchema } from "../../system/usage-schema.ts";
import { MAX_DURATION_NS } from "../../text/duration.ts";
import { printable } from "../../text/quote.ts";

const MOST = Number.MAX_SAFE_INTEGER;

const whole = (minimum: number, maximum = MOST) => Type.Integer({ minimum, maximum });
const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const text = (maxLength: number) => Type.String({ maxLength });
const digits = Type.String({ pattern: "^-?\\d{1,20}$" });

/** Which clock and which machine a process stamps with, so that peers can tell whether their stamps may be compared. */
const ClockFactsSchema = Type.Object({
  /** Identity of the running kernel; null where the system does not tell. */
  boot: nullable(text(64)),
  /** What this process's time namespace adds to CLOCK_MONOTONIC, "seconds nanoseconds"; null where there are none. */
  monotonicOffset: nullable(text(64)),
  /** CLOCK_REALTIME less CLOCK_MONOTONIC, ns, as digits. */
  realtimeOffsetNs: digits,
});
export type ClockFacts = Readonly<Static<typeof ClockFactsSchema>>;

/** What peers tell of themselves first, in a ping and its pong. */
const HelloSchema = Type.Object({
  ipcBenchmark: text(32),
  mode: Type.Union([Type.Literal("async"), Type.Literal("blocking")]),
  /** Of the command that the user ran, for messages; in another pid namespace it means nothing. */
  pid: whole(0),
  pidNamespace: text(64),
  clock: ClockFactsSchema,
});
export type Hello = Readonly<Static<typeof HelloSchema>>;

/** As the command line has them; and a client's share of the least among the most clients. */
const [LEAST_RATE, MOST_RATE] = [0.001, 1e9];
const MOST_CLIENTS = 1024;

const ArrivalSchema = Type.Object({
  ratePerSecond: Type.Number({ minimum: LEAST_RATE / MOST_CLIENTS, maximum: MOST_RATE }),
  kind: Type.Union([Type.Literal("constant"), Type.Literal("poisson"), Type.Literal("burst")]),
  burst: whole(1, 2 ** 32 - 1),
});

/** What the client tells of the test that comes; the server has no say in it but for what its own command line demands. */
const TermsSchema = Type.Object({
  test: Type.Union([Type.Literal("one-way"), Type.Literal("round-trip")]),
  messageBytes: whole(1, MAX_MESSAGE_BYTES),
  /** null: the measured window decides. */
  messageCount: nullable(whole(0)),
  durationNs: nullable(whole(1, MAX_DURATION_NS)),
  sendDelayNs: whole(0, MAX_DURATION_NS),
  arrival: nullable(ArrivalSchema),
  seed: whole(0),
  warmupCount: whole(0),
  includeFirstMessage: Type.Boolean(),
  reply: Type.Union([Type.Literal("echo"), Type.Literal("ack")]),
  concurrency: whole(1, MOST_CLIENTS),
  /** Client of several at once, from 0. */
  worker: whole(0, MOST_CLIENTS - 1),
  /** Of all clients together; what stands above is this one's share. */
  whole: Type.Object({
    messageCount: nullable(whole(0)),
    ratePerSecond: nullable(Type.Number({ minimum: LEAST_RATE, maximum: MOST_RATE })),
    seed: whole(0),
  }),
  /** From 1. */
  launch: whole(1, 10_000),
  launches: whole(1, 10_000),
  /** Identity of the client's run, and which of its results this is for. */
  run: text(64),
  position: whole(0, 1_000_000),
  /** Tests that this run still has for this server after this one. */
  testsLeft: whole(0, 1_000_000),
});
export type Terms = Readonly<Static<typeof TermsSchema>>;

/** What the client knows of the test and the server does not; times are CLOCK_MONOTONIC ns, as digits. */
const ClientEndSchema = Type.Object({
  sent: whole(0),
  firstSendNs: nullable(digits),
  lastSendNs: nullable(digits),
  /** Due moment of the first message; absent: an older client, or no schedule. */
  scheduleStartNs: Type.Optional(nullable(digits)),
  scheduledSpanNs: digits,
});
export type ClientEnd = Readonly<Static<typeof ClientEndSchema>>;

/** One thing is asked at a time. */
const only = <Name extends string, T extends TSchema>(name: Name, schema: T) =>
  Type.Object({ [name]: schema } as Record<Name, T>, { additionalProperties: false });

/** What a client asks. */
export const QuestionSchema = Type.Union([
  only("hello", HelloSchema),
  /** The test that comes. */
  only("terms", TermsSchema),
  /** The measured phase begins with the next message. */
  only("start", Type.Literal(true)),
  /** The test is over: the client's counts. The answer tells in how many parts the server's report comes. */
  only("report", ClientEndSchema),
  only("part", whole(0)),
]);
export type Question = Static<typeof QuestionSchema>;

/** What a server answers; a part of its report goes as it is. */
export const AnswerSchema = Type.Union([
  only("hello", HelloSchema),
  only("agreed", Type.Literal(true)),
  /** The test can't be: why, a phrase each. */
  only("refused", Type.Array(text(4096))),
  only("parts", whole(0)),
]);
export type Answer = Static<typeof AnswerSchema>;

const known = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Literal(UNKNOWN)]);

/** As `Effective` of privileges.ts. */
const inForce = <T extends TSchema>(schema: T) =>
  Type.Object({
    requested: schema,
    effective: nullable(known(schema)),
    note: nullable(text(1024)),
    isDenied: Type.Boolean(),
  });

/** As `RealTimeReport`. */
const RealTimeSchema = Type.Object({
  fifoPriority: inForce(whole(0)),
  memoryLock: inForce(Type.Union([Type.Literal("present"), Type.Literal("present and future")])),
  lockedBytes: known(whole(0)),
  prefaultedStackBytes: inForce(whole(0)),
  timerSlackNs: inForce(whole(0)),
});

/** As `EffectiveReport`. */
const EffectiveSchema = Type.Object({
  pid: whole(0),
  allowedCpus: Type.Array(whole(0, 65_535), { maxItems: 65_536 }),
  sendBufferBytes: nullable(whole(0)),
  receiveBufferBytes: nullable(whole(0)),
  queueDepth: nullable(whole(0)),
  realTime: nullable(RealTimeSchema),
});

/** What a receiver counts, as digits: below 2^53. */
export const COUNTS = [
  "sent_count",
  "received_count",
  "duplicated_count",
  "reordered_count",
  "corrupt_count",
  "warmup_count",
  "room_wait_count",
  "room_wait_ns",
  "migration_count",
  "stall_count",
  "stall_ns",
] as const;
/** Its moments, CLOCK_MONOTONIC. */
export const TIMES = ["first_send_ns", "last_send_ns", "last_receive_ns"] as const;
export const SUMS = ["count", "min_ns", "max_ns", "sum_ns", "sum_of_squares_low", "sum_of_squares_high"] as const;
/** What it records; lateness is the sender's. */
export const DISTRIBUTIONS = ["service", "response"] as const;

const MOST_CPU_WORDS = 1024;

/** What can be in a ledger; how large the numbers may be is looked at when they are read. */
const unsigned = Type.String({ pattern: "^\\d{1,20}$" });
const each = <Name extends string, T extends TSchema>(names: readonly Name[], schema: T) =>
  Type.Object(Object.fromEntries(names.map((name) => [name, schema])) as Record<Name, T>);

const encoded = Type.String({ maxLength: MOST_ENCODED_LENGTH });

/** What a server says of a test that it served. */
export const ServerReportSchema = Type.Object({
  counters: each([...COUNTS, ...TIMES], unsigned),
  /** Words of a bit for each CPU. */
  cpus: Type.Array(unsigned, { maxItems: MOST_CPU_WORDS }),
  distributions: each(
    DISTRIBUTIONS,
    Type.Object({
      sums: each(SUMS, unsigned),
      overflowCount: unsigned,
      /** HdrHistogram's compressed V2 encoding, base64; "" where nothing lies in a bucket. */
      buckets: encoded,
      /** Where values rose from, and where to, less what rose from there; encoded alike. Absent: an older server. */
      rises: Type.Optional(Type.Object({ from: encoded, to: encoded })),
    }),
  ),
  effective: EffectiveSchema,
  usage: nullable(UsageFiguresSchema),
});

/**
 * What a peer said, as a value. Its words may end up on a terminal, in a log or an event, so what could do anything there is escaped
 * here, before anybody has them. @throws where the text is no JSON
 */
export function readPeerJson(text: string): unknown {
  return JSON.parse(text, (_, value: unknown) => (typeof value === "string" ? printable(value) : value));
}

/** The value that the text stands for, as JSON; undefined where it is none of these. */
export function parseNote<T extends TSchema>(schema: T, note: string): Static<T> | undefined {
  let value: unknown;
  try {
    value = readPeerJson(note);
  } catch {
    return undefined;
  }
  return Value.Check(schema, value) ? (value as Static<T>) : undefined;
}
