/** Launches as they were recorded, and how often mechanisms drawn from them can't be told apart. */
import { seededRandom } from "../../src/plan/random.ts";
import { differsFromBest, factorsOf } from "../../src/stats/rank.ts";
import document from "./launches.json";

export const recorded = document;

/** One of them, each as likely; no two alike. */
export const anyOf = (values: readonly number[]) => (random: () => number) =>
  values[Math.floor(random() * values.length)]! + random();

/** Share of the trials in which every one of the mechanisms may be the best. @param draw the rounds of one run */
export function shareAlike(trials: number, draw: (random: () => number) => number[][]): number {
  const random = seededRandom(3);
  let alike = 0;
  for (let trial = 0; trial < trials; trial++) {
    const factors = factorsOf(draw(random), "less", trial);
    if (factors.every((factor) => differsFromBest(factor) === false)) alike++;
  }
  return alike / trials;
}
