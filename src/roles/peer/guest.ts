/** Serves one client that another command started: agrees with it on the test, measures, and reports to it. In whatever thread. */

import type { ConnectionEnd } from "../../channel/connection.ts";
import { ProtocolError } from "../../channel/failures.ts";
import { answerMessages, answerPings } from "../../measure/loops.ts";
import { expectPinned } from "../../native/cpus.ts";
import { clientSheetOf, type LedgerFile, serverSheetOf } from "../../native/ledger.ts";
import { native } from "../../native/library.ts";
import { FRAME } from "../../native/numbers.ts";
import { connectionSilenceMs, guestSilenceMsOf } from "../../plan/silence-limits.ts";
import type { EffectiveReport, GuestNews, RoleSettings, StandaloneServer } from "../../protocol/control.ts";
import { clockDifference } from "../../protocol/peer/clock-facts.ts";
import { helloDifference, ownHello, processInWords } from "../../protocol/peer/hello.ts";
import type { ClientEnd, Hello, Question, Terms } from "../../protocol/peer/note-schema.ts";
import { asciiJson, noteText, partsOf, readQuestion, refusal } from "../../protocol/peer/notes.ts";
import { reportSheet } from "../../protocol/peer/report.ts";
import { differences } from "../../protocol/peer/terms.ts";
import { differ, UsageMeter, type UsageReading } from "../../system/usage.ts";
import type { UsageFigures } from "../../system/usage-schema.ts";
import { connectionSettingsOf } from "../context.ts";

export interface Guest {
  readonly connection: ConnectionEnd;
  readonly settings: RoleSettings;
  readonly standalone: StandaloneServer;
  readonly ledger: LedgerFile;
  /** It runs on this kernel, whatever it says. */
  readonly isLocal: boolean;
  /** Which pair of sheets is its own. */
  readonly slot: number;
  readonly effective: EffectiveReport;
  /** Thread that serves it, as /proc numbers it; null: the main one. */
  readonly thread: string | null;
  readonly tell: (news: GuestNews) => void;
}

/** How long all may take before a test is agreed upon, also for one who says something all the while. */
const GREETING_MS = 10_000;

/** A talk goes through these in order, one question each; what it is told twice would be set up over what is under way. */
const STAGES = ["hello", "terms", "start", "report", "part"] as const;

/** Of a signed 64-bit clock. */
const LATEST_NS = 2n ** 63n - 1n;

/** A conversation with one client. */
class Conversation {
  readonly #guest: Guest;
  /** It takes milliseconds to set up, which those who bring no test are not worth. */
  #meter: UsageMeter | null = null;
  #hello: Hello | null = null;
  /** How many of STAGES are behind it. */
  #stage = 0;
  #isRefused = false;
  #parts: string[] = [];
  #opening: UsageReading | null = null;
  #clocksDiffer = false;
  #startedNs = 0n;
  terms: Terms | null = null;
  usage: UsageFigures | null = null;

  constructor(guest: Guest) {
    this.#guest = guest;
  }

  /** What was said makes it a client of this program. */
  get isOwn(): boolean {
    return this.#hello !== null;
  }

  get hasReported(): boolean {
    return this.#parts.length > 0;
  }

  /** The pong's text for a ping's. @throws ProtocolError */
  answer(note: string): string {
    // Each refusal is told on the terminal: there is one, and then nothing to talk about.
    if (this.#isRefused) throw new ProtocolError("the client went on after it was refused");
    // As another tool says it, to see whether somebody is there.
    if (note === "") return "";
    const question = readQuestion(note);
    if (question === null) return this.#refuseAnotherVersion();
    this.#advance(question);
    if ("hello" in question) return this.#greet(question.hello);
    if (this.#hello === null) throw new ProtocolError("the client did not say hello");
    if ("terms" in question) return this.#agree(question.terms, this.#hello);
    return this.#serve(question);
  }

  /** @throws ProtocolError if it is not what comes next */
  #advance(question: Question): void {
    const due = STAGES[this.#stage]!;
    if (!(due in question)) throw new ProtocolError(`the client did not send ${due} when it was due`);
    if (due !== "part") this.#stage++;
  }

  /** Another version may ask what this one does not know. @throws ProtocolError if it is none */
  #refuseAnotherVersion(): string {
    const reasons = this.#hello === null ? [] : helloDifference(this.#hello);
    if (this.#hello === null || reasons.length === 0)
      throw new ProtocolError("the client sent a ping without a question");
    return this.#refuse(this.#hello, reasons);
  }

  #refuse(hello: Hello, reasons: readonly string[]): string {
    this.#isRefused = true;
    this.#guest.tell({ type: "refused", who: processInWords(hello), reasons });
    return noteText(refusal(reasons));
  }

  #greet(hello: Hello): string {
    this.#hello = hello;
    return noteText({ hello: ownHello(this.#guest.settings) });
  }

  #agree(terms: Terms, hello: Hello): string {
    const { settings, standalone, connection, slot, thread, tell } = this.#guest;
    const reasons = [
      ...helloDifference(hello),
      ...differences(terms, standalone.demands, settings.mechanism, settings.messageBytes),
    ];
    if (reasons.length > 0) return this.#refuse(hello, reasons);
    const clocks = clockDifference(ownHello(settings).clock, hello.clock);
    const agreed = {
      ...settings,
      ...terms,
      silenceMs: connectionSilenceMs(guestSilenceMsOf(terms), terms.concurrency),
    };
    this.#clocksDiffer = clocks !== null;
    connection.session.agree({
      ...connectionSettingsOf(agreed, serverSheetOf(slot), null),
      clocksDiffer: this.#clocksDiffer,
    });
    this.terms = terms;
    this.#meter = new UsageMeter({ cpus: settings.cpu === null ? [] : [settings.cpu] });
    if (thread !== null) this.#meter.followThreads([thread]);
    tell({ type: "agreed", terms, who: `${processInWords(hello)}, ${hello.mode}`, clocks });
    return noteText({ agreed: true });
  }

  #serve(question: Question): string {
    const { connection, ledger, slot } = this.#guest;
    if ("start" in question) {
      this.#opening = this.#meter?.readOpening() ?? null;
      this.#startedNs = native().clock_monotonic_ns();
      connection.session.start(null);
      // The client's own sheet lies elsewhere; rows of single messages take the offset between the clocks from it.
      const offset = ledger.sheet(serverSheetOf(slot)).get("realtime_offset_ns");
      ledger.sheet(clientSheetOf(slot)).set("realtime_offset_ns", offset);
      return "";
    }
    if ("report" in question) {
      this.#end(question.report);
      return noteText({ parts: this.#parts.length });
    }
    const part = "part" in question ? this.#parts[question.part] : undefined;
    if (part === undefined) throw new ProtocolError("the client asked for a part of the report that does not exist");
    return part;
  }

  /** Its sends lie between its two notes, as far as its clock is this one. @throws ProtocolError */
  #checkTimes({ firstSendNs, lastSendNs, scheduleStartNs, scheduledSpanNs }: ClientEnd): void {
    const span = BigInt(scheduledSpanNs);
    if (span < 0n || span > LATEST_NS) throw new ProtocolError("the client sent an impossible schedule");
    if (firstSendNs === null || lastSendNs === null) return;
    const [first, last] = [BigInt(firstSendNs), BigInt(lastSendNs)];
    const start = BigInt(scheduleStartNs ?? firstSendNs);
    if (start < 0n || start > first) throw new ProtocolError("the client sent an impossible schedule");
    const isWithin = this.#clocksDiffer || (first >= this.#startedNs && last <= native().clock_monotonic_ns());
    if (first < 0n || last > LATEST_NS || first > last || !isWithin)
      throw new ProtocolError("the client reported impossible send times");
  }

  /** The client has sent all and says how much that was. */
  #end(end: ClientEnd): void {
    this.#checkTimes(end);
    if (this.#guest.settings.cpu !== null) expectPinned(this.#guest.settings.cpu);
    const { sent, firstSendNs, lastSendNs, scheduleStartNs, scheduledSpanNs } = end;
    const { ledger, slot, effective } = this.#guest;
    const closing = this.#meter?.readClosing() ?? null;
    this.usage = this.#opening === null || closing === null ? null : differ(this.#opening, closing);
    const sheet = ledger.sheet(clientSheetOf(slot));
    sheet.set("sent_count", sent);
    sheet.set("first_send_ns", BigInt(firstSendNs ?? 0));
    sheet.set("last_send_ns", BigInt(lastSendNs ?? 0));
    sheet.set("schedule_start_ns", BigInt(scheduleStartNs ?? firstSendNs ?? 0));
    sheet.set("scheduled_span_ns", BigInt(scheduledSpanNs));
    const report = reportSheet(ledger, serverSheetOf(slot), { effective, usage: this.usage });
    this.#parts = partsOf(asciiJson(report));
  }
}

/** Another tool asks nothing: its messages are taken as they come. */
function takeAsForeign({ connection: { session }, settings, isLocal, slot, tell }: Guest): void {
  const messageBytes = session.payloadBytes();
  session.agree({
    ...connectionSettingsOf({ ...settings, messageBytes, reply: "ack" }, serverSheetOf(slot), null),
    trustsPeer: true,
    clocksDiffer: !isLocal,
  });
  tell({ type: "foreign", messageBytes, clocks: isLocal ? null : FAR_CLOCK });
}

const FAR_CLOCK = "the client is another tool on another host with another clock";

/**
 * Serves a client to its shutdown and closes the channel. Rejects with what went wrong; whatever it sends, this process goes on.
 * @returns what its measured phase cost
 */
export async function serveGuest(guest: Guest): Promise<UsageFigures | null> {
  const { channel, close } = guest.connection;
  const conversation = new Conversation(guest);
  const onPing = (note: string) => conversation.answer(note);
  try {
    const first = await answerPings(channel, onPing, () => conversation.terms === null, GREETING_MS);
    if (first === FRAME.shutdown) return null;
    const isForeign = first !== FRAME.ping;
    if (isForeign && (conversation.isOwn || first > FRAME.request))
      throw new ProtocolError("the client sent a message before both sides agreed on the test");
    if (isForeign) takeAsForeign(guest);
    const echo = conversation.terms?.reply === "echo";
    await answerMessages(channel, { echo, replyDelayNs: 0, onPing }, isForeign ? first : null);
    if (!isForeign && !conversation.hasReported)
      throw new ProtocolError("the client gave up before the end of the test");
    return conversation.usage;
  } finally {
    await close();
  }
}
