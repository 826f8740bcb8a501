/** What peers that were started by hand say to each other. */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { DISTRIBUTION } from "../../../../src/native/layout.ts";
import { clientSheetOf, LedgerFile, serverSheetOf } from "../../../../src/native/ledger.ts";
import { native } from "../../../../src/native/library.ts";
import { NOTE_BYTES } from "../../../../src/native/numbers.ts";
import { guestSilenceMsOf } from "../../../../src/plan/silence-limits.ts";
import { clockDifference, monotonicOffsetOf } from "../../../../src/protocol/peer/clock-facts.ts";
import { helloDifference, ownHello } from "../../../../src/protocol/peer/hello.ts";
import type { Terms } from "../../../../src/protocol/peer/note-schema.ts";
import {
  asciiJson,
  noteText,
  partsOf,
  readAnswer,
  readQuestion,
  refusal,
} from "../../../../src/protocol/peer/notes.ts";
import { adoptReport, reportSheet, type ServerReport } from "../../../../src/protocol/peer/report.ts";
import { differences } from "../../../../src/protocol/peer/terms.ts";
import { listeningInodes, ownerOf, ownerSoon, unixSocketInodes } from "../../../../src/system/owner.ts";

const MOST = Number.MAX_SAFE_INTEGER;

/** As long as terms get. */
const TERMS: Terms = {
  test: "round-trip",
  messageBytes: 16_777_188,
  messageCount: 1e12,
  durationNs: null,
  sendDelayNs: 3_600_000_000_000,
  arrival: { ratePerSecond: 999_999.999, kind: "burst", burst: 1_000_000 },
  seed: MOST,
  warmupCount: 1e12,
  includeFirstMessage: false,
  reply: "echo",
  worker: 1023,
  concurrency: 1024,
  whole: { messageCount: 1e12, ratePerSecond: 999_999_999.999, seed: MOST },
  launch: 10_000,
  launches: 10_000,
  run: "01234567",
  position: 999_999,
  testsLeft: 999_999,
};

describe("notes", () => {
  test("every question has room", () => {
    const hello = ownHello({ mode: "blocking", parentPid: 4_194_304 });
    const counters = {
      sent: MOST,
      firstSendNs: String(2n ** 63n),
      lastSendNs: String(2n ** 63n),
      scheduleStartNs: String(2n ** 63n),
      scheduledSpanNs: "0",
    };
    for (const question of [
      { hello },
      { terms: TERMS },
      { report: counters },
      { part: 100_000 },
      { start: true } as const,
    ]) {
      expect(noteText(question).length).toBeLessThanOrEqual(NOTE_BYTES);
      expect(readQuestion(noteText(question))).toEqual(question);
    }
  });

  test("what is no question is none", () => {
    for (const note of ["", "{", "null", "[]", "1", "{}", '{"hello":1,"terms":2}', '{"other":1}', "\u0000"])
      expect(readQuestion(note)).toBeNull();
  });

  test("an empty pong is another tool's", () => {
    expect(readAnswer("")).toBeNull();
    expect(readAnswer("{}")).toBeNull();
  });

  test("what could do anything to a terminal or a line of a log is escaped", () => {
    for (const code of [0x0a, 0x1b, 0x85, 0x9b, 0x200b, 0x2028, 0x202e, 0x2066, 0xfeff, 0xd800, 0xe0001]) {
      const odd = String.fromCodePoint(code);
      const escaped = `\\u{${code.toString(16)}}`;
      const refused = { refused: [`a${odd}b`, `µ ${odd}${odd}`] };
      expect(readAnswer(JSON.stringify(refused))).toEqual({
        refused: [`a${escaped}b`, `µ ${escaped}${escaped}`],
      });
      const hello = { ...ownHello({ mode: "async", parentPid: 1 }), ipcBenchmark: odd };
      expect(readQuestion(JSON.stringify({ hello }))).toEqual({ hello: { ...hello, ipcBenchmark: escaped } });
    }
  });

  test("a refusal for many reasons says as many as have room", () => {
    const reasons = Array.from({ length: 30 }, (_, i) => `setting ${i}: the client has one, the server another`);
    const text = noteText(refusal(reasons));
    expect(text.length).toBeLessThanOrEqual(NOTE_BYTES);
    expect(text).toContain("setting 0:");
    expect(noteText(refusal(["x".repeat(5000)])).length).toBeLessThanOrEqual(NOTE_BYTES);
  });

  test("a long text comes together again from its parts", () => {
    const text = asciiJson({ reason: "µ".repeat(700), list: Array.from({ length: 400 }, (_, i) => i) });
    expect(partsOf(text).every((part) => Buffer.byteLength(part) <= NOTE_BYTES)).toBe(true);
    expect(partsOf(text).join("")).toBe(text);
    expect(JSON.parse(text)).toMatchObject({ reason: "µ".repeat(700) });
  });
});

describe("terms", () => {
  test("name rates that the command line takes, and no longer silence than can be counted", () => {
    const arrival = { ratePerSecond: 0.001 / 1024, kind: "poisson", burst: 1 } as const;
    const asks = (change: object) => readQuestion(JSON.stringify({ terms: { ...TERMS, ...change } }));
    expect(asks({ arrival })).not.toBeNull();
    expect(asks({ arrival: { ...arrival, ratePerSecond: 1e-9 } })).toBeNull();
    expect(asks({ arrival: { ...arrival, burst: 2 ** 32 } })).toBeNull();
    expect(asks({ whole: { ...TERMS.whole, ratePerSecond: 1e-9 } })).toBeNull();
    const slowest = { sendDelayNs: 1e9, arrival: { ...arrival, burst: 2 ** 32 - 1 } };
    expect(guestSilenceMsOf(slowest)).toBe(86_400_000 + 2_000);
    expect(guestSilenceMsOf({ sendDelayNs: 0, arrival: null })).toBe(10_000);
  });

  test("a server that demands nothing takes everything that fits", () => {
    expect(differences(TERMS, {}, "uds", 64)).toEqual([]);
    expect(differences({ ...TERMS, messageBytes: 64 }, {}, "shm", 64)).toEqual([]);
    expect(differences({ ...TERMS, messageBytes: 65 }, {}, "pmq", 64)).toEqual([
      "message size: the client has 65 bytes, the server's pmq takes up to 64 (use -s 64 or less, or start the server with -s 65)",
    ]);
  });

  test("that can't be are refused in words, whatever the server demands", () => {
    const refused = (change: Partial<Terms>) => differences({ ...TERMS, ...change }, {}, "uds", 64);
    expect(refused({ messageCount: 0 })).toEqual(["message count: the client has 0, at least 1 is needed"]);
    expect(refused({ messageCount: null })).toEqual(["the client has neither a message count nor a duration"]);
    expect(refused({ messageCount: null, durationNs: 1e9 })).toEqual([]);
    expect(refused({ worker: 5, concurrency: 2 })).toEqual(["client 5 of 2: clients are numbered from 0"]);
    expect(refused({ worker: 2, concurrency: 2 })).toHaveLength(1);
    expect(refused({ launch: 3, launches: 2 })).toEqual(["launch 3 of 2: launches are numbered from 1"]);
  });

  test("each difference names both values", () => {
    const demands = {
      messageSizes: [64, 128],
      tests: ["one-way"],
      messageCount: 10,
      durationNs: 2e9,
      ratePerSecond: 5,
      arrival: "poisson",
      includeFirstMessage: true,
      reply: "ack",
      concurrency: 2,
    } as const;
    expect(differences(TERMS, demands, "tcp", 64)).toEqual([
      "message size: the client has 16777188 bytes, the server 64 bytes or 128 bytes",
      "test: the client has round-trip, the server one-way",
      "message count: the client has 1000000000000, the server 10",
      "duration: the client has none, the server 2s",
      "rate: the client has 999999999.999, the server 5",
      "arrival: the client has burst=1000000, the server poisson",
      "first message included: the client has no, the server yes",
      "reply: the client has echo, the server ack",
      "clients: the client has 1024, the server 2 (at the client, use " +
        "-s 64 --one-way -i 10 -d 2s --rate 5 --arrival poisson --include-first-message --reply ack -c 2)",
    ]);
  });

  test("versions are named", () => {
    const hello = ownHello({ mode: "async", parentPid: 1 });
    expect(helloDifference(hello)).toEqual([]);
    expect(helloDifference({ ...hello, ipcBenchmark: "0.0.9" }, "0.1.0")).toEqual([
      "version: the client has 0.0.9, the server 0.1.0",
    ]);
  });
});

describe("clocks", () => {
  const own = { boot: "a", monotonicOffset: "0 0", realtimeOffsetNs: "1700000000000000000" };

  test("of one kernel can be compared, though two readings differ a little", () => {
    expect(clockDifference(own, { ...own, realtimeOffsetNs: "1700000000000900000" })).toBeNull();
  });

  test("of another boot, time namespace or host can't, and why", () => {
    expect(clockDifference(own, { ...own, boot: "b" })).toContain("boot id a here, b there");
    const namespaced = (monotonicOffset: string | null) => clockDifference(own, { ...own, monotonicOffset });
    const words = "the clocks of the peers' time namespaces";
    expect(namespaced("1000 0")).toBe(`${words} are 1000 s apart`);
    expect(namespaced("-1 500000000")).toBe(`${words} are 0.5 s apart`);
    expect(namespaced(null)).toBe(`${words} differ`);
    expect(namespaced("soon")).toBe(`${words} differ`);
    expect(clockDifference(own, { ...own, realtimeOffsetNs: "1700000000100000000" })).toBe(
      "the peers' clocks differ by 0.1 s (wall clock less monotonic clock)",
    );
  });

  test("the kernel's table is read", () => {
    expect(monotonicOffsetOf("monotonic          -5         7\nboottime            0         0\n")).toBe("-5 7");
    expect(monotonicOffsetOf(null)).toBeNull();
  });
});

/** As HdrHistogram's compressed V2 encoding has it, whatever it holds. */
function encodedBytes(bytes: Buffer): string {
  const head = Buffer.alloc(8);
  const rest = deflateSync(bytes);
  head.writeInt32BE(0x1c849314, 0);
  head.writeInt32BE(rest.length, 4);
  return Buffer.concat([head, rest]).toString("base64");
}

function countsOf(words: Buffer): Buffer {
  const head = Buffer.alloc(40);
  head.writeInt32BE(0x1c849313, 0);
  head.writeInt32BE(words.length, 4);
  head.writeInt32BE(3, 12);
  head.writeBigInt64BE(1n, 16);
  head.writeBigInt64BE(60_000_000_000n, 24);
  return Buffer.concat([head, words]);
}

describe("a report", () => {
  const effective = {
    pid: 1,
    allowedCpus: [0],
    sendBufferBytes: 1,
    receiveBufferBytes: 2,
    queueDepth: null,
    realTime: null,
  };

  function reported(): { report: ServerReport; from: LedgerFile } {
    const from = LedgerFile.private(2);
    native().probe_record_cost_ns(from.address, serverSheetOf(0), 5000);
    from.sheet(serverSheetOf(0)).set("received_count", 5000);
    const report = JSON.parse(asciiJson(reportSheet(from, serverSheetOf(0), { effective, usage: null })));
    return { report, from };
  }

  test("makes the same sheet elsewhere", () => {
    const { report, from } = reported();
    const to = LedgerFile.private(2);
    adoptReport(to, serverSheetOf(0), report);
    expect(to.counts(serverSheetOf(0))).toEqual(from.counts(serverSheetOf(0)));
    for (const which of ["service", "response"] as const)
      expect(to.distribution(serverSheetOf(0), which)).toEqual(from.distribution(serverSheetOf(0), which));
    expect(to.counts(clientSheetOf(0)).received).toBe(0);
  });

  test("of an older server says nothing of excursions", () => {
    const { report } = reported();
    const { rises: _, ...service } = report.distributions.service;
    const to = LedgerFile.private(2);
    adoptReport(to, serverSheetOf(0), { ...report, distributions: { ...report.distributions, service } });
    expect(to.distribution(serverSheetOf(0), "service").rises).toBeNull();
    expect(to.distribution(serverSheetOf(0), "service").count).toBe(5000n);
  });

  test("whose counts don't add up, or that is none, is refused", () => {
    const { report } = reported();
    const to = LedgerFile.private(2);
    const { service } = report.distributions;
    const wrong = { ...service, sums: { ...service.sums, count: "4999" } };
    const adopt = (bad: unknown) => () => adoptReport(to, serverSheetOf(0), bad as ServerReport);
    expect(adopt({ ...report, distributions: { ...report.distributions, service: wrong } })).toThrow("add up");
    const greater = { ...service, sums: { ...service.sums, max_ns: "60000000001" } };
    expect(adopt({ ...report, distributions: { ...report.distributions, service: greater } })).toThrow(
      "the server's report can't be read: a maximum that the histogram does not have",
    );
    expect(adopt({ ...report, counters: {} })).toThrow("can't be read");
    expect(adopt({})).toThrow("can't be read");
  });

  test("of numbers or lengths that no ledger has is refused, and nothing of it is taken over", () => {
    const { report } = reported();
    const to = LedgerFile.private(2);
    const { service } = report.distributions;
    const withService = (change: object) => ({
      ...report,
      distributions: { ...report.distributions, response: { ...service, ...change } },
    });
    const withSum = (change: object) => withService({ sums: { ...service.sums, ...change } });
    const withCounter = (change: object) => ({ ...report, counters: { ...report.counters, ...change } });
    for (const bad of [
      ...["-1", "", "1.5", "0x10", "9".repeat(40), String(2n ** 53n), String(2n ** 64n - 1n)].map((digits) =>
        withCounter({ stall_ns: digits }),
      ),
      withCounter({ sent_count: 5000 }),
      withCounter({ last_receive_ns: String(2n ** 63n) }),
      withSum({ count: "-1" }),
      withSum({ sum_ns: String(2n ** 64n) }),
      withService({ overflowCount: String(2n ** 64n - 1n) }),
      withService({ buckets: "A".repeat(400_000) }),
      withService({ rises: { from: service.buckets, to: "" } }),
      withService({ rises: { from: service.rises?.to, to: service.rises?.from } }),
      withService({ buckets: encodedBytes(Buffer.alloc(50_000_000)) }),
      // A run of empty buckets that would take for ever to go through.
      withService({ buckets: encodedBytes(countsOf(Buffer.from("ffffffffffffffffff", "hex"))) }),
      withService({ buckets: encodedBytes(countsOf(Buffer.from("ff", "hex"))) }),
      { ...report, cpus: Array.from({ length: 1025 }, () => "0") },
      { ...report, cpus: [String(2n ** 64n)] },
      { ...report, effective: { ...effective, pid: -1 } },
      null,
    ]) {
      const adopt = () => adoptReport(to, serverSheetOf(0), bad as ServerReport);
      expect(adopt).toThrow("the server's report can't be read: ");
    }
    expect(to.counts(serverSheetOf(0)).received).toBe(0);
    expect(to.distribution(serverSheetOf(0), "service").count).toBe(0n);
  });

  test("is about the distribution that was recorded", () => {
    const { from } = reported();
    expect(from.sheet(serverSheetOf(0)).nested("service", DISTRIBUTION).getNumber("count")).toBeGreaterThan(0);
  });
});

describe("who has an endpoint open", () => {
  test("is found though it shows only a moment later, and not waited for any longer", async () => {
    const directory = mkdtempSync(join(tmpdir(), "ipc-owner-"));
    const path = join(directory, "a.sock");
    try {
      expect(ownerOf("uds", path, 0)).toBeNull();
      expect(await ownerSoon("uds", path, 0)).toBeNull();
      const found = ownerSoon("uds", path, 0);
      await Bun.sleep(20);
      const listener = Bun.listen({ unix: path, socket: { data() {} } });
      expect(await found).toBe(process.pid);
      listener.stop(true);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test("is found in the kernel's tables", () => {
    const unix = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 41023 /run/a.sock
0000000000000000: 00000003 00000000 00000000 0001 03 41024 /run/a.sock.2
0000000000000000: 00000003 00000000 00000000 0001 03 41025
`;
    expect(unixSocketInodes(unix, "/run/a.sock")).toEqual(["41023"]);
    const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 90001 1 0
   1: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000  1000        0 90002 1 0
   2: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 90003 1 0
`;
    expect(listeningInodes(tcp, 8080)).toEqual(["90001"]);
  });
});
