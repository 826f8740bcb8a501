import { listen } from "../channel/open.ts";
import { CLIENT_SHEET, SERVER_SHEET } from "../measure/ledger.ts";
import { answerMessages, runLoop } from "../measure/loops.ts";
import { differ, UsageMeter, type UsageReading } from "../system/usage.ts";
import type { UsageFigures } from "../system/usage-schema.ts";
import { connectionSettingsOf, type RoleContext, sayConnected } from "./attached.ts";
import { isStartNote, ownHello, peerPidOf } from "./hello.ts";

/** The receiver: waits for one client, records or echoes its messages until its shutdown. */
export async function runServer(context: RoleContext): Promise<UsageFigures | null> {
  const { settings, ledger, control, log } = context;
  const listener = listen(connectionSettingsOf(settings, SERVER_SHEET, CLIENT_SHEET), ledger);
  try {
    const port = settings.mechanism === "tcp" ? ` port ${listener.port}` : "";
    log.debug(`can be connected to at ${settings.endpoint}${port} over ${settings.mechanism}`);
    control.say({ type: "ready", port: listener.port });
    const meter = new UsageMeter({ cpus: settings.cpu === null ? [] : [settings.cpu] });
    const { channel, effective } = await listener.accept(settings.handshakeMs);
    try {
      sayConnected(context, effective);
      let opening: UsageReading | null = null;
      const onPing = (note: string) => {
        if (isStartNote(note)) {
          opening = meter.readOpening();
          channel.start();
          return "";
        }
        channel.setPeerPid(peerPidOf(note));
        channel.unlinkName();
        return ownHello();
      };
      const { replyDelayNs } = settings;
      await runLoop(
        answerMessages(channel, { echo: settings.reply === "echo", replyDelayNs, onPing }),
        channel,
      );
      return opening === null ? null : differ(opening, meter.readClosing());
    } finally {
      await channel.close();
    }
  } finally {
    await listener.close();
  }
}
