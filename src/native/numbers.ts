/** Numbers that C and TypeScript share. SHARED_NUMBERS has them all, to be checked at start like the structs. */

import { MAX_MESSAGE_BYTES } from "../plan/run-plan.ts";
import { BUCKET_COUNT, HIGHEST_BUCKETED_NS } from "../stats/histogram.ts";
import { PEER_DIED } from "./errno.ts";

/** Types of frames: c/message/frame.h. */
export const FRAME = { oneWay: 0, request: 1, response: 2, ping: 3, pong: 4, shutdown: 5 } as const;

/** What a send returns when the message went and the measured window is over; else 0, or a negative error. */
export const WINDOW_OVER = 1;
/** What `sendMany` returns when a frame of another type came where a reply was due. */
export const NO_REPLY = 2;
/** What `untilDue` returns beside PENDING and errors. */
export const DUE = {
  /** The moment has come. */
  now: 0,
  /** The measured window ends before it. */
  windowOver: 1,
  /** Take a turn of the event loop and call again: it is too soon to sleep. */
  soon: 2,
  /** A message came meanwhile. */
  received: 3,
} as const;

export const MECHANISM = { uds: 0, tcp: 1, shm: 2, shmDirect: 3, pmq: 4, fed: 5, null: 6 } as const;
export const WAIT = { block: 0, spin: 1, hybrid: 2 } as const;
export const ARRIVAL = { constant: 0, poisson: 1, burst: 2 } as const;
/** What a thread of the shim can wait for: c/session/waiter.h. */
export const TASK = { readable: 0, writable: 1, pause: 2, client: 3 } as const;

/** Room that every connection has for a note, in bytes. */
export const NOTE_BYTES = 512;
/** Bytes of a frame beyond its payload. */
export const FRAME_OVERHEAD = 32;
/** Where a peer keeps its ledger that shares none with this one. */
export const NO_SHEET = 0xffffffff;
/** The buckets of a histogram. */
export const HISTOGRAM_COUNTS = BUCKET_COUNT;
const HISTOGRAM_LIMIT_S = Number(HIGHEST_BUCKETED_NS) / 1e9;
/** Messages of a queue at most, unless --buffer-size or a limit says otherwise. */
export const MOST_QUEUED = 10;
/** A bit of what rt_lock_memory returns: memory that comes later is locked too. */
export const RT_LOCKED_FUTURE = 2;

/** A peer that sends the bytes of a long frame more slowly is as good as silent. */
export const SLOWEST_NS_PER_BYTE = 16_000;

const named = (prefix: string, numbers: Readonly<Record<string, number>>) =>
  Object.entries(numbers).map(([name, value]) => [`${prefix}.${name}`, value] as const);

/** In the order in which c/abi.c reports them. */
export const SHARED_NUMBERS: readonly (readonly [name: string, value: number])[] = [
  ...named("FRAME", FRAME),
  ...named("MECHANISM", MECHANISM),
  ...named("WAIT", WAIT),
  ...named("ARRIVAL", ARRIVAL),
  ...named("TASK", TASK),
  ...named("DUE", DUE),
  ...Object.entries({ WINDOW_OVER, NO_REPLY, NOTE_BYTES, FRAME_OVERHEAD, NO_SHEET }),
  ...Object.entries({
    HISTOGRAM_COUNTS,
    HISTOGRAM_LIMIT_S,
    MOST_QUEUED,
    RT_LOCKED_FUTURE,
    SLOWEST_NS_PER_BYTE,
  }),
  ...Object.entries({ FRAME_PAYLOAD_LIMIT: MAX_MESSAGE_BYTES, EOWNERDEAD: -PEER_DIED }),
];
