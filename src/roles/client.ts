import { connect } from "../channel/open.ts";
import { CLIENT_SHEET, SERVER_SHEET } from "../measure/ledger.ts";
import { greet, runLoop, sendMessages, sendOnSchedule } from "../measure/loops.ts";
import { Schedule } from "../measure/schedule.ts";
import { connectionSettingsOf, type RoleContext, sayConnected } from "./attached.ts";
import { ownHello, peerPidOf } from "./hello.ts";

/** The sender: connects when told to, warms up, measures, and says goodbye with a shutdown. */
export async function runClient({ settings, ledger, control }: RoleContext): Promise<void> {
  const { port } = await control.nextCommand();
  const connection = connectionSettingsOf({ ...settings, port }, CLIENT_SHEET, SERVER_SHEET);
  const { channel, effective } = await connect(connection, ledger, settings.handshakeMs);
  try {
    await runLoop(
      greet(channel, ownHello(), (note) => channel.setPeerPid(peerPidOf(note))),
      channel,
    );
    sayConnected(control, effective);
    const schedule = new Schedule({
      warmupCount: settings.warmupCount,
      canary: !settings.includeFirstMessage,
      messageCount: settings.messageCount ?? Number.POSITIVE_INFINITY,
      onStart: () => {
        control.say({ type: "started" });
        channel.start();
      },
    });
    const roundTrip = settings.test === "round-trip";
    const options = { roundTrip, schedule, sendDelayNs: settings.sendDelayNs };
    const loop = settings.arrival === null ? sendMessages : sendOnSchedule;
    await runLoop(loop(channel, options), channel);
  } finally {
    await channel.close();
  }
}
