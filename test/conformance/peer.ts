/**
 * One side of a connection in a process of its own, since a blocking side sits inside a call of the shim. Driven by JSON
 * lines on standard input, each answered by one on standard output.
 */
import { openSync, readdirSync, writeSync } from "node:fs";
import { NEED, type Need } from "../../src/channel/channel.ts";
import type { ConnectionEnd, Listener } from "../../src/channel/connection.ts";
import { ChannelError } from "../../src/channel/failures.ts";
import { connect, listen } from "../../src/channel/open.ts";
import { answerMessages, exchangeNotes, sendMessages, shutDown } from "../../src/measure/loops.ts";
import { MessageIds } from "../../src/measure/message-ids.ts";
import { PENDING } from "../../src/native/errno.ts";
import { LedgerFile } from "../../src/native/ledger.ts";
import { native } from "../../src/native/library.ts";
import { FRAME } from "../../src/native/numbers.ts";
import { cycle } from "./peer-cycle.ts";
import type { Order, PeerFigures } from "./peer-protocol.ts";

let listener: Listener | null = null;
let line: ConnectionEnd | null = null;
let ledger: LedgerFile | null = null;

function own(): ConnectionEnd {
  if (line === null) throw new Error("this peer is not connected");
  return line;
}

const ours = () => own().channel;

function openLedger(path: string): LedgerFile {
  ledger?.close();
  ledger = LedgerFile.inherit(openSync(path, "r+"));
  native().process_follow(ledger.stopAddress, process.ppid, 0);
  return ledger;
}

/** The result of a call, once it no longer says PENDING. */
async function finished(status: number, need: Need, again: () => number): Promise<number> {
  let result = status;
  while (result === PENDING) {
    const woken = await new Promise<number>((resolve) => ours().whenReady(need, resolve));
    result = again();
    if (result === PENDING && woken < 0) return woken;
  }
  return result;
}

const flushed = (status: number) => finished(status, NEED.writable, () => ours().flush());
const received = () => finished(ours().receive(), NEED.readable, () => ours().receive());

async function sendIds(ids: Iterable<number>, type: number): Promise<{ status: number; count: number }> {
  let count = 0;
  for (const id of ids) {
    const status = await flushed(ours().send(id, type));
    if (status < 0) return { status, count };
    count++;
  }
  return { status: 0, count };
}

function* range(first: number, count: number): Generator<number> {
  for (let id = first; id < first + count; id++) yield id;
}

async function receiveMany(count: number): Promise<{ status: number; count: number }> {
  for (let done = 0; done < count; done++) {
    const status = await received();
    if (status < 0) return { status, count: done };
  }
  return { status: 0, count };
}

/** 0, or the status with which a loop of src/measure/loops.ts failed. */
async function loopStatus(loop: Promise<void>): Promise<number> {
  try {
    await loop;
    return 0;
  } catch (error) {
    if (error instanceof ChannelError) return error.status;
    throw error;
  }
}

/** As src/roles/client.ts does it: warm-up, then the measured phase, then the shutdown. */
async function runClient(order: Extract<Order, { do: "client" }>): Promise<number> {
  const { roundTrip, count, warmupCount, sendDelayNs } = order;
  const phase = (ids: MessageIds) => sendMessages(ours(), { roundTrip, ids, sendDelayNs });
  return loopStatus(
    (async () => {
      await phase(new MessageIds({ warmupCount, canary: false, messageCount: 0 }));
      own().session.start(null);
      await phase(new MessageIds({ warmupCount: 0, canary: true, messageCount: count }));
      await shutDown(ours());
    })(),
  );
}

async function runServer(echo: boolean): Promise<{ status: number; notes: string[] }> {
  const notes: string[] = [];
  const onPing = (note: string) => {
    notes.push(note);
    return `pong of ${note}`.slice(0, 512);
  };
  const status = await loopStatus(answerMessages(ours(), { echo, replyDelayNs: 0, onPing }));
  return { status, notes };
}

async function runGreeting(note: string): Promise<{ status: number; pong: string }> {
  let pong = "";
  const exchange = async () => {
    pong = await exchangeNotes(ours(), note);
  };
  return { status: await loopStatus(exchange()), pong };
}

async function pause(lengthNs: number, times: number): Promise<{ status: number; shortestNs: number }> {
  let shortestNs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i++) {
    const start = Bun.nanoseconds();
    const status = await finished(ours().pause(lengthNs), NEED.pause, () => ours().endPause());
    if (status < 0) return { status, shortestNs };
    shortestNs = Math.min(shortestNs, Bun.nanoseconds() - start);
  }
  return { status: 0, shortestNs };
}

function figures(): PeerFigures {
  const { user, system } = process.cpuUsage();
  return {
    descriptors: readdirSync("/proc/self/fd").length,
    threads: readdirSync("/proc/self/task").length,
    cpuUs: user + system,
  };
}

/** Waits for a message that does not come; the processor time that this cost. */
async function idle(ms: number): Promise<number> {
  ours().whenReady(NEED.readable, () => {});
  await Bun.sleep(100);
  const before = figures().cpuUs;
  await Bun.sleep(ms);
  return figures().cpuUs - before;
}

async function obey(order: Order): Promise<unknown> {
  switch (order.do) {
    case "listen":
      listener = listen(order.settings, openLedger(order.ledgerPath));
      return { port: listener.port };
    case "accept": {
      const accepted = await listener!.accept(order.deadlineMs);
      line = accepted;
      return accepted.effective;
    }
    case "connect": {
      const connected = await connect(order.settings, openLedger(order.ledgerPath), order.deadlineMs);
      line = connected;
      return connected.effective;
    }
    case "unlink":
      return own().session.unlinkName();
    case "client":
      return { status: await runClient(order) };
    case "serve":
      return runServer(order.echo);
    case "exchangeNotes":
      return runGreeting(order.note);
    case "send":
      return sendIds(order.ids, order.type ?? FRAME.oneWay);
    case "send many":
      return sendIds(range(order.first, order.count), order.type ?? FRAME.oneWay);
    case "receive":
      return receiveMany(order.count);
    case "note": {
      const status = await flushed(ours().sendNote(order.type, order.text));
      return { status };
    }
    case "read note": {
      const status = await received();
      return { status, text: status < 0 ? "" : ours().readNote() };
    }
    case "pause":
      return pause(order.lengthNs, order.times);
    case "idle":
      return { cpuUs: await idle(order.ms) };
    case "cycle":
      await cycle(order.settings, openLedger(order.ledgerPath), order.count);
      return figures();
    case "figures":
      return figures();
    case "close":
      await line?.close();
      await listener?.close();
      line = listener = null;
      return null;
  }
}

function say(answer: object): void {
  writeSync(1, `${JSON.stringify(answer)}\n`);
}

const decoder = new TextDecoder();
let rest = "";
for await (const chunk of Bun.stdin.stream()) {
  const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) {
    try {
      say({ value: (await obey(JSON.parse(line) as Order)) ?? null });
    } catch (error) {
      say({ error: error instanceof Error ? error.message : String(error) });
    }
  }
}
process.exit(0);
