import type { ConnectionEnd } from "../channel/connection.ts";
import { answerMessages } from "../measure/loops.ts";
import { expectPinned } from "../native/cpus.ts";
import type { RoleSettings } from "../protocol/control.ts";
import { START } from "../protocol/cues.ts";

/**
 * Serves one client to its end, in whatever thread: answers its cues, records or echoes its messages until its shutdown, and
 * closes the connection. Rejects with what went wrong.
 * @param onStart its measured phase is about to begin
 */
export async function serveConnection(
  { channel, session, close }: ConnectionEnd,
  { reply, replyDelayNs, cpu }: RoleSettings,
  onStart: () => void,
): Promise<void> {
  const onPing = (cue: string) => {
    if (cue === START) {
      onStart();
      session.start(null);
    } else session.unlinkName();
    return "";
  };
  try {
    await answerMessages(channel, { echo: reply === "echo", replyDelayNs, onPing });
    if (cpu !== null) expectPinned(cpu);
  } finally {
    await close();
  }
}
