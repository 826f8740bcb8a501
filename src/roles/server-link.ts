import type { Channel } from "../channel/channel.ts";
import { exchangeNotes } from "../measure/loops.ts";
import { ownHello, startNote } from "../protocol/cues.ts";

/** What a client and its server say to each other around the messages that are measured. */
export interface ServerLink {
  /** Before anything else. */
  greet(): Promise<void>;
  /** The measured phase is about to begin. */
  start(): Promise<void>;
  /** All messages were sent, and answered. */
  end(): Promise<void>;
}

/** With a server that the same orchestrator started: it knows everything, and its results lie in the common ledger. */
export function spawnedLink(channel: Channel): ServerLink {
  const say = async (note: string) => {
    await exchangeNotes(channel, note);
  };
  return {
    greet: () => say(ownHello()),
    start: () => say(startNote()),
    end: async () => {},
  };
}
