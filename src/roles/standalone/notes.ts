/**
 * What peers that were started by hand say to each other, as JSON in a ping and its pong. Each note fits into the room that every
 * connection has for one; what is longer goes in parts. Pure.
 */

import { NOTE_BYTES } from "../../channel/channel.ts";
import type { Hello } from "./hello.ts";
import type { Terms } from "./terms.ts";

/** What a client asks. */
export type Question =
  | { readonly hello: Hello }
  /** The test that comes. */
  | { readonly terms: Terms }
  /** The measured phase begins with the next message. */
  | { readonly start: true }
  /** The test is over: `counts` are the client's. The answer tells in how many parts the server's report comes. */
  | { readonly report: ClientEnd }
  | { readonly part: number };

/** What the client knows of the test and the server does not; times are CLOCK_MONOTONIC ns, as digits. */
export interface ClientEnd {
  readonly sent: number;
  readonly firstSendNs: string | null;
  readonly lastSendNs: string | null;
}

/** What a server answers; a part of its report goes as it is. */
export type Answer =
  | { readonly hello: Hello }
  | { readonly agreed: true }
  /** The test can't be: why, a phrase each. */
  | { readonly refused: readonly string[] }
  | { readonly parts: number }
  | Record<string, never>;

/** The question in a ping; null for what is none. */
export function readQuestion(note: string): Question | null {
  const value = parsed(note);
  const keys = value === null ? [] : Object.keys(value);
  return keys.length === 1 && ["hello", "terms", "start", "report", "part"].includes(keys[0]!)
    ? (value as unknown as Question)
    : null;
}

function parsed(note: string): Record<string, unknown> | null {
  try {
    const value = JSON.parse(note) as unknown;
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** The answer in a pong; null for one of another tool, which is empty. */
export function readAnswer(note: string): Answer | null {
  return parsed(note) as Answer | null;
}

/** A note as it goes; in ASCII, so that it may be cut anywhere. */
export function noteText(value: Question | Answer): string {
  return asciiJson(value);
}

/** Phrases that don't all fit into one note: as many as do. */
export function refusal(reasons: readonly string[]): Answer {
  for (let count = reasons.length; count > 0; count--) {
    const answer = { refused: reasons.slice(0, count) };
    if (noteText(answer).length <= NOTE_BYTES) return answer;
  }
  return { refused: [reasons[0]?.slice(0, NOTE_BYTES / 4) ?? "no reason"] };
}

/** JSON in which everything beyond ASCII is escaped. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A long text in pieces that each fit into a note. */
export function partsOf(text: string): string[] {
  return Array.from({ length: Math.ceil(text.length / NOTE_BYTES) }, (_, i) =>
    text.slice(i * NOTE_BYTES, (i + 1) * NOTE_BYTES),
  );
}
