/** Both sides of the reference tool, as far as they show on the wire. */
import { body, type Frame, monotonicNs, TYPE, UNRECORDED } from "./frames.ts";
import type { Wire } from "./wire.ts";

const NOTHING = new Uint8Array(0);

export interface ServedMessages {
  readonly oneWay: bigint[];
  readonly requests: bigint[];
  readonly pings: number;
  readonly hasShutDown: boolean;
  /** Ns, of one-way messages. */
  readonly latencies: bigint[];
}

/** Its server: answers requests and pings with nothing in them, ends on a shutdown. */
export async function serveAsReference(wire: Wire): Promise<ServedMessages> {
  const seen = { oneWay: [] as bigint[], requests: [] as bigint[], pings: 0, latencies: [] as bigint[] };
  for (let frame = await wire.receive(); frame !== null; frame = await wire.receive()) {
    const { id, timestampNs, type } = frame;
    if (type === TYPE.shutdown) {
      wire.close();
      return { ...seen, hasShutDown: true };
    }
    if (type === TYPE.oneWay && id !== UNRECORDED) {
      seen.oneWay.push(id);
      seen.latencies.push(monotonicNs() - timestampNs);
    }
    if (type === TYPE.request && id !== UNRECORDED) seen.requests.push(id);
    if (type === TYPE.request) await wire.send(body({ id, payload: NOTHING, type: TYPE.response }));
    if (type === TYPE.ping) {
      seen.pings++;
      await wire.send(body({ id, payload: NOTHING, type: TYPE.pong }));
    }
  }
  return { ...seen, hasShutDown: false };
}

export interface ReferenceClientOptions {
  readonly messageBytes: number;
  readonly warmup: number;
  readonly oneWay: number;
  readonly roundTrips: number;
}

/** Its standalone client: warms up with unrecorded requests, then both tests over the one connection, then a shutdown. */
export async function runReferenceClient(wire: Wire, options: ReferenceClientOptions): Promise<Frame[]> {
  const payload = new Uint8Array(options.messageBytes);
  const replies: Frame[] = [];
  const ask = async (id: bigint) => {
    await wire.send(body({ id, payload, type: TYPE.request }));
    const reply = await wire.receive();
    if (reply === null) throw new Error("the server went away");
    replies.push(reply);
  };
  for (let i = 0; i < options.warmup; i++) await ask(UNRECORDED);
  if (options.oneWay > 0) await wire.send(body({ id: UNRECORDED, payload, type: TYPE.oneWay }));
  for (let i = 0; i < options.oneWay; i++) await wire.send(body({ id: BigInt(i), payload, type: TYPE.oneWay }));
  if (options.roundTrips > 0) await ask(UNRECORDED);
  for (let i = 0; i < options.roundTrips; i++) await ask(BigInt(i));
  await wire.send(body({ id: UNRECORDED, payload: NOTHING, type: TYPE.shutdown }));
  wire.close();
  return replies;
}
