import type { Measurement } from "../measure/measurement.ts";
import type { LedgerFile } from "../native/ledger.ts";
import { backedPercentilesNs } from "../stats/backing.ts";
import { ratio } from "../stats/exact.ts";
import type { LatencySnapshot } from "../stats/snapshot.ts";
import { readCell } from "./cell-state.ts";
import { measuredShare, TimeLeft } from "./estimate.ts";
import { cellEndLine, type MiddleAndTail, type ProgressFigures, progressLine } from "./line.ts";
import type { ObservedCell, RunObserver } from "./observer.ts";

/** Four times a second. */
const REDRAW_MS = 250;
const NS_PER_SECOND = 1_000_000_000n;
/** Back to the first column, and the rest of the line away. */
const CLEAR_LINE = "\r\u001b[K";

/** Where progress is shown. */
export interface Screen {
  write(text: string): void;
  /** null: nothing on it can be drawn again. */
  columns(): number | null;
  readonly utf8: boolean;
}

/** The cell under way, and what was seen of it last. */
interface Watched {
  readonly cell: ObservedCell;
  readonly ledger: LedgerFile;
  readonly startMs: number;
  /** When the measured phase was first seen. */
  measuredSinceMs: number | null;
  lastReceived: number;
  lastMs: number;
}

function middleAndTail(snapshot: LatencySnapshot): MiddleAndTail | null {
  const values = backedPercentilesNs(snapshot, [50, 99]);
  if (values === null) return null;
  const [p50Ns = null, p99Ns = null] = values.map((value) => (value === null ? null : Number(value)));
  return { p50Ns, p99Ns };
}

/** Received over the measured window; null where that is empty. */
export function measuredRate({ counts, windowNs }: Measurement): number | null {
  if (windowNs === null || windowNs <= 0n) return null;
  return ratio(BigInt(counts.received) * NS_PER_SECOND, windowNs);
}

/** Where a line can be redrawn, one that goes away at the end; elsewhere one line per cell when it ends. */
export class ProgressDisplay implements RunObserver {
  readonly #screen: Screen;
  readonly #timeLeft = new TimeLeft();
  #watched: Watched | null = null;
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  cellStarts(cell: ObservedCell, ledger: LedgerFile): void {
    const startMs = performance.now();
    this.#watched = { cell, ledger, startMs, measuredSinceMs: null, lastReceived: 0, lastMs: startMs };
    if (this.#screen.columns() === null) return;
    this.#draw();
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS);
  }

  async cellStops(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    if (this.#watched !== null) this.#timeLeft.cellEnded(performance.now() - this.#watched.startMs);
    this.#watched = null;
    this.#clear();
  }

  cellMeasured(cell: ObservedCell, measurement: Measurement): void {
    if (this.#screen.columns() !== null) return;
    const end = {
      counts: measurement.counts,
      ratePerSecond: measuredRate(measurement),
      latency: middleAndTail(measurement.latency),
      failure: measurement.failure,
    };
    this.#screen.write(`${cellEndLine(cell, end, this.#screen.utf8)}\n`);
  }

  #clear(): void {
    if (this.#screen.columns() !== null) this.#screen.write(CLEAR_LINE);
  }

  #draw(): void {
    const columns = this.#screen.columns();
    if (this.#watched === null || columns === null) return;
    const options = { columns, utf8: this.#screen.utf8 };
    const line = progressLine(this.#watched.cell, this.#look(this.#watched), options);
    this.#screen.write(CLEAR_LINE + line);
  }

  #look(watched: Watched): ProgressFigures {
    const { cell, ledger, startMs } = watched;
    const nowMs = performance.now();
    const { state, latency } = readCell(ledger, cell.test, cell.ratePerSecond !== null);
    // Between the last look of the warm-up and the first of the measured phase lies something of both.
    const isRateOfMeasuring = watched.measuredSinceMs !== null && nowMs > watched.lastMs;
    if (state.phase === "measuring") watched.measuredSinceMs ??= nowMs;
    const measuredMs = nowMs - (watched.measuredSinceMs ?? nowMs);
    const share = measuredShare(cell, state, measuredMs);
    const received = state.received - watched.lastReceived;
    const ratePerSecond = isRateOfMeasuring ? (received * 1000) / (nowMs - watched.lastMs) : null;
    watched.lastMs = nowMs;
    watched.lastReceived = state.received;
    return {
      phase: state.phase,
      share,
      ratePerSecond,
      latency: middleAndTail(latency),
      leftMs: this.#timeLeft.estimateMs(cell, share, measuredMs, nowMs - startMs),
    };
  }
}
