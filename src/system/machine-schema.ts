/** What the machine is, as a result records it: the type and its schema, once. What could not be read is "unknown". */

import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { closed, count } from "../text/schema-parts.ts";
import { UNKNOWN } from "./kernel-files.ts";

/** A value, or "unknown" where it could not be read. */
export function known<T extends TSchema>(schema: T, description?: string) {
  return Type.Union([schema, Type.Literal(UNKNOWN)], description ? { description } : {});
}

/** A limit: a number, "unlimited" or "unknown". */
function limit(description: string) {
  return known(Type.Union([Type.Number({ minimum: 0 }), Type.Literal("unlimited")]), description);
}

/** Text is "unknown" as it is; no union needed. */
function text(description: string) {
  return Type.String({ description: `${description}; or unknown` });
}

function knownCpus(description: string) {
  return known(Type.Array(count("CPU number")), description);
}

const IdleState = closed({
  name: text("As the driver calls it"),
  latency_us: known(Type.Number(), "Time to wake from it, us"),
  residency_us: known(Type.Number(), "Least stay that pays, us"),
  disabled: known(Type.Boolean(), "Switched off by hand on this CPU"),
});

const Cache = closed({
  level: known(Type.Number(), "1, 2, 3"),
  type: text("Data, Instruction or Unified"),
  size: text("As sysfs writes it: 512K"),
  shared_cpus: knownCpus("CPUs that share it"),
});

const Cpu = closed(
  {
    cpu: count("CPU number as the kernel counts"),
    model: text("Model name; implementer and part on arm64"),
    package: known(Type.Number(), "Socket"),
    core: known(Type.Number(), "Core in its socket"),
    numa_node: known(Type.Number(), "Memory node"),
    smt_siblings: knownCpus("CPUs of the same core, itself included"),
    package_cpus: knownCpus("CPUs of the same socket, itself included"),
    caches: Type.Array(Cache, { description: "Its caches; empty where sysfs lists none" }),
    governor: text("scaling_governor"),
    frequency_driver: text("scaling_driver"),
    energy_preference: text("energy_performance_preference"),
    frequency_khz: known(Type.Number(), "scaling_cur_freq when the facts were read, kHz"),
    frequency_min_khz: known(Type.Number(), "scaling_min_freq, kHz"),
    frequency_max_khz: known(Type.Number(), "scaling_max_freq, kHz"),
    idle_states: known(Type.Array(IdleState), "cpuidle, shallowest first"),
  },
  "One of the CPUs looked at",
);

export const MachineFactsSchema = closed(
  {
    kernel_release: text("uname -r"),
    kernel_version: text("/proc/version"),
    kernel_command_line: text("/proc/cmdline"),
    kernel_preemption: text(
      "none, voluntary, full, lazy, real-time; dynamic where the kernel does not say which is in force",
    ),
    cpu_model: text("Model of the first CPU looked at, else of the first there is"),
    board_model: text("Device tree's model, for boards"),
    cpus_online: knownCpus("CPUs online"),
    cpus_isolated: knownCpus("isolcpus"),
    cpus_nohz_full: knownCpus("nohz_full"),
    smt: text("on, off, forceoff, notsupported …, from smt/control"),
    cpus: Type.Array(Cpu, {
      description: "The CPUs that the roles were pinned to, or could have used: the first 16 of them",
    }),
    cpu_relation: text(
      "How far apart the farthest two of those CPUs are: same CPU, SMT siblings, same L2, same L3, same socket, other socket",
    ),
    boost: known(Type.Boolean(), "Turbo, boost: frequencies above the nominal one are allowed"),
    idle_driver: text("cpuidle driver"),
    idle_governor: text("cpuidle governor"),
    cpu_dma_latency_us: known(
      Type.Number(),
      "Wake-up latency that all programs together demanded when the facts were read, us; 2000000000 if none did",
    ),
    clock_source: text("Current"),
    clock_sources_available: known(Type.Array(Type.String()), "Those the kernel could switch to"),
    mitigations: Type.Record(Type.String(), text("What the kernel does about it"), {
      description: "By vulnerability, in the kernel's words; empty where it lists none",
    }),
    transparent_huge_pages: text("always, madvise or never"),
    cgroup_version: text("v1, v2, hybrid or none"),
    cgroup_path: text("This process's control group: the CPU controller's on v1"),
    cgroup_cpu_limit: limit("CPUs' worth of time, quota by period, the least of this group's and those above it"),
    cgroup_cpus: knownCpus("CPUs that the control group allows"),
    cgroup_memory_limit_bytes: limit("Bytes; the least of this group's and those above it"),
    container: text("docker, podman, kubernetes, lxc …, or none"),
    hypervisor: text("kvm, xen, vmware …; yes where only its presence shows; or none"),
    product_name: text("DMI product name"),
    system_vendor: text("DMI system vendor"),
    limits: Type.Record(Type.String(), closed({ soft: limit("In force"), hard: limit("Highest allowed") }), {
      description: "Resource limits by the kernel's name for them, in its units; empty where it does not tell",
    }),
    sysctls: Type.Record(Type.String(), text("Its value"), {
      description: "Settings that bear on sockets, message queues and scheduling, as the kernel prints them",
    }),
    security_modules: known(Type.Array(Type.String()), "Linux security modules, in order"),
    libc: text("glibc and its version, or musl"),
    memory_bytes: known(Type.Number(), "Physical memory, bytes"),
    binary_sha256: text("SHA-256 of the executable, hex; also unknown when run from source"),
  },
  "What the machine is; what could not be read is unknown",
);

export type MachineFacts = Static<typeof MachineFactsSchema>;
export type CpuFacts = Static<typeof Cpu>;
export type IdleState = Static<typeof IdleState>;
export type Limit = number | "unlimited" | typeof UNKNOWN;
