import { NEED, type PacedMessages, UNRECORDED_ID } from "../channel/channel.ts";
import { ChannelError, expectSuccess } from "../channel/failures.ts";
import { PENDING } from "../native/errno.ts";
import { DUE, FRAME, WINDOW_OVER } from "../native/numbers.ts";
import { expectResponse, finishSend, type Loop, receive, runLoop, type SendOptions } from "./loops.ts";
import { END } from "./message-ids.ts";

/**
 * The client, open loop: each message goes at its moment of the absolute schedule, or at once when that has passed; replies are
 * read meanwhile and never hold up the next message.
 */
export function sendOnSchedule(channel: PacedMessages, options: SendOptions): Promise<void> {
  return runLoop(openLoop(channel, options), channel);
}

function* openLoop(channel: PacedMessages, { roundTrip, ids }: SendOptions): Loop {
  const replies = new Replies();
  const moment = roundTrip ? NEED.readable + NEED.pause : NEED.pause;
  for (let id = ids.next(); id !== END; id = ids.next()) {
    if (id === UNRECORDED_ID) {
      yield* sendUnrecorded(channel, roundTrip);
      continue;
    }
    let due = channel.untilDue(id, roundTrip);
    while (due !== DUE.now && due !== DUE.windowOver) {
      let woken = 0;
      if (due === DUE.received) replies.take(channel.receivedType());
      else if (due === DUE.soon) woken = yield NEED.turn;
      else if (due === PENDING) woken = yield moment;
      else throw new ChannelError(due);
      due = channel.untilDue(id, roundTrip);
      // A reply that came before the peer went is taken first; the next wait will tell of the end again.
      if (due === PENDING || (due >= 0 && due !== DUE.received)) expectSuccess(woken);
    }
    if (due === DUE.windowOver) break;
    let status = roundTrip ? channel.sendNow(id, FRAME.request) : channel.send(id, FRAME.oneWay);
    if (status === PENDING)
      status = yield* roundTrip ? finishSendWhileReceiving(channel, replies) : finishSend(channel);
    expectSuccess(status);
    replies.expectOne();
    if (status === WINDOW_OVER) ids.endWindow();
  }
  while (roundTrip && replies.missing > 0) replies.take(yield* receive(channel));
}

/** Replies under way. */
class Replies {
  missing = 0;

  expectOne(): void {
    this.missing++;
  }

  /** @param type of what came. @throws ChannelError, ProtocolError if that is no reply */
  take(type: number): void {
    expectResponse(type);
    this.missing--;
  }
}

/** One message out of schedule, with its reply: warm-up and canary. */
function* sendUnrecorded(channel: PacedMessages, roundTrip: boolean): Loop {
  let status = channel.send(UNRECORDED_ID, roundTrip ? FRAME.request : FRAME.oneWay);
  if (status === PENDING) status = yield* finishSend(channel);
  expectSuccess(status);
  if (roundTrip) expectResponse(yield* receive(channel));
}

/**
 * The rest of a request for which there was no room. Replies are taken in meanwhile: were they left unread, both sides might wait for
 * room for ever.
 */
function* finishSendWhileReceiving(channel: PacedMessages, replies: Replies): Loop<number> {
  for (let woken = 0; ; ) {
    const type = channel.receiveSoon();
    if (type !== PENDING) {
      replies.take(type);
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
