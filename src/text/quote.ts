const SHOWN_CHARACTERS = 40;

/** Control, format, unassigned and line-breaking characters: what could break or fake a line of output. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * What the user typed, in double quotes, escaped and shortened, so that no value can break out of a one-line message.
 * A shortened text is followed by its length in UTF-16 units.
 */
export function quote(text: string, shown = SHOWN_CHARACTERS): string {
  const characters = Array.from(text.slice(0, 2 * shown + 2));
  if (characters.length <= shown) return escaped(text);
  return `${escaped(`${characters.slice(0, shown).join("")}…`)} (${text.length} characters)`;
}

/** Text in quotes; anything else as JSON has it, shortened likewise. */
export function quoteValue(value: unknown, shown = SHOWN_CHARACTERS): string {
  if (typeof value === "string") return quote(value, shown);
  const text = JSON.stringify(value) ?? String(value);
  return printable(text.length <= shown ? text : `${text.slice(0, shown).toWellFormed()}…`);
}

const escaped = (text: string) => printable(JSON.stringify(text));

/** Words of others, which stay one harmless line wherever they are shown: what is unprintable is escaped, as "\u{202e}". */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    return `\\u{${code}}`;
  });
}
