import type { Channel } from "../channel/channel.ts";
import { answerMessages, runLoop } from "../measure/loops.ts";
import { expectPinned } from "../native/cpus.ts";
import type { RoleSettings } from "../protocol/control.ts";
import { isStartNote, ownHello } from "../protocol/cues.ts";

/**
 * Serves one client to its end, in whatever thread: answers its hello, records or echoes its messages until its shutdown, and
 * closes the channel. Rejects with what went wrong.
 * @param onStart its measured phase is about to begin
 */
export async function serveConnection(
  channel: Channel,
  { reply, replyDelayNs, cpu }: RoleSettings,
  onStart: () => void,
): Promise<void> {
  const onPing = (note: string) => {
    if (isStartNote(note)) {
      onStart();
      channel.start(null);
      return "";
    }
    channel.unlinkName();
    return ownHello();
  };
  try {
    await runLoop(answerMessages(channel, { echo: reply === "echo", replyDelayNs, onPing }), channel);
    if (cpu !== null) expectPinned(cpu);
  } finally {
    await channel.close();
  }
}
