/** Connections come and go without leaving anything behind, and cost nothing while nobody speaks. */
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { LedgerFile } from "../../src/native/ledger.ts";
import { CHANNELS, settingsOf } from "./channels.ts";
import { findLeftovers } from "./leftovers.ts";
import { ledgerPathOf, withPair } from "./pair.ts";
import { PATIENCE_MS, takePeer } from "./peer-process.ts";

setDefaultTimeout(3 * PATIENCE_MS);

/** The engine starts threads of its own now and then; a leak would show some hundreds. */
const ENGINE_THREADS = 4;

afterAll(async () => expect(await findLeftovers()).toEqual([]));

describe.each(CHANNELS)("%s", (_name, row) => {
  const count = row.mode === "async" && row.mechanism !== "uds" && row.mechanism !== "tcp" ? 300 : 100;

  test(`opens and closes ${count} times with as many descriptors and threads as before`, async () => {
    const ledger = LedgerFile.create(2);
    const peer = takePeer();
    try {
      const order = { do: "cycle", settings: settingsOf(row), ledgerPath: ledgerPathOf(ledger) } as const;
      const before = await peer.ask({ ...order, count: 20 });
      const after = await peer.ask({ ...order, count });
      expect(after.descriptors).toBeLessThanOrEqual(before.descriptors);
      expect(after.threads).toBeLessThanOrEqual(before.threads + ENGINE_THREADS);
    } finally {
      await peer.kill();
      ledger.close();
    }
  });
});

describe.each(CHANNELS.filter(([, row]) => row.mode === "async"))("%s", (_name, row) => {
  test("waits for a message without using the processor", () =>
    withPair(row, {}, async ({ server }) => {
      const costsUs: number[] = [];
      // The engine tidies up after itself now and then: the quietest second counts.
      do costsUs.push((await server.ask({ do: "idle", ms: 1000 })).cpuUs);
      while (Math.min(...costsUs) >= 50_000 && costsUs.length < 4);
      expect(Math.min(...costsUs)).toBeLessThan(50_000);
    }));
});
