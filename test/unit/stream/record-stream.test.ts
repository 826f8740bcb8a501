import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CLIENT_SHEET, LedgerFile, SERVER_SHEET } from "../../../src/native/ledger.ts";
import { OutputStream } from "../../../src/stream/output-stream.ts";
import { napMs, RecordFile, RecordStream } from "../../../src/stream/record-stream.ts";
import { CSV_FILE, JSON_FILE } from "../../../src/stream/rows.ts";
import { cellOf } from "../progress/fixture.ts";
import { pushRecords, setRealtimeOffset } from "./ring.ts";

const directory = mkdtempSync(join(tmpdir(), "record-stream-"));
afterAll(() => rmSync(directory, { recursive: true }));
const path = (name: string) => join(directory, name);
const record = (id: number) => ({ id: BigInt(id), sentNs: BigInt(id), serviceNs: 5n });

function openBoth(failures: string[]): RecordStream {
  const files = [
    new RecordFile(new OutputStream(path("a.json"), "--j"), JSON_FILE),
    new RecordFile(new OutputStream(path("a.csv"), "--c"), CSV_FILE),
  ];
  return new RecordStream(files, { cell: false, launch: false, schedule: false }, ({ message }) =>
    failures.push(message),
  );
}

test("records of one cell after the other end up in one file, each as soon as it is there", async () => {
  const failures: string[] = [];
  const stream = openBoth(failures);
  await stream.begin();
  for (const [test, sheet] of [
    ["one-way", SERVER_SHEET],
    ["round-trip", CLIENT_SHEET],
  ] as const) {
    const ledger = LedgerFile.create(2, 1024);
    setRealtimeOffset(ledger, CLIENT_SHEET, 1000n);
    stream.cellStarts(cellOf({ test }), ledger);
    pushRecords(ledger, sheet, [record(0), record(1)]);
    await Bun.sleep(150);
    expect(readFileSync(path("a.csv"), "utf8")).toContain(
      `1001,1,UnixDomainSocket,1024,${test === "one-way" ? "5," : ",5"},${test},0\n`,
    );
    // Pushed right before the end: still written.
    pushRecords(ledger, sheet, [record(2)]);
    await stream.cellStops();
    ledger.close();
  }
  await stream.finish();
  expect(failures).toEqual([]);
  const rows = JSON.parse(readFileSync(path("a.json"), "utf8")).data as unknown[][];
  expect(rows.map((row) => [row[1], row[4], row[5], row[6]])).toEqual([
    ...[0, 1, 2].map((id) => [id, 5, null, "one-way"]),
    ...[0, 1, 2].map((id) => [id, null, 5, "round-trip"]),
  ]);
  expect(readFileSync(path("a.csv"), "utf8").trimEnd().split("\n")).toHaveLength(7);
});

test("a connection that starts where another one is still read ends that one", async () => {
  const failures: string[] = [];
  const stream = openBoth(failures);
  await stream.begin();
  const ledger = LedgerFile.create(2, 1024);
  stream.connectionStarts(cellOf(), ledger, 0, 0);
  stream.connectionStarts(cellOf(), ledger, 0, 0);
  pushRecords(ledger, SERVER_SHEET, [record(0), record(1)]);
  await stream.connectionStops(ledger, 0);
  ledger.close();
  // A loop that went on would read memory that is no longer there.
  await Bun.sleep(150);
  await stream.finish();
  expect(failures).toEqual([]);
  expect(JSON.parse(readFileSync(path("a.json"), "utf8")).data).toHaveLength(2);
});

test("a file that can't be written fails the run once; the other one is completed", async () => {
  const failures: string[] = [];
  const files = [
    new RecordFile(new OutputStream("/dev/full", "--j"), JSON_FILE),
    new RecordFile(new OutputStream(path("b.json"), "--c"), JSON_FILE),
  ];
  const columns = { cell: false, launch: false, schedule: false };
  const stream = new RecordStream(files, columns, ({ message }) => failures.push(message));
  const ledger = LedgerFile.create(2, 1024);
  await stream.begin();
  stream.cellStarts(cellOf(), ledger);
  pushRecords(ledger, CLIENT_SHEET, [record(0)]);
  await stream.cellStops();
  await stream.finish();
  ledger.close();
  expect(failures).toEqual(["/dev/full can't be written: no space left on device"]);
  expect(JSON.parse(readFileSync(path("b.json"), "utf8")).data).toEqual([]);
});

describe("the nap between two looks", () => {
  test("is long while little comes", () => {
    expect(napMs(0, 50, 131_072)).toBe(50);
    expect(napMs(100, 50, 131_072)).toBe(50);
  });

  test("ends long before the ring is full at the pace seen", () => {
    // A million a second: a quarter of the ring takes 33 ms.
    expect(napMs(50_000, 50, 131_072)).toBeCloseTo(32.768, 3);
    expect(napMs(131_072, 1, 131_072)).toBe(2);
  });
});
