import type { Channel } from "../channel/channel.ts";
import { connect } from "../channel/open.ts";
import { clientSheetOf, serverSheetOf } from "../measure/ledger.ts";
import { exchangeNotes, runLoop, sendMessages, sendOnSchedule, shutDown } from "../measure/loops.ts";
import { Schedule } from "../measure/schedule.ts";
import { differ, UsageMeter } from "../system/usage.ts";
import type { UsageFigures } from "../system/usage-schema.ts";
import { connectionSettingsOf, type RoleContext, sayConnected } from "./attached.ts";
import type { RoleSettings } from "./control.ts";
import { ownHello, startNote } from "./hello.ts";

/** Warm-up first, by the very loop that measures afterwards. */
function runPhase(channel: Channel, settings: RoleSettings, schedule: Schedule): Promise<void> {
  const loop = settings.arrival === null ? sendMessages : sendOnSchedule;
  const roundTrip = settings.test === "round-trip";
  return runLoop(loop(channel, { roundTrip, schedule, sendDelayNs: settings.sendDelayNs }), channel);
}

/** The sender: connects when told to, warms up, measures, and says goodbye with a shutdown. */
export async function runClient(context: RoleContext): Promise<UsageFigures> {
  const { settings, ledger, control } = context;
  const meter = new UsageMeter({ cpus: settings.cpu === null ? [] : [settings.cpu] });
  const { port } = await control.nextCommand();
  const { worker } = settings;
  const sheets = [clientSheetOf(worker), serverSheetOf(worker)] as const;
  const connection = connectionSettingsOf({ ...settings, port }, ...sheets);
  const { channel, effective } = await connect(connection, ledger, settings.handshakeMs);
  try {
    await runLoop(
      exchangeNotes(channel, ownHello(), () => {}),
      channel,
    );
    sayConnected(context, worker, effective);
    const { warmupCount } = settings;
    await runPhase(channel, settings, new Schedule({ warmupCount, canary: false, messageCount: 0 }));

    await runLoop(
      exchangeNotes(channel, startNote(), () => {}),
      channel,
    );
    control.say({ type: "started" });
    const opening = meter.readOpening();
    channel.start();
    const canary = !settings.includeFirstMessage;
    const messageCount = settings.messageCount ?? Number.POSITIVE_INFINITY;
    await runPhase(channel, settings, new Schedule({ warmupCount: 0, canary, messageCount }));
    const usage = differ(opening, meter.readClosing());
    await runLoop(shutDown(channel), channel);
    return usage;
  } finally {
    await channel.close();
  }
}
