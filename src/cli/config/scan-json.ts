import type { Key } from "./key.ts";

const BLANKS = /[ \t\n\r]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON strings hold none
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const ATOM = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
/** Deeper than any configuration, and shallow enough for the stack. */
const MAX_DEPTH = 64;

interface Scan {
  /** Keys of the outermost object, in their order. */
  readonly keys: readonly Key[];
  /** How far the text is JSON: its length, or where it stops being so. */
  readonly end: number;
}

/** Where the keys of a JSON document stand, and where its first fault. */
export function scanJson(text: string): Scan {
  const keys: Key[] = [];
  let at = 0;

  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? null;
    if (found !== null) at += found.length;
    return found;
  };
  const takeMark = (mark: string): boolean => {
    take(BLANKS);
    const isThere = text[at] === mark;
    if (isThere) at++;
    take(BLANKS);
    return isThere;
  };
  const takeMember = (depth: number): boolean => {
    const offset = at;
    const name = take(STRING);
    if (name === null) return false;
    if (depth === 0) keys.push({ name: JSON.parse(name) as string, offset });
    return takeMark(":") && takeValue(depth + 1);
  };
  const takeList = (close: string, takeItem: () => boolean): boolean => {
    if (takeMark(close)) return true;
    do if (!takeItem()) return false;
    while (takeMark(","));
    return takeMark(close);
  };
  const takeValue = (depth: number): boolean => {
    if (depth > MAX_DEPTH) return false;
    if (takeMark("{")) return takeList("}", () => takeMember(depth));
    if (takeMark("[")) return takeList("]", () => takeValue(depth + 1));
    return take(STRING) !== null || take(ATOM) !== null;
  };

  takeValue(0);
  take(BLANKS);
  return { keys, end: at };
}
