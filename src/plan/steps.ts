import { seededRandom, shuffled } from "./random.ts";
import type { Mechanism, RunPlan, Test } from "./run-plan.ts";

/** One thing to be measured: a cell (mechanism, message size, test) and which launch of it. */
export interface Step {
  readonly plan: RunPlan;
  /** Which result it belongs to: one per plan, mechanism and size, in their order; each may be named twice. */
  readonly position: number;
  readonly mechanism: Mechanism;
  readonly messageBytes: number;
  readonly test: Test;
  /** From 1. */
  readonly launch: number;
}

/** The steps of several plans, in the order in which they are run: one plan after the other. */
export function stepsOf(plans: readonly RunPlan[]): Step[] {
  let before = 0;
  return plans.flatMap((plan) => {
    const steps = stepsOfPlan(plan, before);
    before += resultsOf(plan);
    return steps;
  });
}

/** How many results a plan has when it is done: one for each mechanism and size. */
function resultsOf(plan: RunPlan): number {
  return plan.mechanisms.length * plan.messageSizes.length;
}

/** Every launch is a round through all cells; with several, each round has a random order of its own. */
function stepsOfPlan(plan: RunPlan, before: number): Step[] {
  const random = seededRandom(plan.seed);
  const sizes = plan.messageSizes;
  return Array.from({ length: plan.launches }, (_, index) => {
    const round = plan.mechanisms.flatMap((mechanism, row) =>
      sizes.flatMap((messageBytes, column) => {
        const position = before + row * sizes.length + column;
        return plan.tests.map((test) => ({
          plan,
          position,
          mechanism,
          messageBytes,
          test,
          launch: index + 1,
        }));
      }),
    );
    return plan.launches === 1 ? round : shuffled(round, random);
  }).flat();
}
