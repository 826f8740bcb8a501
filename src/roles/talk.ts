import type { Channel } from "../channel/channel.ts";
import { exchangeNotes } from "../measure/loops.ts";
import { MET, START } from "../protocol/cues.ts";

/** What a client and its server say to each other around the messages that are measured. */
export interface Talk {
  /** Before anything else. */
  greet(): Promise<void>;
  /** The measured phase is about to begin. */
  start(): Promise<void>;
  /** All messages were sent, and answered. */
  end(): Promise<void>;
}

/** With a server that the same orchestrator started: it knows everything, and its results lie in the common ledger. */
export function spawnedTalk(channel: Channel): Talk {
  const say = async (cue: string) => {
    await exchangeNotes(channel, cue);
  };
  return {
    greet: () => say(MET),
    start: () => say(START),
    end: async () => {},
  };
}
