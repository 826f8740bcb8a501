import type { MachineFacts } from "../system/machine-schema.ts";
import type { Effective } from "../system/privileges.ts";

/** What held for the whole run, whatever was measured. */
export interface RunConditions {
  /** null until it has been read, which is after the first cell: reading it takes tens of milliseconds. */
  readonly machine: MachineFacts | null;
  /** Least step between two readings of the clock; null where it was not measured. */
  readonly clockResolutionNs: number | null;
  /** null without --cpu-dma-latency. */
  readonly cpuDmaLatency: Effective<number> | null;
}
