export interface FaultChannel {
  readonly name: string;
  readonly flags: readonly string[];
}

const MECHANISMS = {
  uds: ["-m", "uds"],
  tcp: ["-m", "tcp"],
  shm: ["-m", "shm"],
  "shm-direct": ["-m", "shm", "--shm-direct"],
  pmq: ["-m", "pmq"],
} as const;

/** Every mechanism in both modes. */
export const CHANNELS: readonly FaultChannel[] = Object.entries(MECHANISMS).flatMap(([mechanism, flags]) =>
  ["async", "blocking"].map((mode) => ({ name: `${mechanism} ${mode}`, flags: [...flags, `--${mode}`] })),
);
