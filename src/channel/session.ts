import { CHANNEL_SETTINGS, SESSION_SETTINGS } from "../native/layout.ts";
import type { LedgerFile } from "../native/ledger.ts";
import { type Address, addressOf, native } from "../native/library.ts";
import { NO_SHEET, WAIT } from "../native/numbers.ts";
import { StructView } from "../native/struct-view.ts";
import type { ArrivalPlan } from "../plan/run-plan.ts";
import { type ConnectionEffective, readEffective } from "./effective.ts";
import { connectionError, expectSuccess } from "./failures.ts";
import { type ConnectionSettings, nativeArrival } from "./settings.ts";

function sessionSettings(settings: ConnectionSettings, mechanism: number) {
  const session = new StructView(SESSION_SETTINGS);
  const channel = session.nested("channel", CHANNEL_SETTINGS);
  channel.set("mechanism", mechanism);
  channel.set("wait", WAIT[settings.wait]);
  channel.set("spin_ns", settings.spinNs);
  channel.set("silence_ns", BigInt(settings.silenceMs) * 1_000_000n);
  channel.set("buffer_bytes", settings.bufferBytes ?? 0);
  channel.set("port", settings.port);
  channel.set("priority", settings.pmqPriority);
  channel.set("queue_depth", settings.queueDepth ?? 0);
  channel.setText("endpoint", settings.endpoint);
  session.set("payload_bytes", settings.messageBytes);
  session.set("reply_payload_bytes", settings.replyBytes);
  session.set("duration_ns", settings.durationNs ?? 0);
  const { rateMicrohertz, kind, burst } = nativeArrival(settings.arrival);
  session.set("rate_microhertz", rateMicrohertz);
  session.set("arrival", kind);
  session.set("burst", burst);
  session.set("seed", settings.seed);
  session.set("blocking", settings.mode === "blocking" ? 1 : 0);
  session.set("sheet", settings.sheet);
  session.set("peer_sheet", settings.peerSheet ?? NO_SHEET);
  session.set("trusts_peer", settings.trustsPeer ? 1 : 0);
  session.set("clocks_differ", settings.clocksDiffer ? 1 : 0);
  session.set("sends_requests", settings.sendsRequests ? 1 : 0);
  return session;
}

/**
 * The shim's end of a connection, as those see it who set it up; the measuring loops see its channel. Steps of setting up return 0,
 * PENDING or an error of errno.ts.
 */
export class Session {
  readonly #shim = native();
  /** Hears by which terms the session measures from now on. */
  onAgreed: (terms: ConnectionSettings) => void = () => {};

  /** @param address owned by this object; another thread may take it over in one of its own */
  constructor(readonly address: Address) {}

  /** One that is not connected yet. @throws RunError */
  static open(settings: ConnectionSettings, ledger: LedgerFile, mechanism: number): Session {
    const session = sessionSettings(settings, mechanism);
    const address = addressOf(native().session_open(session.bytes, ledger.address));
    if (address === null) throw connectionError(settings, "open", session.getNumber("error"));
    return new Session(address);
  }

  listen(): number {
    return this.#shim.session_listen(this.address);
  }

  /** Listens where `before` did, which has had its client. */
  listenAfter(before: Session): number {
    return this.#shim.session_listen_after(this.address, before.address);
  }

  accept(sliceMs: number): number {
    return this.#shim.session_accept(this.address, sliceMs);
  }

  connect(): number {
    return this.#shim.session_connect(this.address);
  }

  /** The peers have met: the name they met at is removed from the system. */
  unlinkName(): void {
    this.#shim.session_unlink(this.address);
  }

  effective(): ConnectionEffective & { port: number; isLocal: boolean } {
    return readEffective((effective) => this.#shim.session_effective(this.address, effective));
  }

  /** Measures by other terms from now on; where the peers meet stays as it is. Not while messages are under way. @throws ChannelError */
  agree(terms: ConnectionSettings): void {
    expectSuccess(this.#shim.session_agree(this.address, sessionSettings(terms, 0).bytes));
    this.onAgreed(terms);
  }

  /** The schedule of a peer that is only known now that it has come; null: closed loop. Before the first message. @throws ChannelError */
  useSchedule(arrival: ArrivalPlan | null, seed: number): void {
    const { rateMicrohertz, kind, burst } = nativeArrival(arrival);
    expectSuccess(this.#shim.session_use_schedule(this.address, rateMicrohertz, kind, burst, seed));
  }

  /** Where this side keeps its ledger from now on, and its peer; null: the peer keeps it elsewhere. @throws ChannelError */
  useSheets(sheet: number, peerSheet: number | null): void {
    expectSuccess(this.#shim.session_use_sheets(this.address, sheet, peerSheet ?? -1));
  }

  /**
   * The measured phase begins with the next message.
   * @param shiftNs of several clients that begin at once: how much later than the first; null: this one is alone, or a server
   */
  start(shiftNs: number | null): void {
    this.#shim.session_start(this.address, shiftNs ?? -1);
  }

  /** After the last message: leaves the CPU to the peer until it has taken all of them in, a tenth of a second at most. */
  rest(): void {
    this.#shim.session_rest(this.address);
  }

  /** Length of the payload of the message just received. */
  payloadBytes(): number {
    return this.#shim.session_payload_bytes(this.address);
  }

  close(): void {
    this.#shim.session_close(this.address);
  }
}
