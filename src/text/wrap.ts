/** Where a line may end: not between a number and its unit, nor between a flag or "CPU" and what it names. */
const BREAK =
  / (?!(?<=\d )(?:[num\u00b5]?s|min|h|%|B|[KMG]iB|[kMG]B|bytes?|messages?|samples?|times|CPUs?)(?![\w/]))(?!(?<=(?:\s--?[a-z][a-z-]*|CPU) )[\dA-Z])/;

/** The text with `space` where no line may end. */
export function unbreakable(text: string, space: string): string {
  return text
    .split(BREAK)
    .map((word) => word.replaceAll(" ", space))
    .join(" ");
}

/**
 * Text in lines of at most `columns`, broken at spaces; from the second line on indented. A longer word stays whole, and so does
 * what no-break spaces hold together; they become plain ones. Colours take no room.
 */
export function wrapped(text: string, columns: number, indent = ""): string[] {
  const lines: string[] = [];
  let line: string | null = null;
  for (const word of text.split(BREAK)) {
    const longer: string = line === null ? word : `${line} ${word}`;
    if (line !== null && line.trim() !== "" && Bun.stringWidth(longer) > columns) {
      lines.push(line);
      line = indent + word;
    } else line = longer;
  }
  return [...lines, line ?? ""].map((one) => one.replaceAll("\u00a0", " "));
}
