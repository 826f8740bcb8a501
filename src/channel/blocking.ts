import { type Address, native, type Shim } from "../native/library.ts";
import type { ArrivalPlan } from "../plan/run-plan.ts";
import type { Channel, Need, Stretches } from "./channel.ts";
import { expectSuccess } from "./failures.ts";
import { agreeOn } from "./session.ts";
import { type ConnectionSettings, NOTE_BYTES, nativeArrival } from "./settings.ts";

/** Every mechanism in blocking mode: each call is one synchronous call into the shim, which waits there. */
export class BlockingChannel implements Channel, Stretches {
  readonly stretches: Stretches | null = this;
  protected readonly shim: Shim = native();

  /** @param session an open session of the shim, connected or accepted; owned by this object. */
  constructor(readonly session: Address) {}

  send(id: number, type: number): number {
    return this.shim.session_send(this.session, id, type);
  }

  reply(withPayload: boolean): number {
    return this.shim.session_reply(this.session, withPayload ? 1 : 0);
  }

  sendMany(id: number, count: number, type: number, pauseNs: number): number {
    return this.shim.session_send_many(this.session, id, count, type, pauseNs);
  }

  answerMany(withPayload: boolean): number {
    return this.shim.session_answer_many(this.session, withPayload ? 1 : 0);
  }

  rest(): void {
    this.shim.session_rest(this.session);
  }

  sendNote(type: number, text: string): number {
    const note = Buffer.from(text);
    return this.shim.session_send_note(this.session, type, note, note.length);
  }

  flush(): number {
    return this.shim.session_flush(this.session);
  }

  receive(): number {
    return this.shim.session_receive(this.session);
  }

  payloadBytes(): number {
    return this.shim.session_payload_bytes(this.session);
  }

  readNote(): string {
    const note = Buffer.alloc(NOTE_BYTES);
    const bytes = this.shim.session_read_note(this.session, note, note.length);
    return bytes < 0 ? "" : note.toString("utf8", 0, bytes);
  }

  pause(lengthNs: number): number {
    return this.shim.session_pause(this.session, lengthNs);
  }

  endPause(): number {
    return this.shim.session_end_pause(this.session);
  }

  untilDue(id: number, receiving: boolean): number {
    return this.shim.session_until_due(this.session, id, receiving ? 1 : 0);
  }

  sendNow(id: number, type: number): number {
    return this.shim.session_send_now(this.session, id, type);
  }

  flushNow(): number {
    return this.shim.session_flush_now(this.session);
  }

  receiveSoon(): number {
    return this.shim.session_receive_soon(this.session);
  }

  agree(terms: ConnectionSettings): number {
    return agreeOn(this.session, terms);
  }

  start(shiftNs: number | null): void {
    this.shim.session_start(this.session, shiftNs ?? -1);
  }

  unlinkName(): void {
    this.shim.session_unlink(this.session);
  }

  useThread(): void {
    this.shim.session_use_thread(this.session);
  }

  useSchedule(arrival: ArrivalPlan | null, seed: number): void {
    const { rateMicrohertz, kind, burst } = nativeArrival(arrival);
    expectSuccess(this.shim.session_use_schedule(this.session, rateMicrohertz, kind, burst, seed));
  }

  useSheets(sheet: number, peerSheet: number | null): void {
    expectSuccess(this.shim.session_use_sheets(this.session, sheet, peerSheet ?? -1));
  }

  whenReady(_needs: Need, _resume: (status: number) => void): void {
    throw new Error("a blocking channel never asks to be called again");
  }

  async close(): Promise<void> {
    this.shim.session_close(this.session);
  }
}
