import { afterAll, describe, expect, test } from "bun:test";
import { CLIENT_SHEET, LedgerFile, SERVER_SHEET } from "../../../src/native/ledger.ts";
import { drainRecords, RowBuffer } from "../../../src/stream/row-writer.ts";
import { CSV_FILE, columnNames, JSON_FILE, type RowSource } from "../../../src/stream/rows.ts";
import { pushRecords, setRealtimeOffset } from "./ring.ts";

const SOURCE: RowSource = {
  number: 9,
  mechanism: "tcp",
  test: "one-way",
  messageBytes: 64,
  launch: 2,
  worker: 3,
  isScheduled: true,
};
const PLAIN = { cell: false, launch: false, schedule: false };
const ALL = { cell: true, launch: true, schedule: true };
const OFFSET_NS = 1_700_000_000_000_000_000n;

const ledger = LedgerFile.create(2, 16_384);
setRealtimeOffset(ledger, CLIENT_SHEET, OFFSET_NS);
afterAll(() => ledger.close());

/** The whole text of both kinds of file with these records. */
function filesOf(source: RowSource, columns: typeof ALL, ids: readonly bigint[]) {
  const [json, csv] = [new RowBuffer(new Uint8Array(4096)), new RowBuffer(new Uint8Array(4096))];
  json.use(JSON_FILE.rowTexts(source, columns), columns.schedule && source.isScheduled);
  csv.use(CSV_FILE.rowTexts(source, columns), columns.schedule && source.isScheduled);
  const records = ids.map((id) => ({ id, sentNs: id * 10n + 3n, serviceNs: 4000n + id, dueNs: id * 10n }));
  pushRecords(ledger, SERVER_SHEET, records);
  expect(drainRecords(ledger, SERVER_SHEET, CLIENT_SHEET, [json, csv])).toBe(ids.length);
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return {
    json: JSON_FILE.header(columns) + text(json.filled) + JSON_FILE.footer(json.rowCount > 0),
    csv: CSV_FILE.header(columns) + text(csv.filled) + CSV_FILE.footer(csv.rowCount > 0),
  };
}

describe("the files", () => {
  test("begin with the reference's columns, in its layout", () => {
    const { json, csv } = filesOf(SOURCE, PLAIN, [0n, 1n]);
    expect(json).toBe(
      `{
  "headings": ["timestamp_ns", "message_id", "mechanism", "message_size", "one_way_latency_ns", "round_trip_latency_ns", "test", "worker"],
  "data": [
    [1700000000000000003,0,"TcpSocket",64,4000,null,"one-way",3],
    [1700000000000000013,1,"TcpSocket",64,4001,null,"one-way",3]
  ]
}
`,
    );
    expect(csv).toBe(
      `timestamp_ns,message_id,mechanism,message_size,one_way_latency_ns,round_trip_latency_ns,test,worker
1700000000000000003,0,TcpSocket,64,4000,,one-way,3
1700000000000000013,1,TcpSocket,64,4001,,one-way,3
`,
    );
  });

  test("have the cell, the launch and the scheduled time where they tell something", () => {
    const { json, csv } = filesOf({ ...SOURCE, test: "round-trip" }, ALL, [7n]);
    expect(JSON.parse(json).headings).toEqual(columnNames(ALL));
    expect(json).toContain(
      `\n    [1700000000000000073,7,"TcpSocket",64,null,4007,"round-trip",3,9,2,1700000000000000070]\n`,
    );
    expect(csv.split("\n")[1]).toBe("1700000000000000073,7,TcpSocket,64,,4007,round-trip,3,9,2,1700000000000000070");
  });

  test("leave the scheduled time of a plan without a schedule empty", () => {
    const { json, csv } = filesOf({ ...SOURCE, isScheduled: false }, ALL, [7n]);
    expect(json).toContain(`"one-way",3,9,2,null]\n`);
    expect(csv).toEndWith("one-way,3,9,2,\n");
  });

  test("have as many values in a row as columns", () => {
    for (const columns of [
      PLAIN,
      ALL,
      { cell: false, launch: true, schedule: false },
      { cell: true, launch: false, schedule: true },
    ]) {
      for (const source of [SOURCE, { ...SOURCE, test: "round-trip" as const }]) {
        const { json, csv } = filesOf(source, columns, [0n, 9n]);
        const names = columnNames(columns);
        for (const row of JSON.parse(json).data as unknown[][]) expect(row).toHaveLength(names.length);
        for (const line of csv.trimEnd().split("\n")) expect(line.split(",")).toHaveLength(names.length);
      }
    }
  });

  test("are valid without any row", () => {
    expect(JSON.parse(filesOf(SOURCE, PLAIN, []).json)).toEqual({ headings: columnNames(PLAIN), data: [] });
  });
});

describe("a file that was cut off", () => {
  const { json, csv } = filesOf(SOURCE, ALL, [0n, 1n, 2n, 3n]);

  test("keeps whole rows, and room for what makes it complete", () => {
    const header = JSON_FILE.header(ALL);
    let mended = 0;
    for (let length = 0; length < json.length; length++) {
      const end = json.slice(0, length);
      const keep = JSON_FILE.wholeBytes(end);
      if (keep === null) continue;
      const whole = end.slice(0, keep) + JSON_FILE.footer(true);
      expect(whole.length).toBeLessThanOrEqual(length);
      expect(JSON.parse(whole).data.length).toBeGreaterThan(0);
      mended++;
    }
    expect(mended).toBeGreaterThan((json.length - header.length) / 2);
  });

  test("ends with a whole line if it is CSV", () => {
    for (let length = CSV_FILE.header(ALL).length; length < csv.length; length++) {
      const end = csv.slice(0, length);
      expect(csv).toStartWith(end.slice(0, CSV_FILE.wholeBytes(end)!));
      expect(end.slice(0, CSV_FILE.wholeBytes(end)!)).toEndWith("\n");
    }
  });
});

test("both files are made many times faster than one in JavaScript", () => {
  const count = 16_000;
  const [json, csv] = [new RowBuffer(new Uint8Array(count * 160)), new RowBuffer(new Uint8Array(count * 160))];
  const { middle, after } = JSON_FILE.rowTexts(SOURCE, PLAIN);
  json.use(JSON_FILE.rowTexts(SOURCE, PLAIN), false);
  csv.use(CSV_FILE.rowTexts(SOURCE, PLAIN), false);
  const records = Array.from({ length: count }, (_, i) => {
    return { id: BigInt(i), sentNs: BigInt(i) * 1000n, serviceNs: 4000n + BigInt(i) };
  });
  const best = { native: Number.POSITIVE_INFINITY, script: Number.POSITIVE_INFINITY };
  for (let round = 0; round < 5; round++) {
    pushRecords(ledger, SERVER_SHEET, records);
    const startMs = performance.now();
    expect(drainRecords(ledger, SERVER_SHEET, CLIENT_SHEET, [json, csv])).toBe(count);
    const drainedMs = performance.now();
    let bytes = 0;
    for (const { id, sentNs, serviceNs } of records) {
      bytes += `,\n    [${sentNs + OFFSET_NS},${id}${middle}${serviceNs}${after}]`.length;
    }
    expect(bytes).toBeGreaterThan(count);
    best.native = Math.min(best.native, drainedMs - startMs);
    best.script = Math.min(best.script, performance.now() - drainedMs);
  }
  expect(best.native).toBeLessThan(best.script / 2);
});
