/** Clients of our own kind that say what none of ours would: sound notes in which one thing is changed. */
import { connect } from "node:net";
import { ownHello } from "../../src/protocol/peer/hello.ts";
import { body, framed, TYPE, UNRECORDED } from "../foreign/frames.ts";
import { dial, type Wire } from "../foreign/wire.ts";
import type { Random } from "./random.ts";

const below = (random: Random, end: number) => Math.floor(random.below(end));
const oneOf = <T>(random: Random, values: readonly T[]): T => values[below(random, values.length)]!;

const WILD = [
  null,
  true,
  -1,
  0,
  0.5,
  1e-9,
  2 ** 53,
  1e308,
  "",
  "x",
  "9".repeat(40),
  "-5",
  "\u001b[2J\u0007",
  [],
  [1, 2],
  {},
  { __proto__: null, constructor: 1 },
] as const;

/** The same with one thing in it replaced or left out, wherever it lies. */
function changed(random: Random, value: unknown): unknown {
  if (typeof value !== "object" || value === null || random.next() < 0.1) return oneOf(random, WILD);
  const keys = Object.keys(value);
  if (keys.length === 0) return oneOf(random, WILD);
  const key = oneOf(random, keys);
  const copy: Record<string, unknown> = { ...value };
  if (random.next() < 0.15) delete copy[key];
  else copy[key] = changed(random, copy[key]);
  return copy;
}

const TERMS = {
  test: "one-way",
  messageBytes: 64,
  messageCount: 10,
  durationNs: null,
  sendDelayNs: 0,
  arrival: { ratePerSecond: 1000, kind: "constant", burst: 1 },
  seed: 1,
  warmupCount: 0,
  includeFirstMessage: false,
  reply: "echo",
  concurrency: 1,
  worker: 0,
  whole: { messageCount: 10, ratePerSecond: 1000, seed: 1 },
  launch: 1,
  launches: 1,
  run: "talker",
  position: 0,
  testsLeft: 0,
};

/** What one of ours says, in its order. */
const HELLO = ownHello({ mode: "async", parentPid: process.pid });
export const NOTES: readonly unknown[] = [
  { hello: HELLO },
  { terms: TERMS },
  { start: true },
  { report: { sent: 0, firstSendNs: null, lastSendNs: null, scheduledSpanNs: "0" } },
  { part: 0 },
];

/** Says that it sent at these times. */
export const notesOfSender = (firstSendNs: string, lastSendNs: string): readonly unknown[] => [
  ...NOTES.slice(0, 3),
  { report: { sent: 10, firstSendNs, lastSendNs, scheduledSpanNs: "0" } },
];

/** Another version's, which asks in its own way. */
export const NOTES_OF_LATER: readonly unknown[] = [
  { hello: { ...HELLO, ipcBenchmark: "99.0.0" } },
  { terms: { of: "another kind" } },
];

const ANSWER_MS = 5_000;

/** The pong to a ping; null where the server ends the talk. @throws if it does neither in time */
async function ask(wire: Wire, note: string): Promise<string | null> {
  await wire.send(body({ id: UNRECORDED, payload: Buffer.from(note), type: TYPE.ping }));
  const silence = Bun.sleep(ANSWER_MS).then(() => {
    throw new Error(`no answer to ${note}`);
  });
  const answer = await Promise.race([wire.receive(), silence]);
  return answer === null ? null : Buffer.from(answer.payload).toString();
}

type Heard = [said: string, answer: string | null][];

/** A whole talk in which one note is changed. */
export function talkOddly(where: string | number, random: Random): Promise<Heard> {
  const odd = below(random, NOTES.length);
  return talk(
    where,
    NOTES.map((note, i) => (i === odd ? changed(random, note) : note)),
  );
}

/** A talk to its end, which the server may set. */
export async function talk(where: string | number, notes: readonly unknown[]): Promise<Heard> {
  const wire = await dial(where);
  const heard: Heard = [];
  try {
    for (const note of notes) {
      const said = JSON.stringify(note);
      const answer = await ask(wire, said);
      heard.push([said, answer]);
      if (answer === null) break;
    }
  } finally {
    wire.close();
  }
  return heard;
}

/** Asks nothing, again and again; whether the server has ended that within `limitMs`. */
export function pingOn(where: string | number, limitMs: number): Promise<boolean> {
  return goOn(where, limitMs, () => framed(body({ id: UNRECORDED, payload: Buffer.alloc(0), type: TYPE.ping })));
}

const LONG_FRAME = framed(body({ id: UNRECORDED, payload: Buffer.alloc(500), type: TYPE.ping }));
const byteOf = (turn: number) => LONG_FRAME.subarray(turn, turn + 1);

/** Sends a frame byte by byte; the same. */
export function dribble(where: string | number, limitMs: number): Promise<boolean> {
  return goOn(where, limitMs, byteOf);
}

/** The same once the test has begun. */
export function dribbleLater(where: string | number, limitMs: number): Promise<boolean> {
  const ping = (note: unknown) =>
    framed(body({ id: UNRECORDED, payload: Buffer.from(JSON.stringify(note)), type: TYPE.ping }));
  const beginning = NOTES.slice(0, 3);
  return goOn(where, limitMs, (turn) =>
    turn < beginning.length ? ping(beginning[turn]) : byteOf(turn - beginning.length),
  );
}

async function goOn(where: string | number, limitMs: number, next: (turn: number) => Buffer): Promise<boolean> {
  const socket = typeof where === "string" ? connect(where) : connect(where, "127.0.0.1");
  let hasEnded = false;
  const end = () => {
    hasEnded = true;
  };
  for (const event of ["end", "close", "error"]) socket.on(event, end);
  socket.resume();
  const endMs = performance.now() + limitMs;
  for (let turn = 0; !hasEnded && performance.now() < endMs; turn++) {
    socket.write(next(turn));
    await Bun.sleep(100);
  }
  socket.destroy();
  return hasEnded;
}
