/**
 * What the streaming files say beside the figures of each record: the reference's six columns first, in its order and layout,
 * then ours. The figures themselves are written by c/record/stream.c, between the texts given here.
 */
import type { Mechanism, Test } from "../plan/run-plan.ts";
import { MECHANISM_NAMES } from "../result/names.ts";

/** Columns that only some runs need. */
export interface ExtraColumns {
  /** A mechanism and size come up again, in another mode or with other settings: which cell of the run the record is from. */
  readonly cell: boolean;
  /** Several launches: which of them the record is from. */
  readonly launch: boolean;
  /** A schedule in at least one plan: when it said the message should go. */
  readonly schedule: boolean;
}

/** What the rows of one connection share. */
export interface RowSource {
  /** The cell's number in the order of the run, from 1. */
  readonly number: number;
  readonly mechanism: Mechanism;
  readonly test: Test;
  readonly messageBytes: number;
  /** From 1. */
  readonly launch: number;
  /** Client, from 0. */
  readonly worker: number;
  /** Whether its messages follow a schedule. */
  readonly isScheduled: boolean;
}

/** The texts of c/record/stream.h's row_format. */
export interface RowTexts {
  readonly separator: string;
  readonly before: string;
  readonly middle: string;
  readonly after: string;
  readonly end: string;
}

/** How a kind of file is laid out around its rows. */
export interface FileLayout {
  header(columns: ExtraColumns): string;
  rowTexts(source: RowSource, columns: ExtraColumns): RowTexts;
  /** Makes the file complete. */
  footer(hasRows: boolean): string;
  /** How much of the end of a file that was cut off anywhere holds whole rows, with room for a footer; null: none of it. */
  wholeBytes(end: string): number | null;
}

/** The columns, in order. */
export function columnNames({ cell, launch, schedule }: ExtraColumns): string[] {
  return [
    "timestamp_ns",
    "message_id",
    "mechanism",
    "message_size",
    "one_way_latency_ns",
    "round_trip_latency_ns",
    "test",
    "worker",
    ...(cell ? ["cell"] : []),
    ...(launch ? ["launch"] : []),
    ...(schedule ? ["scheduled_ns"] : []),
  ];
}

/** What stands between the figures of a row; `empty` is a column without a value, `quote` surrounds words. */
function between(source: RowSource, columns: ExtraColumns, empty: string, quote: string) {
  const word = (text: string) => quote + text + quote;
  const isOneWay = source.test === "one-way";
  const before = ["", word(MECHANISM_NAMES[source.mechanism].variant), source.messageBytes];
  const after = ["", ...(isOneWay ? [empty] : []), word(source.test), source.worker];
  if (columns.cell) after.push(source.number);
  if (columns.launch) after.push(source.launch);
  if (columns.schedule && !source.isScheduled) after.push(empty);
  return {
    middle: [...before, ...(isOneWay ? [] : [empty]), ""].join(","),
    after: after.join(","),
  };
}

export const JSON_FILE: FileLayout = {
  header(columns) {
    const headings = columnNames(columns).map((name) => `"${name}"`);
    return `{\n  "headings": [${headings.join(", ")}],\n  "data": [\n`;
  },
  rowTexts: (source, columns) => ({
    separator: ",\n",
    before: "    [",
    ...between(source, columns, "null", '"'),
    end: "]",
  }),
  footer: (hasRows) => `${hasRows ? "\n" : ""}  ]\n}\n`,
  wholeBytes(end) {
    // Where one row ends and the next begins; the beginning is as long as the footer that takes its place.
    const border = end.lastIndexOf("],\n    [");
    return border < 0 ? null : border + 1;
  },
};

export const CSV_FILE: FileLayout = {
  header: (columns) => `${columnNames(columns).join(",")}\n`,
  rowTexts: (source, columns) => ({
    separator: "",
    before: "",
    ...between(source, columns, "", ""),
    end: "\n",
  }),
  footer: () => "",
  wholeBytes(end) {
    const newline = end.lastIndexOf("\n");
    return newline < 0 ? null : newline + 1;
  },
};
