import {
  type Channel,
  DUE,
  DUE_AFTER_WINDOW,
  DUE_SOON,
  FRAME,
  NEED,
  type Need,
  NO_REPLY,
  type Stretches,
  UNRECORDED_ID,
  WINDOW_OVER,
} from "../channel/channel.ts";
import { ChannelError, expectSuccess, ProtocolError } from "../channel/failures.ts";
import { PENDING, TIMED_OUT } from "../native/errno.ts";
import { END, type MessageIds } from "./message-ids.ts";

/**
 * The measuring loops, written once for both modes but for what goes on between two messages: a loop yields what it needs
 * whenever a call says PENDING, and is resumed with the status of that wait. A blocking channel never says so: its loop runs
 * from end to end in one go, and takes the messages of a stretch in one call.
 */
export type Loop = Generator<Need, void, number>;

/** Runs a loop to its end, in the event loop where it asks for that. Rejects with what the loop throws. */
export function runLoop(loop: Loop, channel: Channel): Promise<void> {
  return new Promise((resolve, reject) => {
    channel.useThread();
    const step = (status: number) => {
      try {
        const { done, value } = loop.next(status);
        if (done) resolve();
        else channel.whenReady(value, step);
      } catch (error) {
        reject(error);
      }
    };
    step(0);
  });
}

/** The rest of a send that returned PENDING; yields the send's own result through `return`. */
function* finishSend(channel: Channel): Generator<Need, number, number> {
  for (;;) {
    expectSuccess(yield NEED.writable);
    const status = channel.flush();
    if (status !== PENDING) return status;
  }
}

/** The rest of a receive that returned PENDING. What a peer sent before it went is still received. */
function* finishReceive(channel: Channel): Generator<Need, number, number> {
  for (;;) {
    const woken = yield NEED.readable;
    const type = channel.receive();
    if (type !== PENDING) return type;
    expectSuccess(woken);
  }
}

function* pause(channel: Channel, lengthNs: number): Generator<Need, number, number> {
  let status = channel.pause(lengthNs);
  if (status === PENDING) {
    expectSuccess(yield NEED.pause);
    status = channel.endPause();
  }
  expectSuccess(status);
  return status;
}

export interface SendOptions {
  readonly roundTrip: boolean;
  readonly ids: MessageIds;
  /** Pause after each message, outside every measured interval. */
  readonly sendDelayNs: number;
}

function* receive(channel: Channel): Generator<Need, number, number> {
  const type = channel.receive();
  return type === PENDING ? yield* finishReceive(channel) : type;
}

function expectResponse(type: number): void {
  expectSuccess(type);
  if (type !== FRAME.response) throw new ProtocolError(`frame type ${type} where a response was due`);
}

/** The client's last message. */
export function* shutDown(channel: Channel): Loop {
  let status = channel.send(UNRECORDED_ID, FRAME.shutdown);
  if (status === PENDING) status = yield* finishSend(channel);
  expectSuccess(status);
}

function sendStretches(stretches: Stretches, { roundTrip, ids, sendDelayNs }: SendOptions): void {
  const frameType = roundTrip ? FRAME.request : FRAME.oneWay;
  for (let stretch = ids.nextStretch(); stretch !== null; stretch = ids.nextStretch()) {
    const { id, count } = stretch;
    const status = stretches.sendMany(id, count, frameType, id === UNRECORDED_ID ? 0 : sendDelayNs);
    if (status >= NO_REPLY) expectResponse(status - NO_REPLY);
    expectSuccess(status);
  }
}

/** The client, closed loop: sends the messages in their order, in round-trip tests each after the reply to the one before. */
export function* sendMessages(channel: Channel, options: SendOptions): Loop {
  if (channel.stretches !== null) return sendStretches(channel.stretches, options);
  const { roundTrip, ids, sendDelayNs } = options;
  const frameType = roundTrip ? FRAME.request : FRAME.oneWay;
  for (let id = ids.next(); id !== END; id = ids.next()) {
    let status = channel.send(id, frameType);
    if (status === PENDING) status = yield* finishSend(channel);
    expectSuccess(status);
    if (roundTrip) {
      let type = channel.receive();
      if (type === PENDING) type = yield* finishReceive(channel);
      expectResponse(type);
    }
    if (status !== WINDOW_OVER && sendDelayNs > 0 && ids.wantsPause)
      status = yield* pause(channel, sendDelayNs);
    if (status === WINDOW_OVER) ids.endWindow();
  }
}

/** One message out of schedule, with its reply: warm-up and canary. */
function* sendUnrecorded(channel: Channel, roundTrip: boolean): Loop {
  let status = channel.send(UNRECORDED_ID, roundTrip ? FRAME.request : FRAME.oneWay);
  if (status === PENDING) status = yield* finishSend(channel);
  expectSuccess(status);
  if (roundTrip) expectResponse(yield* receive(channel));
}

/**
 * The rest of a request for which there was no room. Replies are taken in meanwhile, through `onReply`: were they left unread,
 * both sides might wait for room for ever.
 */
function* finishSendWhileReceiving(channel: Channel, onReply: () => void): Generator<Need, number, number> {
  for (let woken = 0; ; ) {
    const type = channel.receiveSoon();
    if (type !== PENDING) {
      expectResponse(type);
      onReply();
    } else {
      expectSuccess(woken);
      if (channel.stretches === null) woken = yield NEED.readable + NEED.writable;
      // What the peer sent before it went is still received.
      if (woken < 0) continue;
    }
    const status = channel.flushNow();
    if (status !== PENDING) return status;
  }
}

/**
 * The client, open loop: each message goes at its moment of the absolute schedule, or at once when that has passed; replies are
 * read meanwhile and never hold up the next message.
 */
export function* sendOnSchedule(channel: Channel, { roundTrip, ids }: SendOptions): Loop {
  let inFlight = 0;
  const onReply = () => {
    inFlight--;
  };
  for (let id = ids.next(); id !== END; id = ids.next()) {
    if (id === UNRECORDED_ID) {
      yield* sendUnrecorded(channel, roundTrip);
      continue;
    }
    let due = channel.untilDue(id, roundTrip);
    while (due !== DUE && due !== DUE_AFTER_WINDOW) {
      let woken = 0;
      if (due === DUE_SOON) woken = yield NEED.turn;
      else if (due === PENDING) woken = yield roundTrip ? NEED.readable + NEED.pause : NEED.pause;
      else {
        expectResponse(due);
        inFlight--;
      }
      due = channel.untilDue(id, roundTrip);
      // A reply that came before the peer went is taken first; the next wait will tell of the end again.
      if (due === PENDING || due >= DUE) expectSuccess(woken);
    }
    if (due === DUE_AFTER_WINDOW) break;
    let status = roundTrip ? channel.sendNow(id, FRAME.request) : channel.send(id, FRAME.oneWay);
    if (status === PENDING) {
      status = yield* roundTrip ? finishSendWhileReceiving(channel, onReply) : finishSend(channel);
    }
    expectSuccess(status);
    inFlight++;
    if (status === WINDOW_OVER) ids.endWindow();
  }
  while (roundTrip && inFlight > 0) {
    expectResponse(yield* receive(channel));
    inFlight--;
  }
}

export interface AnswerOptions {
  /** Whether responses carry the payload of their request. */
  readonly echo: boolean;
  /** Pause before each reply; 0 but for the self-test. */
  readonly replyDelayNs: number;
  /** Takes the note of a ping and returns that of the pong. */
  readonly onPing: (note: string) => string;
}

/**
 * The server: records one-way messages, answers requests and pings, until the client's shutdown.
 * @param first the type of a message that was received already, or null
 */
export function* answerMessages(
  channel: Channel,
  { echo, replyDelayNs, onPing }: AnswerOptions,
  first: number | null = null,
): Loop {
  const stretches = replyDelayNs > 0 ? null : channel.stretches;
  for (let type = first; ; type = null) {
    type ??= stretches === null ? channel.receive() : stretches.answerMany(echo);
    if (type === PENDING) type = yield* finishReceive(channel);
    expectSuccess(type);
    if (type === FRAME.oneWay) continue;
    if (type === FRAME.shutdown) return;
    if (replyDelayNs > 0 && type === FRAME.request) yield* pause(channel, replyDelayNs);
    let status: number;
    if (type === FRAME.request) status = channel.reply(echo);
    else if (type === FRAME.ping) status = channel.sendNote(FRAME.pong, onPing(channel.readNote()));
    else throw new ProtocolError(`frame type ${type} from a client`);
    if (status === PENDING) status = yield* finishSend(channel);
    expectSuccess(status);
  }
}

/** One frame before that moment, as performance.now() has it. A blocking channel is asked between frames alone: inside one it has
 * its own limit. */
function* receiveUntil(channel: Channel, endMs: number): Generator<Need, number, number> {
  const expectTime = () => {
    if (performance.now() > endMs) throw new ChannelError(TIMED_OUT);
  };
  expectTime();
  for (let type = channel.receive(); ; type = channel.receive()) {
    if (type !== PENDING) return type;
    const woken = yield NEED.readable;
    // Bytes that dribble in wake it for ever.
    expectTime();
    if (woken < 0) {
      const last = channel.receive();
      return last === PENDING ? woken : last;
    }
  }
}

/**
 * The server before it knows what is to be measured: answers pings for as long as `goOn` wants, which hears of everything that
 * came, and leaves anything else to others.
 * @param limitMs how long all of that may take
 */
export function* answerPings(
  channel: Channel,
  onPing: (note: string) => string,
  goOn: (type: number) => boolean,
  limitMs: number,
): Loop {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const type = yield* receiveUntil(channel, endMs);
    expectSuccess(type);
    let status = 0;
    if (type === FRAME.ping) status = channel.sendNote(FRAME.pong, onPing(channel.readNote()));
    if (status === PENDING) status = yield* finishSend(channel);
    expectSuccess(status);
    if (!goOn(type) || type !== FRAME.ping) return;
  }
}

/** An exchange outside all measuring: says something in a ping and hands the text of the server's pong to `onPong`. */
export function* exchangeNotes(channel: Channel, note: string, onPong: (note: string) => void): Loop {
  let status = channel.sendNote(FRAME.ping, note);
  if (status === PENDING) status = yield* finishSend(channel);
  expectSuccess(status);
  const type = yield* receive(channel);
  expectSuccess(type);
  if (type !== FRAME.pong) throw new ProtocolError(`frame type ${type} where a pong was due`);
  onPong(channel.readNote());
}
