import { listen } from "../channel/open.ts";
import { CLIENT_SHEET, SERVER_SHEET } from "../measure/ledger.ts";
import { answerMessages, runLoop } from "../measure/loops.ts";
import { connectionSettingsOf, type RoleContext, sayConnected } from "./attached.ts";
import { ownHello, peerPidOf } from "./hello.ts";

/** The receiver: waits for one client, records or echoes its messages until its shutdown. */
export async function runServer({ settings, ledger, control }: RoleContext): Promise<void> {
  const listener = listen(connectionSettingsOf(settings, SERVER_SHEET, CLIENT_SHEET), ledger);
  try {
    control.say({ type: "ready", port: listener.port });
    const { channel, effective } = await listener.accept(settings.handshakeMs);
    try {
      sayConnected(control, effective);
      const onPing = (note: string) => {
        channel.setPeerPid(peerPidOf(note));
        channel.unlinkName();
        return ownHello();
      };
      await runLoop(
        answerMessages(channel, {
          echo: settings.reply === "echo",
          replyDelayNs: settings.replyDelayNs,
          onPing,
        }),
        channel,
      );
    } finally {
      await channel.close();
    }
  } finally {
    await listener.close();
  }
}
