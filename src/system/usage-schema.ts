/** What a measured window cost and what disturbed it, as a result records it: the type and its schema, once. */

import { type Static, Type } from "@sinclair/typebox";
import { closed } from "../text/schema-parts.ts";
import { known } from "./machine-schema.ts";

const figure = (description: string) => known(Type.Number({ minimum: 0 }), description);

export const UsageFiguresSchema = closed(
  {
    window_ns: Type.Number({
      minimum: 0,
      description:
        "Between the two readings, ns; a little more than the measured window, of several launches than all of theirs",
    }),
    user_ns: figure("CPU time in user mode, all threads, ns; the split from system mode is sampled by ticks"),
    system_ns: figure("CPU time in system mode, all threads, ns"),
    main_thread_cpu_ns: figure("CPU time of the thread that runs the loop, ns"),
    main_thread_wait_ns: figure("Time it was ready to run but had no CPU, ns"),
    voluntary_switches: figure("Times that threads gave up the CPU to wait"),
    involuntary_switches: figure("Times that threads were taken off the CPU"),
    main_thread_voluntary_switches: figure("The same of the thread that runs the loop"),
    main_thread_involuntary_switches: figure("The same of the thread that runs the loop"),
    migrations: figure("Times the kernel moved that thread to another CPU"),
    minor_faults: figure("Page faults answered from memory"),
    major_faults: figure("Page faults that had to read from disk"),
    throttled_count: figure("Times the control groups were held back for having used up their CPU quota"),
    throttled_ns: figure("Time they were held back, ns"),
    cpu_pressure_share: figure("PSI: share of the window in which some task waited for a CPU, machine-wide"),
    steal_share: figure("Share of the CPUs' time that the hypervisor gave to others"),
    interrupts: figure("Interrupts on the CPUs looked at"),
  },
  "From right before the measured phase of this side to right after it; what could not be read is unknown",
);

export type UsageFigures = Static<typeof UsageFiguresSchema>;
