import CliTable from "cli-table3";

/** A column: its head, and whether it holds words (left) or figures (right). */
export interface Column {
  readonly head: string;
  readonly align: "left" | "right";
}

const NO_LINES = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
} as const;

/** Lines of a table without rules: a head, then the rows, two spaces between columns, no spaces at line ends. */
export function tableLines(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const table = new CliTable({
    chars: NO_LINES,
    // No colour of the library's own: it would colour heads red and borders grey whatever the terminal.
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [], compact: true },
    colAligns: columns.map((column) => column.align),
  });
  table.push(
    columns.map((column) => column.head),
    ...rows.map((row) => [...row]),
  );
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd());
}
