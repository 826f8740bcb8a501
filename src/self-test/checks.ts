import { endOver } from "../channel/native-connection.ts";
import { Session } from "../channel/session.ts";
import type { ConnectionSettings } from "../channel/settings.ts";
import { sendMessages } from "../measure/loops.ts";
import type { Measurement } from "../measure/measurement.ts";
import { MessageIds } from "../measure/message-ids.ts";
import { LedgerFile } from "../native/ledger.ts";
import { native } from "../native/library.ts";
import { MECHANISM } from "../native/numbers.ts";
import { measureCell } from "../orchestrator/cell.ts";
import { endpointFor } from "../orchestrator/endpoints.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import { meanNs, medianNs, percentilesNs } from "../stats/histogram.ts";

/** One thing that the tool found out about itself. */
export interface Check {
  readonly name: string;
  readonly value: string;
  readonly limit: string;
  readonly passed: boolean;
}

const TURNS = 1_000_000;
const MESSAGES = 20_000;
const KNOWN_DELAY_NS = 500_000;

const ns = (value: number) => `${value.toFixed(1)} ns`;
const within = (name: string, valueNs: number, limitNs: number): Check => ({
  name,
  value: ns(valueNs),
  limit: `at most ${ns(limitNs)}`,
  passed: valueNs <= limitNs,
});

function clockChecks(): Check[] {
  const shim = native();
  const backward = shim.probe_clock_backward_steps(TURNS);
  return [
    within("clock reading", shim.probe_clock_cost_ns(TURNS), 200),
    within("smallest clock step", shim.probe_clock_step_ns(TURNS), 1000),
    { name: "backward clock steps", value: `${backward}`, limit: "none", passed: backward === 0 },
  ];
}

/** The slower tiers of the JavaScript engine are warmed through first, as a test's warm-up does. */
function callCheck(): Check {
  const { shim_abi_version: call } = native();
  const timed = () => {
    const start = Bun.nanoseconds();
    for (let i = 0; i < TURNS; i++) call();
    return (Bun.nanoseconds() - start) / TURNS;
  };
  timed();
  return within("call into the C part", timed(), 100);
}

function recordCheck(): Check {
  const ledger = LedgerFile.private(1);
  native().probe_record_cost_ns(ledger.address, 0, TURNS);
  return within("record of one latency", native().probe_record_cost_ns(ledger.address, 0, TURNS), 100);
}

/** The real loop, session and ledger over a channel that costs next to nothing: what the rig adds to each figure. */
async function nullChannelChecks(plan: RunPlan): Promise<Check[]> {
  const ledger = LedgerFile.private(1);
  const messageBytes = plan.messageSizes[0]!;
  const settings: ConnectionSettings = {
    ...plan,
    mode: "blocking",
    mechanism: "uds",
    endpoint: "null",
    port: 0,
    messageBytes,
    replyBytes: messageBytes,
    silenceMs: 1000,
    sheet: 0,
    queueDepth: null,
    peerSheet: null,
  };
  const session = Session.open(settings, ledger, MECHANISM.null);
  session.connect();
  const { channel, close } = endOver(session, null);
  const ids = new MessageIds({
    warmupCount: TURNS / 10,
    canary: true,
    messageCount: TURNS,
  });
  const start = Bun.nanoseconds();
  await sendMessages(channel, { roundTrip: true, ids, sendDelayNs: 0 });
  const perMessageNs = (Bun.nanoseconds() - start) / (TURNS * 1.1);
  await close();
  const service = ledger.distribution(0, "service");
  const counts = ledger.counts(0);
  return [
    within("round trip over a null channel, p50", Number(medianNs(service) ?? 0n), 2000),
    within("the same with building, checking and recording", perMessageNs, 4000),
    {
      name: "messages sent, received, recorded",
      value: `${counts.sent}, ${counts.received}, ${service.count}`,
      limit: `${TURNS} each`,
      passed: counts.sent === TURNS && counts.received === TURNS && service.count === BigInt(TURNS),
    },
  ];
}

async function roundTrips(plan: RunPlan, replyDelayNs: number): Promise<Measurement> {
  const cell = {
    mechanism: "uds",
    messageBytes: plan.messageSizes[0]!,
    test: "round-trip",
    endpoint: endpointFor("uds", plan),
    isOwnName: true,
    seed: 1,
    replyDelayNs,
  } as const;
  return measureCell(cell, { ...plan, messageCount: replyDelayNs > 0 ? 2000 : MESSAGES }, new AbortController().signal);
}

/**
 * In a closed loop with one message in flight the rate times the mean round trip is the number in flight, less the share of time
 * that lies outside the interval (J. D. C. Little, A Proof for the Queuing Formula L = λW, 1961).
 */
function littlesLaw(measurement: Measurement): Check {
  const mean = meanNs(measurement.latency) ?? 0;
  const seconds = Number(measurement.windowNs ?? 0n) / 1e9;
  const inFlight = seconds > 0 ? (measurement.counts.received / seconds) * (mean / 1e9) : 0;
  return {
    name: "messages in flight in a closed loop (rate x mean round trip)",
    value: inFlight.toFixed(3),
    limit: "0.800 to 1.001",
    passed: inFlight >= 0.8 && inFlight <= 1.001,
  };
}

/** The fastest decile is compared: what other programs take from the CPU lies in the slower ones. */
function knownDelay(plain: Measurement, delayed: Measurement): Check {
  const low = ({ latency }: Measurement) => Number(percentilesNs(latency, [10])?.[0] ?? 0n);
  const foundNs = low(delayed) - low(plain);
  const toleranceNs = 0.2 * KNOWN_DELAY_NS;
  return {
    name: `delay of ${KNOWN_DELAY_NS / 1000} us in the echo, as measured`,
    value: `${(foundNs / 1000).toFixed(1)} us`,
    limit: `${KNOWN_DELAY_NS / 1000} +- ${toleranceNs / 1000} us`,
    passed: Math.abs(foundNs - KNOWN_DELAY_NS) <= toleranceNs,
  };
}

/** All checks of the tool on itself, in the order in which they build on each other. `plan`: a blocking one, for its defaults. */
export async function runChecks(plan: RunPlan): Promise<Check[]> {
  const parts = [...clockChecks(), callCheck(), recordCheck(), ...(await nullChannelChecks(plan))];
  const plain = await roundTrips(plan, 0);
  const delayed = await roundTrips(plan, KNOWN_DELAY_NS);
  for (const { failure } of [plain, delayed]) {
    if (failure !== null)
      parts.push({ name: "round trips over uds", value: failure, limit: "no failure", passed: false });
  }
  return [...parts, littlesLaw(plain), knownDelay(plain, delayed)];
}
