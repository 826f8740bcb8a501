import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { reasonOf } from "../text/reason.ts";
import { isKnown, type Known, UNKNOWN } from "./kernel-files.ts";

/** Something that was asked of the kernel, and what it made of it. */
export interface Effective<T> {
  readonly requested: T;
  /** As read back; null: nothing of the kind is in force. */
  readonly effective: Known<T> | null;
  /** Why the two differ and what would help, one line; null when there is nothing to say. */
  readonly note: string | null;
  /** Whether a missing privilege is the reason. */
  readonly isDenied: boolean;
}

/** Which pages stay in memory: those there at the time of the call, or also those that come later. */
export type MemoryLock = "present" | "present and future";

/** What `--rt` put in force in one role. */
export interface RealTimeReport {
  /** Of the main thread, which runs the loop; 1 to 99, higher goes first. */
  readonly fifoPriority: Effective<number>;
  readonly memoryLock: Effective<MemoryLock>;
  /** VmLck after it: address space that is locked, not memory in use. */
  readonly lockedBytes: Known<number>;
  readonly prefaultedStackBytes: Effective<number>;
  readonly timerSlackNs: Effective<number>;
}

/** A demand on the wake-up latency of all CPUs, in force until it is released or this process is gone. */
export interface CpuDmaLatencyHold {
  /** us. What is in force may be less than asked: the least that any program demands. */
  readonly report: Effective<number>;
  release(): void;
}

const CPU_DMA_LATENCY = "/dev/cpu_dma_latency";

/**
 * Demands that every CPU wake within `latencyUs` (0: do not sleep at all) by holding /dev/cpu_dma_latency open
 * (Documentation/power/pm_qos_interface.rst). It is machine-wide: one holder, the orchestrator, serves every role.
 */
export function holdCpuDmaLatency(latencyUs: number, path = CPU_DMA_LATENCY): CpuDmaLatencyHold {
  let fd: number | null = null;
  const release = () => {
    if (fd !== null) closeSync(fd);
    fd = null;
  };
  try {
    fd = openSync(path, "r+");
    const value = Buffer.alloc(4);
    value.writeInt32LE(latencyUs);
    writeSync(fd, value, 0, 4);
    const readBack = readInt32(fd);
    const differs = isKnown(readBack) && readBack < latencyUs;
    const note = differs ? "another program demands less" : null;
    return { report: { requested: latencyUs, effective: readBack, note, isDenied: false }, release };
  } catch (error) {
    release();
    return { report: notHeld(latencyUs, path, error), release };
  }
}

function readInt32(fd: number): Known<number> {
  try {
    const value = Buffer.alloc(4);
    return readSync(fd, value, 0, 4, 0) === 4 ? value.readInt32LE() : UNKNOWN;
  } catch {
    return UNKNOWN;
  }
}

function notHeld(latencyUs: number, path: string, error: unknown): Effective<number> {
  const code = (error as NodeJS.ErrnoException).code;
  const isDenied = code === "EACCES" || code === "EPERM";
  const denial = `no permission to write ${path}; needs root, or a udev rule that grants it`;
  const note = isDenied ? denial : `${path} can't be opened: ${reasonOf(error)}`;
  return { requested: latencyUs, effective: null, note, isDenied };
}
