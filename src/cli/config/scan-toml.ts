import type { Key } from "./key.ts";

const BLANKS = /[ \t\r\n]*/y;
const COMMENT = /#[^\n]*/y;
const HEADER = /\[\[?[ \t]*/y;
const KEY = /[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y;
/** Text that is no bracket and no end of line; strings whole, also those over several lines. */
const PIECE =
  /"""[\s\S]*?(?<!\\)(?:\\\\)*"""+|'''[\s\S]*?'''+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|#[^\n]*|[^"'#[\]{}\n]+|["']/y;

/**
 * Where the keys at the top of a TOML document stand, which is known to be correct; a table counts as a key. The keys of tables
 * are left out.
 */
export function tomlKeys(text: string): Key[] {
  const keys: Key[] = [];
  let at = 0;
  let isTop = true;

  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? null;
    if (found !== null) at += found.length;
    return found;
  };
  /** To the end of the statement: the first line end outside of brackets. */
  const skipStatement = () => {
    for (let depth = 0; at < text.length; ) {
      if (take(PIECE) !== null) continue;
      const mark = text[at++]!;
      if (mark === "\n" && depth <= 0) return;
      if (mark !== "\n") depth += mark === "[" || mark === "{" ? 1 : -1;
    }
  };

  while (at < text.length) {
    take(BLANKS);
    if (take(COMMENT) !== null) continue;
    const offset = at;
    const isHeader = take(HEADER) !== null;
    if (isHeader) isTop = false;
    const key = take(KEY);
    if (key !== null && (isHeader || isTop)) keys.push({ name: unquoted(key), offset });
    skipStatement();
  }
  return keys;
}

function unquoted(key: string): string {
  if (key.startsWith("'")) return key.slice(1, -1);
  if (!key.startsWith('"')) return key;
  try {
    return JSON.parse(key) as string;
  } catch {
    // An escape that only TOML has; no flag needs one.
    return key.slice(1, -1);
  }
}
