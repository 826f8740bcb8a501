import { printable, quote } from "../../text/quote.ts";
import { ConfigFault } from "./fault.ts";
import { scanJson } from "./scan-json.ts";
import { tomlKeys } from "./scan-toml.ts";

/** One key at the top of a document, with its value as the parser gives it. */
export interface Setting {
  readonly name: string;
  /** From 1. */
  readonly line: number;
  readonly value: unknown;
}

/** The settings of a document, in its order. Neither parser tells where its values stand, so a scan does. @throws ConfigFault */
export function readDocument(text: string, format: "toml" | "json"): Setting[] {
  const document = format === "toml" ? parseToml(text) : parseJson(text);
  const settings = new Map<string, Setting>();
  for (const { name, offset } of format === "toml" ? tomlKeys(text) : scanJson(text).keys) {
    const line = lineAt(text, offset);
    const earlier = settings.get(name);
    // A table of TOML may be added to; its keys are not settings in any case.
    if (earlier !== undefined && format === "toml") continue;
    if (earlier !== undefined) {
      throw new ConfigFault(line, `${quote(name)} is given twice, first in line ${earlier.line}`, "keep one of them");
    }
    settings.set(name, { name, line, value: Object.hasOwn(document, name) ? document[name] : undefined });
  }
  return [...settings.values()];
}

function parseJson(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ConfigFault(lineAt(text, scanJson(text).end), `this is not valid JSON: ${reasonOf(error)}`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new ConfigFault(1, "the document is not a JSON object", 'for example { "mechanisms": ["uds", "tcp"] }');
}

function parseToml(text: string): Record<string, unknown> {
  try {
    return Bun.TOML.parse(text) as Record<string, unknown>;
  } catch (error) {
    throw new ConfigFault(faultyTomlLine(text), `this is not valid TOML: ${reasonOf(error)}`);
  }
}

/** The line after the longest beginning that can be parsed: there the faulty statement starts. */
function faultyTomlLine(text: string): number {
  const lines = text.split("\n");
  for (let count = lines.length - 1; count > 0; count--) {
    try {
      Bun.TOML.parse(lines.slice(0, count).join("\n"));
      return count + 1;
    } catch {
      // The fault lies further up.
    }
  }
  return 1;
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return printable(message.replace(/^\w+ Parse error: |\n[\s\S]*/g, "").slice(0, 80));
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}
