/** Peers that hand over frames of their own making, whole or in pieces, right or wrong. */
import { toArrayBuffer } from "bun:ffi";
import { once } from "node:events";
import { connect as connectNet, type Socket } from "node:net";
import { Session } from "../../src/channel/session.ts";
import { type ConnectionSettings, frameBytesOf, nativeMechanismOf } from "../../src/channel/settings.ts";
import { PENDING } from "../../src/native/errno.ts";
import { CLIENT_SHEET, LedgerFile, SERVER_SHEET } from "../../src/native/ledger.ts";
import { type Address, addressOf, native } from "../../src/native/library.ts";
import { MECHANISM } from "../../src/native/numbers.ts";
import { type Overrides, type Row, settingsOf } from "./channels.ts";
import { countsOf, ledgerPathOf } from "./pair.ts";
import { giveBack, type Peer, takePeer } from "./peer-process.ts";

/** Where the parts of a frame lie, its length included. */
export const AT = { length: 0, id: 4, payloadLength: 20, payload: 28 } as const;

/** A client's side of the shim, whose frames are changed after they were built. */
export class RawSession {
  readonly #session: Address;
  readonly #out: Uint8Array;

  private constructor(settings: ConnectionSettings, ledger: LedgerFile, mechanism: number) {
    this.#session = Session.open({ ...settings, mode: "async" }, ledger, mechanism).address;
    const out = addressOf(native().session_out(this.#session))!;
    this.#out = new Uint8Array(toArrayBuffer(out, 0, frameBytesOf(settings)));
  }

  /** One that is connected to nobody: it only builds frames. */
  static unconnected(messageBytes: number, row: Row): RawSession {
    const raw = new RawSession(settingsOf(row, { messageBytes }), LedgerFile.private(1), MECHANISM.fed);
    native().session_connect(raw.#session);
    return raw;
  }

  static connect(settings: ConnectionSettings, ledger: LedgerFile): RawSession {
    const raw = new RawSession(settings, ledger, nativeMechanismOf(settings.mechanism, settings.shmDirect));
    const status = native().session_connect(raw.#session);
    if (status !== 0) throw new Error(`can't connect: ${status}`);
    return raw;
  }

  /** The bytes of the message `id` as the shim would send them. */
  frame(id: number, type: number): Buffer {
    const frameBytes = native().session_begin_send(this.#session, id, type);
    const frame = Buffer.from(this.#out.subarray(0, frameBytes));
    native().session_end_send(this.#session);
    return frame;
  }

  async send(id: number, type: number, change: (frame: Buffer) => void = () => {}): Promise<void> {
    const frameBytes = native().session_begin_send(this.#session, id, type);
    const before = Buffer.from(this.#out.subarray(0, frameBytes));
    change(Buffer.from(this.#out.buffer, this.#out.byteOffset, frameBytes));
    let status = native().session_flush(this.#session);
    while (status === PENDING) {
      await Bun.sleep(1);
      status = native().session_flush(this.#session);
    }
    if (status < 0) throw new Error(`can't send: ${status}`);
    this.#out.set(before);
  }

  close(): void {
    native().session_close(this.#session);
  }
}

export interface Subject {
  readonly server: Peer;
  readonly settings: ConnectionSettings;
  readonly ledger: LedgerFile;
  counts(): ReturnType<typeof countsOf>;
}

/** A server process that waits for its client; the client is the caller's business. */
export async function withSubject(
  row: Row,
  overrides: Overrides,
  body: (subject: Subject) => Promise<void>,
): Promise<void> {
  const ledger = LedgerFile.create(2);
  const server = takePeer();
  try {
    const settings = settingsOf(row, overrides);
    const asServer = { ...settings, sheet: SERVER_SHEET };
    const { port } = await server.ask({ do: "listen", settings: asServer, ledgerPath: ledgerPathOf(ledger) });
    const asClient = { ...settings, port, sheet: CLIENT_SHEET };
    await body({ server, settings: asClient, ledger, counts: () => countsOf(ledger, SERVER_SHEET) });
    await server.ask({ do: "close" });
    await giveBack(server);
  } catch (error) {
    await server.kill();
    throw error;
  } finally {
    ledger.close();
  }
}

/** The same, with a raw session of this process connected to it. */
export function withRawSession(
  row: Row,
  overrides: Overrides,
  body: (subject: Subject & { raw: RawSession }) => Promise<void>,
): Promise<void> {
  return withSubject(row, overrides, async (subject) => {
    const raw = RawSession.connect(subject.settings, subject.ledger);
    try {
      await subject.server.ask({ do: "accept", deadlineMs: 5000 });
      await body({ ...subject, raw });
    } finally {
      raw.close();
    }
  });
}

/** The same, with a plain socket connected to it. */
export function withRawSocket(
  row: Row,
  overrides: Overrides,
  body: (subject: Subject & { socket: Socket }) => Promise<void>,
): Promise<void> {
  return withSubject(row, overrides, async (subject) => {
    const { mechanism, endpoint, port } = subject.settings;
    const socket = mechanism === "uds" ? connectNet(endpoint) : connectNet(port, endpoint);
    socket.setNoDelay(true);
    socket.on("error", () => {});
    try {
      await once(socket, "connect");
      await subject.server.ask({ do: "accept", deadlineMs: 5000 });
      await body({ ...subject, socket });
    } finally {
      socket.destroy();
    }
  });
}

/** Small seeded random numbers (mulberry32), so that a failure can be repeated. */
export function randomFrom(seed: number): (end: number) => number {
  let state = seed >>> 0;
  return (end) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) % end;
  };
}
