import { describe, expect, test } from "bun:test";
import { NEED, UNRECORDED_ID } from "../../../src/channel/channel.ts";
import { ChannelError, ProtocolError } from "../../../src/channel/failures.ts";
import { answerMessages, answerPings, exchangeNotes, sendMessages, shutDown } from "../../../src/measure/loops.ts";
import { MessageIds } from "../../../src/measure/message-ids.ts";
import { CANCELED, CLOSED, MALFORMED, PEER_DIED, TIMED_OUT } from "../../../src/native/errno.ts";
import { FRAME, NO_REPLY, WINDOW_OVER } from "../../../src/native/numbers.ts";
import { type Script, ScriptedChannel } from "./scripted-channel.ts";

async function send(
  script: Script,
  options: { count: number; roundTrip?: boolean; sendDelayNs?: number; canary?: boolean },
): Promise<ScriptedChannel> {
  const channel = new ScriptedChannel(script);
  const { count, roundTrip = false, sendDelayNs = 0, canary = false } = options;
  const ids = new MessageIds({ warmupCount: 0, canary, messageCount: count });
  await sendMessages(channel, { roundTrip, ids, sendDelayNs });
  await shutDown(channel);
  return channel;
}

async function answer(script: Script, options: { echo?: boolean } = {}) {
  const channel = new ScriptedChannel(script);
  const onPing = (note: string) => `pong to ${note}`;
  await answerMessages(channel, { echo: options.echo ?? true, replyDelayNs: 0, onPing });
  return channel;
}

/** Every way in which each of `calls` calls says PENDING not at all, once or twice. */
function* allPendings(calls: number): Generator<number[]> {
  for (let code = 0; code < 3 ** calls; code++) {
    yield Array.from({ length: calls }, (_, call) => Math.floor(code / 3 ** call) % 3);
  }
}

const failed = (running: Promise<unknown>) =>
  running.then(
    () => null,
    (error: unknown) => error as ChannelError,
  );

describe("a blocking channel", () => {
  const goodbye = `send ${UNRECORDED_ID} as 5`;

  test("sends what belongs together in one call, pauses included, but none around the canary", async () => {
    const options = { count: 3, roundTrip: true, sendDelayNs: 7, canary: true };
    const { log } = await send({ isBlocking: true }, options);
    expect(log).toEqual(["send 1 from -1 as 1, pauses of 0", "send 3 from 0 as 1, pauses of 7", goodbye]);
  });

  test("sends without a count until the window is over", async () => {
    const { log } = await send({ isBlocking: true, stretches: [WINDOW_OVER] }, { count: Infinity });
    expect(log).toEqual(["send Infinity from 0 as 0, pauses of 0", goodbye]);
  });

  test("names a frame that came in place of a response", async () => {
    const script = { isBlocking: true, stretches: [{ status: NO_REPLY, type: FRAME.pong }] };
    const error = await failed(send(script, { count: 5, roundTrip: true }));
    expect(String(error)).toBe("ProtocolError: frame type 4 where a response was due");
  });

  test("ends with the error of a stretch", async () => {
    const error = await failed(send({ isBlocking: true, stretches: [PEER_DIED] }, { count: 5 }));
    expect(error).toMatchObject({ status: PEER_DIED });
  });

  test("answers in stretches between notes", async () => {
    const script = {
      isBlocking: true,
      stretches: [FRAME.ping, FRAME.ping, FRAME.shutdown],
      notes: ["a", "b"],
    };
    const between = "answer, echo";
    expect((await answer(script)).log).toEqual([between, "note 4 pong to a", between, "note 4 pong to b", between]);
    expect((await answer({ isBlocking: true, stretches: [FRAME.shutdown] }, { echo: false })).log).toEqual([
      "answer, ack",
    ]);
  });

  test("fails where answering fails", async () => {
    const script = { isBlocking: true, stretches: [MALFORMED] };
    expect(await failed(answer(script))).toMatchObject({ status: MALFORMED });
  });
});

describe("sending one way", () => {
  const order = ["send 0 as 0", "send 1 as 0", "send 2 as 0", `send ${UNRECORDED_ID} as 5`];

  test("hands over one message after the other and ends with a shutdown", async () => {
    expect((await send({}, { count: 3 })).log).toEqual(order);
  });

  test("does the same however often each call is not ready", async () => {
    for (const pendings of allPendings(4)) {
      const channel = await send({ pendings: (call) => pendings[call]! }, { count: 3 });
      expect(channel.log).toEqual(order);
      expect(channel.needs).toEqual(pendings.flatMap((count) => Array<number>(count).fill(NEED.writable)));
    }
  });

  test("stops at the end of the window", async () => {
    const { log } = await send({ sent: { 1: WINDOW_OVER } }, { count: 100 });
    expect(log).toEqual(["send 0 as 0", "send 1 as 0", "send -1 as 5"]);
  });

  test("stops at the end of the window also when the send had to wait", async () => {
    const { log } = await send({ sent: { 1: WINDOW_OVER }, pendings: () => 2 }, { count: 100 });
    expect(log).toEqual(["send 0 as 0", "send 1 as 0", "send -1 as 5"]);
  });

  test("pauses between messages, not after the last", async () => {
    const { log } = await send({}, { count: 3, sendDelayNs: 500 });
    expect(log.filter((entry) => entry.startsWith("pause"))).toEqual(["pause 500", "pause 500"]);
  });

  test("lets the event loop sleep through a pause", async () => {
    const pendings = (call: number) => (call === 1 || call === 3 ? 1 : 0);
    const { needs } = await send({ pendings }, { count: 3, sendDelayNs: 500 });
    expect(needs).toEqual([NEED.pause, NEED.pause]);
  });

  test("stops when the window ends during a pause", async () => {
    const { log } = await send({ paused: WINDOW_OVER }, { count: 9, sendDelayNs: 500 });
    expect(log).toEqual(["send 0 as 0", "pause 500", "send -1 as 5"]);
  });
});

describe("round trips", () => {
  const arriving = [FRAME.response, FRAME.response];
  const order = ["send 0 as 1", "receive 2", "send 1 as 1", "receive 2", "send -1 as 5"];

  test("wait for each reply before the next request, however often calls are not ready", async () => {
    for (const pendings of allPendings(5)) {
      const channel = await send({ arriving, pendings: (call) => pendings[call]! }, { count: 2, roundTrip: true });
      expect(channel.log).toEqual(order);
      const needs = [NEED.writable, NEED.readable, NEED.writable, NEED.readable, NEED.writable];
      expect(channel.needs).toEqual(pendings.flatMap((count, call) => Array<number>(count).fill(needs[call]!)));
    }
  });

  test("receive the reply to the last request of the window", async () => {
    const { log } = await send({ arriving, sent: { 1: WINDOW_OVER } }, { count: 9, roundTrip: true });
    expect(log).toEqual(order);
  });

  test.each([FRAME.oneWay, FRAME.request, FRAME.ping, FRAME.pong, FRAME.shutdown])(
    "fail at a frame of type %d",
    async (type) => {
      const error = await failed(send({ arriving: [type] }, { count: 1, roundTrip: true }));
      expect(error).toBeInstanceOf(ProtocolError);
      expect(error!.message).toBe(`frame type ${type} where a response was due`);
    },
  );
});

describe("answering", () => {
  test("takes one-way messages in and says nothing", async () => {
    const { log } = await answer({ arriving: [FRAME.oneWay, FRAME.oneWay, FRAME.shutdown] });
    expect(log).toEqual(["receive 0", "receive 0", "receive 5"]);
  });

  test("echoes requests, or acknowledges them, however often calls are not ready", async () => {
    const arriving = [FRAME.request, FRAME.request, FRAME.shutdown];
    for (const [echo, label] of [
      [true, "echo"],
      [false, "ack"],
    ] as const) {
      for (const pendings of allPendings(5)) {
        const { log } = await answer({ arriving, pendings: (call) => pendings[call]! }, { echo });
        expect(log).toEqual(["receive 1", label, "receive 1", label, "receive 5"]);
      }
    }
  });

  test("gives a ping's note to its owner and sends back what that says", async () => {
    const { log } = await answer({ arriving: [FRAME.ping, FRAME.shutdown], notes: ["hello"] });
    expect(log).toEqual(["receive 3", `note ${FRAME.pong} pong to hello`, "receive 5"]);
  });

  test.each([FRAME.response, FRAME.pong])("fails at a frame of type %d", async (type) => {
    const error = await failed(answer({ arriving: [type] }));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error!.message).toBe(`frame type ${type} from a client`);
  });
});

describe("exchanging notes", () => {
  const hello = async (script: Script) => {
    const channel = new ScriptedChannel(script);
    const pong = await exchangeNotes(channel, "hello");
    return { log: channel.log, pong };
  };

  test("hands over the answer's note", async () => {
    const { log, pong } = await hello({ arriving: [FRAME.pong], notes: ["welcome"], pendings: () => 1 });
    expect(log).toEqual([`note ${FRAME.ping} hello`, "receive 4"]);
    expect(pong).toBe("welcome");
  });

  test("accepts an older tool's empty pong", async () => {
    expect((await hello({ arriving: [FRAME.pong] })).pong).toBe("");
  });

  test("fails at anything but a pong", async () => {
    expect(await failed(hello({ arriving: [FRAME.response] }))).toBeInstanceOf(ProtocolError);
  });
});

const ERRORS = [CANCELED, CLOSED, PEER_DIED, TIMED_OUT, MALFORMED];

describe.each(ERRORS)("the error %d", (status) => {
  test("of a send ends the loop", async () => {
    const error = await failed(send({ sent: { 1: status } }, { count: 3 }));
    expect(error).toMatchObject({ name: "ChannelError", status });
  });

  test("of a send that had to wait ends the loop", async () => {
    expect(await failed(send({ sent: { 1: status }, pendings: () => 1 }, { count: 3 }))).toMatchObject({
      status,
    });
  });

  test("of the shutdown ends the loop", async () => {
    expect(await failed(send({ sent: { 1: status } }, { count: 1 }))).toMatchObject({ status });
  });

  test("of a receive ends the loop, also after a wait", async () => {
    for (const pendings of [0, 1]) {
      const script = { arriving: [status], pendings: () => pendings };
      expect(await failed(send(script, { count: 1, roundTrip: true }))).toMatchObject({ status });
      expect(await failed(answer(script))).toMatchObject({ status });
    }
  });

  test("of a wait for room ends the loop", async () => {
    expect(await failed(send({ pendings: () => 1, woken: { 0: status } }, { count: 1 }))).toMatchObject({
      status,
    });
  });

  test("of a wait for a message ends the loop once nothing has come", async () => {
    const waiting = answer({ arriving: [FRAME.oneWay], pendings: (call) => call, woken: { 0: status } });
    expect(await failed(waiting)).toMatchObject({ status });
  });

  test("of a wait for a message is passed over while messages still come", async () => {
    const script = {
      arriving: [FRAME.oneWay, FRAME.shutdown],
      pendings: () => 1,
      woken: { 0: status, 1: status },
    };
    expect((await answer(script)).log).toEqual(["receive 0", "receive 5"]);
  });

  test("of a pause ends the loop", async () => {
    expect(await failed(send({ paused: status }, { count: 2, sendDelayNs: 1 }))).toMatchObject({ status });
  });

  test("of the wait for a pause's end ends the loop", async () => {
    const script = { pendings: (call: number) => call % 2, woken: { 0: status } };
    expect(await failed(send(script, { count: 2, sendDelayNs: 1 }))).toMatchObject({ status });
  });

  test("of an echo ends the loop", async () => {
    const script = { arriving: [FRAME.request, FRAME.shutdown], sent: { 0: status } };
    expect(await failed(answer(script))).toMatchObject({ status });
  });

  test("is worded", () => {
    expect(new ChannelError(status).message).toMatch(/^[a-z].{5,}/);
  });
});

describe("a greeting", () => {
  const greet = (script: Script, limitMs: number) => {
    const channel = new ScriptedChannel(script);
    const echo = (note: string) => note;
    return answerPings(channel, echo, () => true, limitMs);
  };

  test("of pings without end has one", async () => {
    const error = await failed(greet({ arriving: Array<number>(10).fill(FRAME.ping) }, -1));
    expect(error).toMatchObject({ status: TIMED_OUT });
  });

  test("goes on until there is something else", async () => {
    const arriving = [FRAME.ping, FRAME.ping, FRAME.oneWay];
    expect(await failed(greet({ arriving, isBlocking: true }, 1000))).toBeNull();
  });
});
