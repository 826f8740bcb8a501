/** Under which settings a result was measured, in words, and which of them tell the results of a run apart. */

import { counted } from "../text/counted.ts";
import { bytesText, timeText } from "../text/units.ts";
import type { MechanismResult } from "./schema.ts";

/** What differs from result to result, per result, and what all of them share. */
export interface SettingsInWords {
  readonly common: readonly string[];
  readonly own: ReadonlyMap<MechanismResult, readonly string[]>;
}

/** The settings of all results. What stands at its default is not worth words. */
export function settingsInWords(results: readonly MechanismResult[], utf8: boolean): SettingsInWords {
  const rows = results.map((entry) => partsOf(entry, utf8));
  const positions = (rows[0] ?? []).map((_, position) => position);
  const isCommon = (position: number) => rows.every((row) => row[position] === rows[0]![position]);
  const pick = (row: readonly string[], wanted: (position: number) => boolean) =>
    positions
      .filter(wanted)
      .map((position) => row[position]!)
      .filter((part) => part !== "");
  return {
    common: pick(rows[0] ?? [], isCommon),
    own: new Map(results.map((entry, index) => [entry, pick(rows[index]!, (position) => !isCommon(position))])),
  };
}

/** Always as many parts, "" for one that needs no words. */
function partsOf({ test_config: config, details }: MechanismResult, utf8: boolean): string[] {
  const { requested } = details;
  const schedule = details.tests.find((test) => test.schedule !== null)?.schedule;
  const hasRoundTrip = details.tests.some(({ test }) => test === "round-trip");
  return [
    `${bytesText(config.message_size)} payload`,
    lengthText(config, utf8),
    details.mode,
    config.concurrency === 1 ? "" : `${config.concurrency} clients`,
    schedule ? `${schedule.requested_rate_per_second} messages/s, ${arrivalText(schedule)}` : "",
    details.send_delay_ns === 0 ? "" : `pause of ${timeText(details.send_delay_ns, utf8)} after each message`,
    requested.shm_direct ? "shm direct" : "",
    details.wait === "block" ? "" : `wait ${details.wait}`,
    details.reply === "echo" || !hasRoundTrip ? "" : "empty replies",
    requested.buffer_bytes === null ? "" : `${bytesText(requested.buffer_bytes)} buffers`,
    requested.server_cpu === null ? "" : `server on CPU ${requested.server_cpu}`,
    requested.client_cpu === null ? "" : `client on CPU ${requested.client_cpu}`,
    realTimeText(details),
    details.cpu_dma_latency === null ? "" : `DMA latency ${dmaLatencyText(details.cpu_dma_latency, utf8)}`,
    flagsWithoutWords(details.settings),
  ];
}

/** What --rt put in force, of the side that has less of it. */
function realTimeText({ requested, tests }: MechanismResult["details"]): string {
  if (requested.real_time_priority === null) return "";
  const sides = tests
    .flatMap(({ client, server }) => [client?.real_time, server?.real_time])
    .filter((one) => one != null);
  const isFifo = sides.every(({ fifo_priority: fifo }) => fifo.effective === fifo.requested);
  const isLocked = sides.every(({ memory_lock: lock }) => lock.effective === lock.requested);
  const fifo = `SCHED_FIFO ${requested.real_time_priority}${isFifo ? "" : " not in force"}`;
  return `${fifo}, memory ${isLocked ? "locked" : "not locked"}`;
}

function dmaLatencyText(
  { requested, effective }: NonNullable<MechanismResult["details"]["cpu_dma_latency"]>,
  utf8: boolean,
): string {
  return `${requested} ${utf8 ? "µs" : "us"}${effective === null ? " not in force" : ""}`;
}

/** Told in words, wherever they differ or not. */
const FLAGS_IN_WORDS: ReadonlySet<string> = new Set([
  ...["blocking", "shm-direct", "reply", "msg-count", "duration", "send-delay", "rate", "arrival", "concurrency"],
  ...["server-affinity", "client-affinity", "rt", "wait", "buffer-size"],
]);

/** "--spin 20us, --include-first-message": of the flags that differ in this run. */
function flagsWithoutWords(settings: MechanismResult["details"]["settings"]): string {
  return Object.entries(settings)
    .filter(([flag, value]) => !FLAGS_IN_WORDS.has(flag) && value !== "" && value !== "false")
    .map(([flag, value]) => (value === "true" ? `--${flag}` : `--${flag} ${value}`))
    .join(", ");
}

/** Neither is known of a test that another tool brought to a server. */
function lengthText({ duration, msg_count: messageCount }: MechanismResult["test_config"], utf8: boolean): string {
  if (duration !== null) return `${timeText(duration.secs * 1e9 + duration.nanos, utf8)} per test`;
  return messageCount === null ? "client of another tool" : `${counted(messageCount, "message")} per test`;
}

function arrivalText({ arrival, burst }: { readonly arrival: string; readonly burst: number }): string {
  return arrival === "burst" ? `bursts of ${burst}` : arrival;
}
