/** What servers say to a client that was started by hand is anybody's: it stays words, and what they don't say is not made up. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { clientSheetOf, LedgerFile, serverSheetOf } from "../../src/native/ledger.ts";
import { native } from "../../src/native/library.ts";
import { ownHello } from "../../src/protocol/peer/hello.ts";
import { asciiJson, partsOf } from "../../src/protocol/peer/notes.ts";
import { reportSheet } from "../../src/protocol/peer/report.ts";
import { inSandbox, TEST_TIMEOUT_MS } from "../e2e/expectations.ts";
import { allTests, type Sandbox } from "../e2e/harness.ts";
import { Meeting } from "../e2e/standalone-pair.ts";
import { body, TYPE } from "../foreign/frames.ts";
import { listenAt, type Wire } from "../foreign/wire.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

type Question = Readonly<Record<string, unknown>>;
/** The text of a pong; null: it hangs up instead. */
type Answer = (question: Question) => string | null;

async function serveOddly(wire: Wire, answer: Answer): Promise<void> {
  for (let frame = await wire.receive(); frame !== null; frame = await wire.receive()) {
    if (frame.type === TYPE.shutdown) break;
    if (frame.type !== TYPE.ping) continue;
    const note = Buffer.from(frame.payload).toString();
    const said = note === "" ? "" : answer(JSON.parse(note) as Question);
    if (said === null) break;
    await wire.send(body({ id: frame.id, payload: Buffer.from(said), type: TYPE.pong }));
  }
  wire.close();
}

/** Says hello and agrees with everything; the rest is the test's. */
const agreeing =
  (rest: Answer): Answer =>
  (question) => {
    if ("hello" in question) return JSON.stringify({ hello: ownHello({ mode: "async", parentPid: 1 }) });
    if ("terms" in question) return JSON.stringify({ agreed: true });
    return "start" in question ? "" : rest(question);
  };

const MESSAGES = 50;

/** A client of that server, which writes everything that a client can; all its texts. */
async function runClient(sandbox: Sandbox, answer: Answer, flags: readonly string[] = []) {
  const { socketPath } = await Meeting.in(sandbox);
  const server = await listenAt(socketPath, (wire) => serveOddly(wire, answer));
  try {
    const files = ["-o", "client.json", "--markdown", "client.md", "--events", "events.ndjson"];
    const ended = await sandbox.run([
      ...["--client", "-m", "uds", "--socket-path", socketPath, "--one-way", "-i", String(MESSAGES)],
      ...[...files, "-v", "--log-file", "run.log", ...flags],
    ]);
    const names = readdirSync(sandbox.directory).filter((name) => /\.(json|md|ndjson|log\..*)$/.test(name));
    expect(names).toHaveLength(4);
    const written = names.map((name) => readFileSync(sandbox.path(name), "utf8"));
    const result = sandbox.readResult("client.json");
    return { ...ended, result, texts: [ended.stdout, ended.stderr, ...written] };
  } finally {
    server.close();
  }
}

/** Turns what follows around, clears the screen, breaks the line in three ways, and hides. */
const ODD = "no\u202e \u001b[2J\u0085 \u2028 \n\u200b way";
const ODD_ESCAPED = "no\\u{202e} \\u{1b}[2J\\u{85} \\u{2028} \\u{a}\\u{200b} way";
const UNPRINTABLE = /(?!\n)[\p{C}\p{Zl}\p{Zp}]/u;

describe("a server's words are one harmless line everywhere:", () => {
  test("why it refuses", () =>
    inSandbox(async (sandbox) => {
      const refusing: Answer = (question) =>
        "terms" in question ? JSON.stringify({ refused: [ODD] }) : agreeing(() => null)(question);
      const { exitCode, stderr, texts } = await runClient(sandbox, refusing);
      expect(exitCode).toBe(1);
      expect(stderr).toEndWith(`the client failed: the server refused the test: ${ODD_ESCAPED}\n`);
      for (const text of texts) expect(text).not.toMatch(UNPRINTABLE);
    }));

  test("its version", () =>
    inSandbox(async (sandbox) => {
      const hello = { ...ownHello({ mode: "async", parentPid: 1 }), ipcBenchmark: "1\u202e\u001b" };
      const { stderr, texts } = await runClient(sandbox, (question) =>
        "hello" in question ? JSON.stringify({ hello }) : agreeing(() => null)(question),
      );
      expect(stderr).toContain("the server 1\\u{202e}\\u{1b}\n");
      for (const text of texts) expect(text).not.toMatch(UNPRINTABLE);
    }));

  test("what was in force there", () =>
    inSandbox(async (sandbox) => {
      const parts = partsOf(asciiJson(reportWith(ODD)));
      const reporting = agreeing((question) =>
        "report" in question ? JSON.stringify({ parts: parts.length }) : (parts[Number(question.part)] ?? null),
      );
      const { exitCode, result, texts } = await runClient(sandbox, reporting);
      expect(exitCode).toBe(0);
      expect(allTests(result)[0]?.server?.real_time?.fifo_priority.note).toBe(ODD_ESCAPED);
      for (const text of texts) expect(text).not.toMatch(UNPRINTABLE);
    }));
});

/** A sound report of a server to which SCHED_FIFO was denied. */
function reportWith(note: string) {
  const ledger = LedgerFile.private(clientSheetOf(1));
  const sheet = serverSheetOf(0);
  native().probe_record_cost_ns(ledger.address, sheet, MESSAGES);
  ledger.sheet(sheet).set("received_count", MESSAGES);
  const nothing = { requested: 0, effective: 0, note: null, isDenied: false };
  const realTime = {
    fifoPriority: { requested: 50, effective: null, note, isDenied: true },
    memoryLock: { requested: "present", effective: "present", note: null, isDenied: false },
    ...{ lockedBytes: 0, prefaultedStackBytes: nothing, timerSlackNs: nothing },
  } as const;
  const buffers = { sendBufferBytes: 1, receiveBufferBytes: 1, queueDepth: null };
  const effective = { pid: 1, allowedCpus: [0], ...buffers, realTime };
  return reportSheet(ledger, sheet, { effective, usage: null });
}

const ENDINGS: [does: string, answer: Answer, reason: string][] = [
  ["hangs up", () => null, "the peer closed the connection before the end of the test"],
  ["has none", () => JSON.stringify({ parts: 0 }), "the server sent no report"],
  ["talks nonsense", () => "[]", "the server sent an invalid answer"],
];

describe("a client that gets no report does not call its messages lost:", () => {
  test.each(ENDINGS)("the server %s", (_, answer, reason) =>
    inSandbox(async (sandbox) => {
      const { exitCode, stdout, stderr, progress, result, texts } = await runClient(sandbox, agreeing(answer));
      expect(exitCode).toBe(1);
      const words = `the client failed: ${reason}; of ${MESSAGES} messages sent, the number that arrived is not known`;
      expect(stderr).toEndWith(`${words}\n`);
      expect(progress).toEqual([`[1/1] uds async one-way 1 KiB: failed after ${MESSAGES} messages`]);
      expect(stdout.replace(/\n +/g, " ")).toContain(`! uds one-way: ${words}\n`);
      const [found] = allTests(result);
      expect(found).toMatchObject({ failure: words, counts: { sent: MESSAGES, received: 0, lost: null } });
      expect(found?.verdict.reasons.map(({ id }) => id)).not.toContain("messages-lost");
      expect(texts.join("\n")).not.toMatch(/\b(0|50) (lost|received)|0 of 50/);
    }),
  );
});
