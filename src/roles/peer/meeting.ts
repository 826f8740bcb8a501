/** A client's side of the talk with a server that another command started. */

import type { Channel } from "../../channel/channel.ts";
import type { Connection, ConnectionEnd } from "../../channel/connection.ts";
import { ChannelError, ConnectionError, PLACE_FLAGS, placeText } from "../../channel/failures.ts";
import { connect } from "../../channel/open.ts";
import type { ConnectionSettings } from "../../channel/settings.ts";
import { exchangeNotes, shutDown } from "../../measure/loops.ts";
import { CANCELED, CLOSED, NOT_FOUND, PEER_DIED, REFUSED, TIMED_OUT, TOO_LONG } from "../../native/errno.ts";
import { clientSheetOf, type LedgerFile, serverSheetOf } from "../../native/ledger.ts";
import { native } from "../../native/library.ts";
import { RunError } from "../../plan/errors.ts";
import type { FarServer, RoleSettings, StandaloneClient } from "../../protocol/control.ts";
import { clockDifference } from "../../protocol/peer/clock-facts.ts";
import { helloDifference, ownHello } from "../../protocol/peer/hello.ts";
import { type Answer, type Hello, type Question, readPeerJson, type Terms } from "../../protocol/peer/note-schema.ts";
import { noteText, readAnswer } from "../../protocol/peer/notes.ts";
import { adoptReport, type ServerReport } from "../../protocol/peer/report.ts";
import { connectionSettingsOf } from "../context.ts";
import type { Talk } from "../talk.ts";

/** How long a server may take to answer the first question; one that is dead may have left its name behind. */
const GREETING_MS = 5_000;
const RETRY_MS = 50;
/** More would be no report of ours. */
const MOST_PARTS = 4_096;

function ask(channel: Channel, question: Question): Promise<string> {
  return exchangeNotes(channel, noteText(question));
}

async function askForAnswer(channel: Channel, question: Question): Promise<Answer> {
  const answer = readAnswer(await ask(channel, question));
  if (answer === null) throw new RunError("the server sent an invalid answer");
  return answer;
}

/** A connection whose server has said what it is. */
export interface Met extends Connection {
  /** null: it is another tool. */
  readonly hello: Hello | null;
}

/** One attempt: connects and says hello. */
async function meet(
  settings: RoleSettings,
  connection: ConnectionSettings,
  ledger: LedgerFile,
  ms: number,
): Promise<Met> {
  const found = await connect({ ...connection, silenceMs: GREETING_MS }, ledger, ms);
  try {
    const note = await ask(found.channel, { hello: ownHello(settings) });
    const answer = readAnswer(note);
    if (note !== "" && (answer === null || !("hello" in answer)))
      throw new RunError("the program that answered is not an ipc-benchmark server");
    return { ...found, hello: answer !== null && "hello" in answer ? answer.hello : null };
  } catch (error) {
    await found.close();
    throw error;
  }
}

/** It was there and went: the next one may stay. */
function mayComeBack(error: unknown): boolean {
  return error instanceof ChannelError && [CLOSED, PEER_DIED, TIMED_OUT].includes(error.status);
}

/**
 * Finds the server, which may be started later or be busy, and says hello. Where its objects have no room for this client's
 * messages, the talk goes on over what room there is, so that both sides can say so.
 * @throws RunError at the deadline
 */
export async function meetServer(
  settings: RoleSettings,
  connection: ConnectionSettings,
  ledger: LedgerFile,
  connectMs: number,
): Promise<Met> {
  const until = performance.now() + connectMs;
  let terms = connection;
  for (;;) {
    const leftMs = Math.max(0, until - performance.now());
    try {
      return await meet(settings, terms, ledger, leftMs);
    } catch (error) {
      if (error instanceof ConnectionError && error.status === TOO_LONG && terms === connection) {
        terms = { ...connection, messageBytes: 0, replyBytes: 0 };
        continue;
      }
      if (ledger.isStopping) throw new ChannelError(CANCELED);
      if (performance.now() < until && mayComeBack(error)) {
        await Bun.sleep(RETRY_MS);
        continue;
      }
      if (performance.now() < until) throw error;
      throw nobodyThere(connection, connectMs, error);
    }
  }
}

function nobodyThere(connection: ConnectionSettings, connectMs: number, error: unknown): RunError {
  const { mechanism, endpoint, port } = connection;
  const flags = `${mechanism === "tcp" ? `--host ${endpoint} ` : ""}${PLACE_FLAGS[mechanism]} ${mechanism === "tcp" ? port : endpoint}`;
  const isAbsent = error instanceof ConnectionError && [NOT_FOUND, REFUSED].includes(error.status);
  const reason = isAbsent ? "" : `: ${error instanceof Error ? error.message : String(error)}`;
  return new RunError(
    `no ${mechanism} server${isAbsent ? "" : " answered"} at ${placeText(connection)} after ${connectMs / 1000} s${reason} ` +
      `(start one: ipc-benchmark --server -m ${mechanism} ${flags}, or use a longer --connect-timeout)`,
  );
}

function termsOf(settings: RoleSettings, { run }: StandaloneClient): Terms {
  const { test, messageBytes, messageCount, durationNs, sendDelayNs, arrival, seed, warmupCount } = settings;
  const { includeFirstMessage, reply, clientCount, worker } = settings;
  return {
    ...{ test, messageBytes, messageCount, durationNs, sendDelayNs, arrival, seed, warmupCount },
    ...{ includeFirstMessage, reply, worker, concurrency: clientCount, ...run },
  };
}

/** Nothing is lost or overtaken on the way to the server, so by its pong all messages had come. */
async function nowThatAllArrived(channel: Channel): Promise<bigint> {
  await exchangeNotes(channel, "");
  return native().clock_monotonic_ns();
}

/** The talk with a server of this program. */
class OwnServer implements Talk {
  readonly #clocks: string | null;

  constructor(
    private readonly connection: ConnectionEnd,
    private readonly settings: RoleSettings,
    private readonly standalone: StandaloneClient,
    private readonly ledger: LedgerFile,
    private readonly hello: Hello,
    private readonly say: (server: FarServer) => void,
  ) {
    this.#clocks = clockDifference(ownHello(settings).clock, hello.clock);
  }

  async greet(): Promise<void> {
    const { settings, standalone } = this;
    const { channel, session } = this.connection;
    const answer = await askForAnswer(channel, { terms: termsOf(settings, standalone) });
    const reasons = "refused" in answer ? answer.refused : helloDifference(ownHello(settings), this.hello.ipcBenchmark);
    if (reasons.length === 0 && "agreed" in answer) {
      // The greeting had a shorter limit on silence.
      const own = connectionSettingsOf(settings, clientSheetOf(settings.worker), null);
      session.agree(own);
      return;
    }
    await shutDown(channel);
    throw new RunError(`the server refused the test: ${reasons.join("; ") || "no reason given"}`);
  }

  async start(): Promise<void> {
    await ask(this.connection.channel, { start: true });
  }

  async end(): Promise<void> {
    const { ledger, settings } = this;
    const { channel } = this.connection;
    const arrivedNs = this.#clocks === null ? null : await nowThatAllArrived(channel);
    const own = ledger.counts(clientSheetOf(settings.worker));
    const digits = (value: bigint | null) => (value === null ? null : String(value));
    const answer = await askForAnswer(channel, {
      report: {
        sent: own.sent,
        firstSendNs: digits(own.firstSendNs),
        lastSendNs: digits(own.lastSendNs),
        scheduleStartNs: digits(own.scheduleStartNs),
        scheduledSpanNs: String(own.scheduledSpanNs),
      },
    });
    const count = "parts" in answer ? answer.parts : 0;
    if (!(count > 0 && count <= MOST_PARTS)) throw new RunError("the server sent no report");
    let text = "";
    for (let part = 0; part < count; part++) text += await ask(channel, { part });
    this.#adopt(text, arrivedNs);
  }

  #adopt(text: string, arrivedNs: bigint | null): void {
    let report: ServerReport;
    try {
      report = readPeerJson(text) as ServerReport;
    } catch {
      throw new RunError("the server's report is not valid JSON");
    }
    adoptReport(this.ledger, serverSheetOf(this.settings.worker), report);
    // The server's clock is another one.
    if (arrivedNs !== null) this.ledger.sheet(serverSheetOf(this.settings.worker)).set("last_receive_ns", arrivedNs);
    const { effective, usage } = report;
    const latencyAbsent = this.settings.test === "one-way" ? this.#clocks : null;
    this.say({ effective, usage, isForeign: false, latencyAbsent });
  }
}

/** The talk with another tool's server: there is none. It answers an empty ping once it has everything that came before. */
class ForeignServer implements Talk {
  constructor(
    private readonly connection: ConnectionEnd,
    private readonly settings: RoleSettings,
    private readonly ledger: LedgerFile,
    private readonly say: (server: FarServer) => void,
  ) {}

  async greet(): Promise<void> {
    const { settings, connection } = this;
    const own = connectionSettingsOf({ ...settings, reply: "ack" }, clientSheetOf(settings.worker), null);
    connection.session.agree({ ...own, trustsPeer: true });
  }

  async start(): Promise<void> {}

  async end(): Promise<void> {
    const { settings, connection } = this;
    const isOneWay = settings.test === "one-way";
    if (isOneWay) this.#noteArrival(await nowThatAllArrived(connection.channel));
    const latencyAbsent = isOneWay ? "the server is another tool and sends no report" : null;
    this.say({ effective: null, usage: null, isForeign: true, latencyAbsent });
  }

  #noteArrival(arrivedNs: bigint): void {
    const { ledger, settings } = this;
    const { sent } = ledger.counts(clientSheetOf(settings.worker));
    const server = ledger.sheet(serverSheetOf(settings.worker));
    server.set("received_count", sent);
    server.set("last_receive_ns", arrivedNs);
  }
}

export function farTalk(
  met: Met,
  settings: RoleSettings,
  standalone: StandaloneClient,
  ledger: LedgerFile,
  say: (server: FarServer) => void,
): Talk {
  return met.hello === null
    ? new ForeignServer(met, settings, ledger, say)
    : new OwnServer(met, settings, standalone, ledger, met.hello, say);
}
