import { UsageError } from "../plan/errors.ts";
import type { ArrivalPlan, Demands, StandalonePlan, Test } from "../plan/run-plan.ts";
import { arrivalInWords } from "../plan/run-plan.ts";
import { defaultOf, type Flag, flagName } from "./flag.ts";
import { FLAGS, type FlagKey, type GivenFlags } from "./flags.ts";

/** What makes no sense for one side alone. */
const ONLY_FOR: readonly (readonly [FlagKey, "server" | "client"])[] = [
  ["idleTimeout", "server"],
  ["once", "server"],
  ["connectTimeout", "client"],
];

/** Flags of the side that is elsewhere, or of who starts both. */
const REFUSED: Readonly<Record<"server" | "client", readonly FlagKey[]>> = {
  server: ["clientAffinity", "launches", "continueOnError", "dryRun"],
  client: ["serverAffinity"],
};

const SIDE_FLAGS = { server: FLAGS.server, client: FLAGS.client } as const;

/**
 * Which side a command is, if it is one alone; null for a run that starts both. Refuses what belongs to the other side.
 * @param chosen what the flags that a server insists on came to
 * @throws UsageError
 */
export function chooseStandalone(
  given: GivenFlags,
  chosen: { readonly tests: readonly Test[]; readonly arrival: ArrivalPlan | null },
): StandalonePlan | null {
  if (given.server && given.client) {
    throw new UsageError(
      `${flagName(FLAGS.server)} and ${flagName(FLAGS.client)} contradict each other: only one of them is allowed`,
      "start two commands, or leave both out",
    );
  }
  const side = given.server ? "server" : given.client ? "client" : null;
  for (const [key, owner] of ONLY_FOR) {
    if (given[key] === undefined || owner === side) continue;
    const flag = FLAGS[key] as Flag;
    throw new UsageError(
      `${flagName(flag)} works with ${flagName(SIDE_FLAGS[owner])} only`,
      `add ${flagName(SIDE_FLAGS[owner])}, or leave it out`,
    );
  }
  if (side === null) return null;
  for (const key of REFUSED[side]) {
    if (given[key] === undefined) continue;
    throw new UsageError(
      `${flagName(FLAGS[key] as Flag)} has no effect with ${flagName(SIDE_FLAGS[side])}`,
      side === "server" && key === "dryRun" ? "leave it out" : "give it to the other side, or leave it out",
    );
  }
  if (side === "client") {
    return { side, connectTimeoutNs: given.connectTimeout ?? defaultOf(FLAGS.connectTimeout) };
  }
  return {
    side,
    idleTimeoutNs: given.idleTimeout ?? defaultOf(FLAGS.idleTimeout),
    once: given.once ?? false,
    demands: demandsOf(given, chosen),
  };
}

/** What was given, and only that: the rest is the client's choice. */
function demandsOf(
  given: GivenFlags,
  { tests, arrival }: { readonly tests: readonly Test[]; readonly arrival: ArrivalPlan | null },
): Demands {
  const choosesTests = given.oneWay || given.roundTrip || given.noOneWay || given.noRoundTrip;
  const found: Record<keyof Demands, Demands[keyof Demands] | undefined> = {
    messageSizes: given.messageSize?.flat(),
    tests: choosesTests ? tests : undefined,
    messageCount: given.duration === undefined ? given.messageCount : undefined,
    durationNs: given.duration,
    sendDelayNs: given.sendDelay,
    ratePerSecond: given.rate,
    arrival: given.rate === undefined ? undefined : given.arrival && arrivalInWords(arrival),
    seed: given.seed,
    warmupCount: given.warmupIterations,
    includeFirstMessage: given.includeFirstMessage,
    reply: given.reply,
    concurrency: given.concurrency,
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}
