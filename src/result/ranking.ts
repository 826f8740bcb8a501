/** What the mechanisms of a run are ranked by, and how far each is from the best one. */

import { againstBest, type Better, differsFromBest, factorsOf } from "../stats/rank.ts";
import { usableLaunches } from "./launches.ts";
import type { BenchmarkResult, MechanismResult, PerformanceMetrics } from "./schema.ts";
import type { LaunchDetails, RankedBy, TestDetails, VsBest } from "./schema-details.ts";
import { settingsInWords } from "./settings.ts";

/** In flight on average, for each client: from here on messages queue, and their latency is the length of the queue. */
export const FEWEST_IN_FLIGHT_OF_A_QUEUE = 2;

const MESSAGES_PER_SECOND = "messages_per_second";

/** One test of one result. */
export interface Entrant {
  readonly entry: MechanismResult;
  readonly details: TestDetails;
}

/** Tests under the same settings, which differ in the mechanism alone. */
function rankGroupsOf(results: readonly MechanismResult[]): Entrant[][] {
  const { own } = settingsInWords(results, true);
  const entrants = results.flatMap((entry) => entry.details.tests.map((details) => ({ entry, details })));
  const groups = Map.groupBy(entrants, ({ entry, details }) => [details.test, ...own.get(entry)!].join(", "));
  return [...groups.values()];
}

/** Its figures should not be quoted, so nothing is compared with them. */
function isTrusted({ details }: Entrant): boolean {
  return details.failure === null && details.verdict.verdict === "valid";
}

function metricsOf({ entry, details }: Entrant): PerformanceMetrics | null {
  return details.test === "one-way" ? entry.one_way_results : entry.round_trip_results;
}

/** Whether messages wait for each other, so that latency tells how long the queue is and not how fast the mechanism. */
export function isQueueing({ entry, details }: Entrant): boolean {
  const { test, schedule, in_flight: inFlight } = details;
  if (test !== "one-way" || schedule !== null || inFlight === null) return false;
  return inFlight >= FEWEST_IN_FLIGHT_OF_A_QUEUE * entry.test_config.concurrency;
}

/**
 * By messages/s if any of them measured its own queue. Otherwise by p50, or by the first percentile asked for if p50 is not
 * among them.
 */
function rankedByOf(members: readonly Entrant[]): RankedBy {
  if (members.some((member) => isTrusted(member) && isQueueing(member))) return MESSAGES_PER_SECOND;
  const { percentiles } = members[0]!.entry.test_config;
  return `p${percentiles.includes(50) ? 50 : (percentiles[0] ?? 50)}`;
}

const percentileOf = (rankedBy: RankedBy) => Number(rankedBy.slice(1));

export const betterOf = (rankedBy: RankedBy): Better => (rankedBy === MESSAGES_PER_SECOND ? "more" : "less");

/** The figure of a test: with several launches the median over them; null without one, or with too few samples for it. */
export function rankedFigure(rankedBy: RankedBy, entrant: Entrant): number | null {
  const { details } = entrant;
  if (details.launches.length > 1) {
    const across = details.across_launches;
    if (rankedBy === MESSAGES_PER_SECOND) return across.messages_per_second?.median ?? null;
    const percentile = percentileOf(rankedBy);
    return across.percentiles.find((one) => one.percentile === percentile)?.value_ns.median ?? null;
  }
  if (rankedBy === MESSAGES_PER_SECOND) return metricsOf(entrant)?.throughput.messages_per_second || null;
  const value = details.percentiles_ns[rankedBy];
  return value == null ? null : Number(value);
}

function launchFigure(rankedBy: RankedBy, launch: LaunchDetails): number | null {
  if (rankedBy === MESSAGES_PER_SECOND) return launch.messages_per_second;
  const percentile = percentileOf(rankedBy);
  const value = launch.percentiles.find((one) => one.percentile === percentile)?.value_ns;
  return value === undefined ? null : Number(value);
}

/** What was measured in each round that all of them came through: the same launch of each. */
function roundsOf(rankedBy: RankedBy, members: readonly Entrant[]): number[][] {
  const byLaunch = members.map(
    ({ details }) => new Map(usableLaunches(details.launches).map((one) => [one.launch, launchFigure(rankedBy, one)])),
  );
  const rounds = [...byLaunch[0]!.keys()].map((launch) => byLaunch.map((figures) => figures.get(launch) ?? null));
  return rounds.filter((round): round is number[] => round.every((figure) => figure !== null && figure > 0));
}

function vsBestOf(rankedBy: RankedBy, members: readonly Entrant[]): Map<TestDetails, VsBest> {
  const figures = members.map((member) => ({ member, figure: rankedFigure(rankedBy, member) }));
  const ranked = figures.filter(({ member, figure }) => isTrusted(member) && figure !== null && figure > 0);
  if (members.length < 2 || ranked.length === 0) return new Map();
  const entrants = ranked.map(({ member }) => member);
  const better = betterOf(rankedBy);
  const medians = againstBest(
    ranked.map(({ figure }) => figure!),
    better,
  );
  const factors = factorsOf(roundsOf(rankedBy, entrants), better, entrants[0]!.entry.details.requested.seed);
  return new Map(
    entrants.map(({ details }, i) => {
      const drawn = factors[i] ?? { factor: medians[i]!, interval: null };
      const { low = null, high = null } = drawn.interval ?? {};
      return [details, { factor: medians[i]!, low, high, differs: differsFromBest(drawn) }];
    }),
  );
}

/** The results with the rank of each of their tests. */
export function ranked(results: readonly MechanismResult[]): BenchmarkResult["results"] {
  const ranks = new Map<TestDetails, Pick<TestDetails, "ranked_by" | "vs_best">>();
  for (const members of rankGroupsOf(results)) {
    const rankedBy = rankedByOf(members);
    const factors = vsBestOf(rankedBy, members);
    for (const { details } of members) {
      ranks.set(details, { ranked_by: rankedBy, vs_best: factors.get(details) ?? null });
    }
  }
  return results.map((entry) => ({
    ...entry,
    details: {
      ...entry.details,
      tests: entry.details.tests.map((details) => ({ ...details, ...ranks.get(details) })),
    },
  }));
}
