import { expect, setDefaultTimeout, test } from "bun:test";
import type { BenchmarkResult } from "../../src/result/schema.ts";
import { expectSuccess, inSandbox, TEST_TIMEOUT_MS } from "./expectations.ts";
import { type Sandbox, until } from "./harness.ts";
import { LedgerPeek } from "./ledger-peek.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

const FREEZE_MS = 100;
const PERIOD_MS = 1100;
/** Of messages on schedule, 100 ms in 1.1 s wait, evenly from 100 ms down to none: every hundredth waits for 89 ms or more. */
const EXPECTED_P99_NS = (FREEZE_MS - PERIOD_MS / 100) * 1e6;

/** One-way run of five seconds whose receiver stands still for 100 ms in every 1.1 s. */
async function frozenRun(sandbox: Sandbox, flags: readonly string[]): Promise<BenchmarkResult> {
  const common = ["-m", "uds", "--one-way", "--blocking", "-d", "5500ms", "-s", "64", "-o", "result.json"];
  const run = sandbox.start([...common, ...flags]);
  const { server, client } = await run.bothRoles();
  using ledger = new LedgerPeek(client);
  await until("messages are measured", () => ledger.progress().sent > 100);
  while (!run.hasEnded) {
    await Bun.sleep(PERIOD_MS - FREEZE_MS);
    // A role that has ended meanwhile is not there to be stopped.
    if (run.roles().server === undefined) break;
    process.kill(server, "SIGSTOP");
    await Bun.sleep(FREEZE_MS);
    process.kill(server, "SIGCONT");
  }
  const ended = await run.ended;
  const result = sandbox.readResult();
  expectSuccess({ ...ended, result });
  return result;
}

const p99Ns = (latency: { percentiles: readonly { percentile: number; value_ns: unknown }[] } | null | undefined) =>
  Number(latency?.percentiles.find(({ percentile }) => percentile === 99)?.value_ns);

test("a schedule shows the wait behind a receiver that stands still, and what messages were not sent hides it", () =>
  inSandbox(async (sandbox) => {
    // Little room, so that few messages are under way when the receiver stops, and the others wait to be sent.
    const scheduled = await frozenRun(sandbox, ["--rate", "5000", "--buffer-size", "4608"]);
    const [cell] = scheduled.results;
    const responseNs = p99Ns(cell?.one_way_results?.latency);
    const serviceNs = p99Ns(cell?.details.tests[0]?.schedule?.service_time);
    expect(responseNs).toBeWithin(0.7 * EXPECTED_P99_NS, 3 * EXPECTED_P99_NS);
    expect(serviceNs).toBeLessThan(responseNs / 10);
    expect(cell?.details.tests[0]?.counts.lost).toBe(0);

    const delayed = await frozenRun(sandbox, ["--send-delay", "200us", "--buffer-size", "4608"]);
    expect(p99Ns(delayed.results[0]?.one_way_results?.latency)).toBeLessThan(responseNs / 10);
  }));
