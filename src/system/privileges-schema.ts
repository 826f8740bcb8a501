/** What `--rt` and `--cpu-dma-latency` put in force, as a result records it. */

import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { closed, nullable, oneOf } from "../text/schema-parts.ts";
import { known } from "./machine-schema.ts";
import type { Effective, RealTimeReport } from "./privileges.ts";

function effective<T extends TSchema>(value: T, description: string) {
  return closed(
    {
      requested: Type.Unsafe<Static<T>>({ ...value, description: "As asked for" }),
      effective: nullable(known(value), "Read back; null: nothing of the kind is in force"),
      note: nullable(Type.String(), "Why the two differ and what would help"),
    },
    description,
  );
}

export const RealTimeSchema = closed(
  {
    fifo_priority: effective(Type.Integer(), "SCHED_FIFO priority of the thread that runs the loop"),
    memory_lock: effective(
      oneOf(["present", "present and future"], "Pages"),
      "Pages that stay in memory: those there when it was locked, or also those that come later",
    ),
    locked_bytes: known(Type.Integer(), "Address space locked, bytes; far more than the memory in use"),
    prefaulted_stack_bytes: effective(Type.Integer(), "Stack touched beforehand, bytes"),
    timer_slack_ns: effective(Type.Integer(), "By how much the kernel may delay timers, ns"),
  },
  "What --rt put in force on this side",
);

export const CpuDmaLatencySchema = effective(
  Type.Integer(),
  "--cpu-dma-latency: wake-up latency demanded of all CPUs, us",
);

const withoutDenial = <T>({ requested, effective: inForce, note }: Effective<T>) => ({
  requested,
  effective: inForce,
  note,
});

export function realTimeDetails(report: RealTimeReport): Static<typeof RealTimeSchema> {
  return {
    fifo_priority: withoutDenial(report.fifoPriority),
    memory_lock: withoutDenial(report.memoryLock),
    locked_bytes: report.lockedBytes,
    prefaulted_stack_bytes: withoutDenial(report.prefaultedStackBytes),
    timer_slack_ns: withoutDenial(report.timerSlackNs),
  };
}

export function cpuDmaLatencyDetails(report: Effective<number>): Static<typeof CpuDmaLatencySchema> {
  return withoutDenial(report);
}
