/**
 * The measuring loops, written once for both modes but for what goes on between two messages. Inside, a loop yields what it needs
 * whenever a call says PENDING, and is resumed with the status of that wait. A channel whose calls wait never says so: its loop runs
 * from end to end in one go, and takes the messages of a stretch in one call. Each loop rejects with a ChannelError or ProtocolError.
 */

import {
  type Messages,
  NEED,
  type Need,
  type Notes,
  type Stretches,
  UNRECORDED_ID,
  type Waits,
} from "../channel/channel.ts";
import { ChannelError, expectSuccess, ProtocolError } from "../channel/failures.ts";
import { PENDING, TIMED_OUT } from "../native/errno.ts";
import { FRAME, NO_REPLY, WINDOW_OVER } from "../native/numbers.ts";
import { END, type MessageIds } from "./message-ids.ts";

/** A loop, or a part of one, and what it comes to. */
export type Loop<T = void> = Generator<Need, T, number>;

/** Runs a loop to its end, in the event loop where it asks for that. Rejects with what the loop throws. */
export function runLoop<T>(loop: Loop<T>, channel: Waits): Promise<T> {
  return new Promise((resolve, reject) => {
    channel.useThread();
    const step = (status: number) => {
      try {
        const { done, value } = loop.next(status);
        if (done) resolve(value);
        else channel.whenReady(value, step);
      } catch (error) {
        reject(error);
      }
    };
    step(0);
  });
}

/** The rest of a send that returned PENDING; yields the send's own result through `return`. */
export function* finishSend(channel: Messages): Loop<number> {
  for (;;) {
    expectSuccess(yield NEED.writable);
    const status = channel.flush();
    if (status !== PENDING) return status;
  }
}

/** The rest of a receive that returned PENDING. What a peer sent before it went is still received. */
function* finishReceive(channel: Messages): Loop<number> {
  for (;;) {
    const woken = yield NEED.readable;
    const type = channel.receive();
    if (type !== PENDING) return type;
    expectSuccess(woken);
  }
}

export function* receive(channel: Messages): Loop<number> {
  const type = channel.receive();
  return type === PENDING ? yield* finishReceive(channel) : type;
}

function* pause(channel: Messages, lengthNs: number): Loop<number> {
  let status = channel.pause(lengthNs);
  if (status === PENDING) {
    expectSuccess(yield NEED.pause);
    status = channel.endPause();
  }
  expectSuccess(status);
  return status;
}

export function expectResponse(type: number): void {
  expectSuccess(type);
  if (type !== FRAME.response) throw new ProtocolError(`frame type ${type} where a response was due`);
}

export interface SendOptions {
  readonly roundTrip: boolean;
  readonly ids: MessageIds;
  /** Pause after each message, outside every measured interval. */
  readonly sendDelayNs: number;
}

/** The client, closed loop: sends the messages in their order, in round-trip tests each after the reply to the one before. */
export function sendMessages(channel: Messages, options: SendOptions): Promise<void> {
  return runLoop(closedLoop(channel, options), channel);
}

function* closedLoop(channel: Messages, options: SendOptions): Loop {
  if (channel.stretches !== null) return sendStretches(channel, channel.stretches, options);
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
    if (status !== WINDOW_OVER && sendDelayNs > 0 && ids.wantsPause) status = yield* pause(channel, sendDelayNs);
    if (status === WINDOW_OVER) ids.endWindow();
  }
}

function sendStretches(channel: Messages, stretches: Stretches, { roundTrip, ids, sendDelayNs }: SendOptions): void {
  const frameType = roundTrip ? FRAME.request : FRAME.oneWay;
  for (let stretch = ids.nextStretch(); stretch !== null; stretch = ids.nextStretch()) {
    const { id, count } = stretch;
    const status = stretches.sendMany(id, count, frameType, id === UNRECORDED_ID ? 0 : sendDelayNs);
    if (status === NO_REPLY) expectResponse(channel.receivedType());
    expectSuccess(status);
  }
}

/** The client's last message. */
export function shutDown(channel: Messages): Promise<void> {
  return runLoop(sendShutdown(channel), channel);
}

function* sendShutdown(channel: Messages): Loop {
  let status = channel.send(UNRECORDED_ID, FRAME.shutdown);
  if (status === PENDING) status = yield* finishSend(channel);
  expectSuccess(status);
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
export function answerMessages(channel: Notes, options: AnswerOptions, first: number | null = null): Promise<void> {
  return runLoop(answerLoop(channel, options, first), channel);
}

function* answerLoop(channel: Notes, { echo, replyDelayNs, onPing }: AnswerOptions, first: number | null): Loop {
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

/**
 * The server before it knows what is to be measured: answers pings for as long as `goOn` wants, and leaves anything else to others.
 * @param limitMs how long all of that may take
 * @returns the type of what came last
 */
export function answerPings(
  channel: Notes,
  onPing: (note: string) => string,
  goOn: () => boolean,
  limitMs: number,
): Promise<number> {
  return runLoop(pingLoop(channel, onPing, goOn, performance.now() + limitMs), channel);
}

function* pingLoop(channel: Notes, onPing: (note: string) => string, goOn: () => boolean, endMs: number): Loop<number> {
  for (;;) {
    const type = yield* receiveUntil(channel, endMs);
    expectSuccess(type);
    if (type !== FRAME.ping) return type;
    let status = channel.sendNote(FRAME.pong, onPing(channel.readNote()));
    if (status === PENDING) status = yield* finishSend(channel);
    expectSuccess(status);
    if (!goOn()) return type;
  }
}

/** One frame before that moment, as performance.now() has it. Where calls wait it is asked between frames alone: inside one they have
 * their own limit. */
function* receiveUntil(channel: Messages, endMs: number): Loop<number> {
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

/** An exchange outside all measuring: says something in a ping. @returns the text of the server's pong */
export function exchangeNotes(channel: Notes, note: string): Promise<string> {
  return runLoop(noteLoop(channel, note), channel);
}

function* noteLoop(channel: Notes, note: string): Loop<string> {
  let status = channel.sendNote(FRAME.ping, note);
  if (status === PENDING) status = yield* finishSend(channel);
  expectSuccess(status);
  const type = yield* receive(channel);
  expectSuccess(type);
  if (type !== FRAME.pong) throw new ProtocolError(`frame type ${type} where a pong was due`);
  return channel.readNote();
}
