import { version } from "../../package.json";

/** What peers tell each other first, as JSON in a ping and its pong. */
export interface Hello {
  readonly ipcBenchmark: string;
}

export function ownHello(): string {
  const hello: Hello = { ipcBenchmark: version };
  return JSON.stringify(hello);
}

/** Said by the client when the measured phase is about to begin. */
export function startNote(): string {
  return JSON.stringify({ start: true });
}

export function isStartNote(note: string): boolean {
  return note === startNote();
}
