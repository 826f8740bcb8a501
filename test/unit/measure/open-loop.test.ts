import { describe, expect, test } from "bun:test";
import { NEED } from "../../../src/channel/channel.ts";
import { ProtocolError } from "../../../src/channel/failures.ts";
import { MessageIds } from "../../../src/measure/message-ids.ts";
import { sendOnSchedule } from "../../../src/measure/open-loop.ts";
import { CLOSED, PENDING } from "../../../src/native/errno.ts";
import { DUE, FRAME, WINDOW_OVER } from "../../../src/native/numbers.ts";
import { type Script, ScriptedChannel } from "./scripted-channel.ts";

const { response } = FRAME;
const reply = { status: DUE.received, type: response };

async function send(script: Script, roundTrip: boolean, count = 2) {
  const channel = new ScriptedChannel(script);
  const ids = new MessageIds({ warmupCount: 0, canary: false, messageCount: count });
  await sendOnSchedule(channel, { roundTrip, ids, sendDelayNs: 0 });
  return channel;
}

const due = (id: number, result: number = DUE.now) => `due ${id}: ${result}`;

describe("one way on schedule", () => {
  test("each message goes when it is due", async () => {
    const { log } = await send({}, false);
    expect(log).toEqual([due(0), "send 0 as 0", due(1), "send 1 as 0"]);
  });

  test("the event loop sleeps until a message is due", async () => {
    const { log, needs } = await send({ due: [PENDING, PENDING, DUE.now] }, false, 1);
    expect(needs).toEqual([NEED.pause, NEED.pause]);
    expect(log.at(-1)).toBe("send 0 as 0");
  });

  test("what is due after the window does not go", async () => {
    const { log } = await send({ due: [DUE.now, DUE.windowOver] }, false, 9);
    expect(log).toEqual([due(0), "send 0 as 0", due(1, DUE.windowOver)]);
  });

  test("the window's end ends the sending", async () => {
    const { log } = await send({ sent: { 0: WINDOW_OVER } }, false, 9);
    expect(log).toEqual([due(0), "send 0 as 0"]);
  });
});

describe("round trips on schedule", () => {
  test("requests do not wait for replies, and the last replies are still taken in", async () => {
    const { log } = await send({ arriving: [response, response] }, true);
    expect(log).toEqual([due(0), "send 0 as 1 now", due(1), "send 1 as 1 now", "receive 2", "receive 2"]);
  });

  test("as many replies are awaited as requests are unanswered", async () => {
    const { log } = await send({ due: [DUE.now, reply, DUE.now], arriving: [response] }, true);
    expect(log).toEqual([due(0), "send 0 as 1 now", due(1, DUE.received), due(1), "send 1 as 1 now", "receive 2"]);
  });

  test("too soon to sleep, the event loop takes a turn", async () => {
    const { needs } = await send({ due: [DUE.soon, DUE.soon, DUE.now], arriving: [response] }, true, 1);
    expect(needs).toEqual([NEED.turn, NEED.turn]);
  });

  test("the event loop sleeps until a reply comes or a request is due", async () => {
    const { needs } = await send({ due: [PENDING, DUE.now], arriving: [response] }, true, 1);
    expect(needs).toEqual([NEED.readable + NEED.pause]);
  });

  test("without room for a request replies are taken in first", async () => {
    const pendings = (call: number) => (call === 1 ? 2 : 0);
    const { log, needs } = await send({ pendings, arriving: [response, response] }, true);
    expect(log).toEqual([due(0), "send 0 as 1 now", due(1), "receive 2", "receive 2", "send 1 as 1 now"]);
    expect(needs).toEqual([]);
  });

  test("without room and without replies the event loop waits for either", async () => {
    const channel = send({ pendings: (call) => (call === 0 ? 1 : 0), woken: { 0: CLOSED } }, true, 1);
    await expect(channel).rejects.toMatchObject({ status: CLOSED });
  });

  test("a wait for the moment that failed is passed over while replies still come", async () => {
    const script = { due: [DUE.now, PENDING, reply, DUE.now], arriving: [response], woken: { 0: CLOSED } };
    const { log } = await send(script, true);
    expect(log.slice(-3)).toEqual([due(1), "send 1 as 1 now", "receive 2"]);
  });

  test("it ends the loop once nothing has come, also when the moment has", async () => {
    for (const next of [PENDING, DUE.now]) {
      const ended = send({ due: [PENDING, next], woken: { 0: CLOSED } }, true, 1);
      await expect(ended).rejects.toMatchObject({ status: CLOSED });
    }
  });

  test("a frame that is no response ends the loop", async () => {
    await expect(send({ due: [DUE.now, { ...reply, type: FRAME.ping }] }, true)).rejects.toBeInstanceOf(ProtocolError);
    await expect(send({ arriving: [FRAME.pong] }, true, 1)).rejects.toBeInstanceOf(ProtocolError);
  });

  test("an error while waiting for the moment ends the loop", async () => {
    await expect(send({ due: [CLOSED] }, true)).rejects.toMatchObject({ status: CLOSED });
  });
});
