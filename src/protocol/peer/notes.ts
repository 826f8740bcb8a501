/**
 * What peers that were started by hand say to each other, as JSON in a ping and its pong. Each note fits into the room that every
 * connection has for one; what is longer goes in parts. Pure.
 */

import { NOTE_BYTES } from "../../native/numbers.ts";
import { type Answer, AnswerSchema, parseNote, type Question, QuestionSchema } from "./note-schema.ts";

/** The question in a ping; null for what is none. */
export function readQuestion(note: string): Question | null {
  return parseNote(QuestionSchema, note) ?? null;
}

/** The answer in a pong; null for what is none, as of another tool, whose pongs are empty. */
export function readAnswer(note: string): Answer | null {
  return parseNote(AnswerSchema, note) ?? null;
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
