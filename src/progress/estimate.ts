import type { CellState } from "./cell-state.ts";
import type { ObservedCell } from "./observer.ts";

/** How much of its measured phase a cell has behind it, 0 to 1; null before it begins. */
export function measuredShare(cell: ObservedCell, state: CellState, measuredMs: number): number | null {
  if (state.phase !== "measuring") return null;
  const share =
    cell.durationNs !== null
      ? (measuredMs * 1e6) / cell.durationNs
      : cell.messageCount !== null
        ? state.received / cell.messageCount
        : null;
  return share === null ? null : Math.min(1, share);
}

/** Guesses how long the run still takes: this cell at its pace so far, those to come as long as those before on average. */
export class TimeLeft {
  #endedMs = 0;
  #endedCells = 0;

  cellEnded(elapsedMs: number): void {
    this.#endedMs += elapsedMs;
    this.#endedCells += 1;
  }

  /**
   * @param share of the measured phase; null before it begins
   * @param measuredMs time in that phase, in it `elapsedMs` of the cell
   * @returns ms; null where there is nothing to go by
   */
  estimateMs(cell: ObservedCell, share: number | null, measuredMs: number, elapsedMs: number): number | null {
    const ownLeftMs = share === null || share <= 0.01 ? null : measuredMs / share - measuredMs;
    const meanMs =
      this.#endedCells > 0
        ? this.#endedMs / this.#endedCells
        : ownLeftMs !== null
          ? elapsedMs + ownLeftMs
          : cell.durationNs === null
            ? null
            : cell.durationNs / 1e6;
    if (meanMs === null) return null;
    return (ownLeftMs ?? Math.max(0, meanMs - elapsedMs)) + (cell.total - cell.number) * meanMs;
  }
}
