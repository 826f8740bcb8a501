import { CLIENT_SHEET, type LedgerCounts, LedgerFile, SERVER_SHEET } from "../../src/native/ledger.ts";
import { type Overrides, type Row, settingsOf } from "./channels.ts";
import { giveBack, type Peer, takePeer } from "./peer-process.ts";

export interface Pair {
  readonly server: Peer;
  readonly client: Peer;
  readonly ledger: LedgerFile;
  /** What the server counted of what the client sent, and the client of the replies. */
  counts(side: "server" | "client"): LedgerCounts & { recorded: number };
}

const DEADLINE_MS = 5000;

/** Where another process finds the memory. */
export const ledgerPathOf = (ledger: LedgerFile) => `/proc/${process.pid}/fd/${ledger.fd}`;

export function countsOf(ledger: LedgerFile, sheet: number): LedgerCounts & { recorded: number } {
  return { ...ledger.counts(sheet), recorded: Number(ledger.distribution(sheet, "service").count) };
}

async function meet(row: Row, overrides: Overrides, server: Peer, client: Peer, ledgerPath: string): Promise<void> {
  const settings = settingsOf(row, overrides);
  const asServer = { ...settings, sheet: SERVER_SHEET, peerSheet: CLIENT_SHEET };
  const { port } = await server.ask({ do: "listen", settings: asServer, ledgerPath });
  const asClient = { ...settings, port, sheet: CLIENT_SHEET, peerSheet: SERVER_SHEET };
  await Promise.all([
    server.ask({ do: "accept", deadlineMs: DEADLINE_MS }),
    client.ask({ do: "connect", settings: asClient, ledgerPath, deadlineMs: DEADLINE_MS }),
  ]);
  // As the roles do it when they exchangeNotes each other.
  await server.ask({ do: "unlink" });
}

/** Runs `body` with two connected processes; afterwards both have closed, or are killed. */
export async function withPair(row: Row, overrides: Overrides, body: (pair: Pair) => Promise<void>): Promise<void> {
  const ledger = LedgerFile.create(2);
  const [server, client] = [takePeer(), takePeer()];
  try {
    await meet(row, overrides, server, client, ledgerPathOf(ledger));
    const counts = (side: "server" | "client") => countsOf(ledger, side === "server" ? SERVER_SHEET : CLIENT_SHEET);
    await body({ server, client, ledger, counts });
    const living = [server, client].filter((peer) => peer.isFree);
    await Promise.all(living.map((peer) => peer.ask({ do: "close" })));
    await Promise.all([giveBack(server), giveBack(client)]);
  } catch (error) {
    await Promise.all([server.kill(), client.kill()]);
    throw error;
  } finally {
    ledger.close();
  }
}
