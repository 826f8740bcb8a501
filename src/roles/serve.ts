import type { Line } from "../channel/connection.ts";
import { answerMessages } from "../measure/loops.ts";
import { expectPinned } from "../native/cpus.ts";
import type { RoleSettings } from "../protocol/control.ts";
import { isStartNote, ownHello } from "../protocol/cues.ts";

/**
 * Serves one client to its end, in whatever thread: answers its hello, records or echoes its messages until its shutdown, and
 * closes the connection. Rejects with what went wrong.
 * @param onStart its measured phase is about to begin
 */
export async function serveConnection(
  { channel, session, close }: Line,
  { reply, replyDelayNs, cpu }: RoleSettings,
  onStart: () => void,
): Promise<void> {
  const onPing = (note: string) => {
    if (isStartNote(note)) {
      onStart();
      session.start(null);
      return "";
    }
    session.unlinkName();
    return ownHello();
  };
  try {
    await answerMessages(channel, { echo: reply === "echo", replyDelayNs, onPing });
    if (cpu !== null) expectPinned(cpu);
  } finally {
    await close();
  }
}
