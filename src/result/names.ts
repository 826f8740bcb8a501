import type { Mechanism } from "../plan/run-plan.ts";

/** In the order of the schemas. */
export const VARIANTS = ["UnixDomainSocket", "SharedMemory", "TcpSocket", "PosixMessageQueue"] as const;

/** A mechanism's three names: its flag value, its variant in results, its name for people. */
export interface MechanismNames {
  readonly flag: Mechanism;
  readonly variant: (typeof VARIANTS)[number];
  readonly display: string;
}

/** The reference's names, kept for its readers. */
export const MECHANISM_NAMES: Readonly<Record<Mechanism, MechanismNames>> = {
  uds: { flag: "uds", variant: "UnixDomainSocket", display: "Unix Domain Socket" },
  shm: { flag: "shm", variant: "SharedMemory", display: "Shared Memory" },
  tcp: { flag: "tcp", variant: "TcpSocket", display: "TCP Socket" },
  pmq: { flag: "pmq", variant: "PosixMessageQueue", display: "POSIX Message Queue" },
};

/** The names of the mechanism that results call `variant`. */
export function namesOfVariant(variant: MechanismNames["variant"]): MechanismNames {
  return Object.values(MECHANISM_NAMES).find((names) => names.variant === variant)!;
}

/**
 * One key for each of several mechanisms, in their order: the name itself, and for the second one of the same
 * name "<name> (2)", and so on.
 */
export function distinctNames(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const occurrence = (seen.get(name) ?? 0) + 1;
    seen.set(name, occurrence);
    return occurrence === 1 ? name : `${name} (${occurrence})`;
  });
}
