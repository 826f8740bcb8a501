import type { Channel } from "../channel/channel.ts";
import type { Connection } from "../channel/connection.ts";
import { expectSuccess } from "../channel/failures.ts";
import { connect } from "../channel/open.ts";
import type { ConnectionSettings } from "../channel/settings.ts";
import { sendMessages, shutDown } from "../measure/loops.ts";
import { MessageIds } from "../measure/message-ids.ts";
import { sendOnSchedule } from "../measure/open-loop.ts";
import { clientSheetOf, serverSheetOf } from "../native/ledger.ts";
import type { FarServer, RoleCommand, RoleSettings } from "../protocol/control.ts";
import { differ, UsageMeter } from "../system/usage.ts";
import type { UsageFigures } from "../system/usage-schema.ts";
import { connectionSettingsOf, type RoleContext, sayConnected, shareNoDescriptors } from "./context.ts";
import { spawnedTalk, type Talk } from "./talk.ts";

/** Warm-up first, by the very loop that measures afterwards. */
function runPhase(channel: Channel, { arrival, test, sendDelayNs }: RoleSettings, ids: MessageIds): Promise<void> {
  const send = arrival === null ? sendMessages : sendOnSchedule;
  return send(channel, { roundTrip: test === "round-trip", ids, sendDelayNs });
}

/** The way to the server, whoever started it, and the talk with it. */
async function reachServer(
  { settings, ledger, control }: RoleContext,
  connection: ConnectionSettings,
): Promise<{ found: Connection; talk: Talk }> {
  const { standalone } = settings;
  if (standalone?.side !== "client") {
    const found = await connect(connection, ledger, settings.handshakeMs);
    return { found, talk: spawnedTalk(found.channel) };
  }
  // Loaded by those alone who need it: a role starts the sooner.
  const { farTalk, meetServer } = await import("./peer/meeting.ts");
  const found = await meetServer(settings, connection, ledger, standalone.connectMs);
  const say = (server: FarServer) => control.say({ type: "server", server });
  return { found, talk: farTalk(found, settings, standalone, ledger, say) };
}

type CommandOf<Type> = Extract<RoleCommand, { readonly type: Type }>;

async function nextCommand<Type extends RoleCommand["type"]>(
  { control, settings }: RoleContext,
  type: Type,
): Promise<CommandOf<Type>> {
  // The slowest of several clients decides when it comes.
  const command = await control.nextCommand(settings.clientCount > 1);
  if (command.type !== type) throw new Error(`the command ${command.type} instead of ${type}`);
  return command as CommandOf<Type>;
}

/** The sender: connects when told to, warms up, measures, and says goodbye with a shutdown. */
export async function runClient(context: RoleContext): Promise<UsageFigures> {
  const { settings, ledger, control } = context;
  const meter = new UsageMeter({ cpus: settings.cpu === null ? [] : [settings.cpu] });
  const { port } = await nextCommand(context, "connect");
  const { worker } = settings;
  const isFar = settings.standalone !== null;
  const sheets = [clientSheetOf(worker), isFar ? null : serverSheetOf(worker)] as const;
  const sendsRequests = settings.test === "round-trip";
  const connection = { ...connectionSettingsOf({ ...settings, port }, ...sheets), sendsRequests };
  const { found, talk } = await reachServer(context, connection);
  const { channel, session, effective } = found;
  try {
    await talk.greet();
    sayConnected(context, worker, effective);
    const { warmupCount } = settings;
    await runPhase(channel, settings, new MessageIds({ warmupCount, canary: false, messageCount: 0 }));

    await talk.start();
    if (settings.clientCount > 1) {
      control.say({ type: "warm" });
      await nextCommand(context, "start");
      expectSuccess(ledger.awaitStart(settings.startShiftNs));
    }
    shareNoDescriptors(context);
    const opening = meter.readOpening();
    session.start(settings.clientCount > 1 ? settings.startShiftNs : null);
    const canary = !settings.includeFirstMessage;
    const messageCount = settings.messageCount ?? Number.POSITIVE_INFINITY;
    await runPhase(channel, settings, new MessageIds({ warmupCount: 0, canary, messageCount }));
    session.rest();
    const usage = differ(opening, meter.readClosing());
    await talk.end();
    await shutDown(channel);
    return usage;
  } finally {
    await found.close();
  }
}
