import { CHANNEL_SETTINGS, SESSION_SETTINGS } from "../native/layout.ts";
import type { LedgerFile } from "../native/ledger.ts";
import { type Address, addressOf, native } from "../native/library.ts";
import { StructView } from "../native/struct-view.ts";
import type { WaitKind } from "../plan/run-plan.ts";
import { connectionError } from "./connection.ts";
import { type ConnectionSettings, nativeArrival } from "./settings.ts";

const NO_SHEET = 0xffffffff;
const NATIVE_WAIT: Readonly<Record<WaitKind, number>> = { block: 0, spin: 1, hybrid: 2 };

function sessionSettings(settings: ConnectionSettings, mechanism: number) {
  const session = new StructView(SESSION_SETTINGS);
  const channel = session.nested("channel", CHANNEL_SETTINGS);
  channel.set("mechanism", mechanism);
  channel.set("wait", NATIVE_WAIT[settings.wait]);
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
  return session;
}

/**
 * Opens a session of the shim, not yet connected.
 * @throws RunError
 */
export function openSession(settings: ConnectionSettings, ledger: LedgerFile, mechanism: number): Address {
  const session = sessionSettings(settings, mechanism);
  const address = addressOf(native().session_open(session.bytes, ledger.address));
  if (address === null) throw connectionError(settings, "open", session.getNumber("error"));
  return address;
}

/** Makes an open session measure by these settings' terms; where the peers meet stays as it is. 0 or an error of errno.ts. */
export function agreeOn(session: Address, settings: ConnectionSettings): number {
  return native().session_agree(session, sessionSettings(settings, 0).bytes);
}
