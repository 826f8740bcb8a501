import { type Flag, noValue, oneValue } from "./flag.ts";
import { duration } from "./values.ts";

const DAY_NS = 24 * 3_600_000_000_000;

/**
 * The rows of the flag table for peers that are started by hand, in two shells, two containers or on two hosts. They concern the
 * whole run.
 */
export const STANDALONE_FLAGS = {
  server: noValue({
    long: ["server"],
    group: "Standalone",
    description:
      "Run only the receiving side and serve the clients that come, of all mechanisms named; the clients say what is measured, but " +
      "what is given here of that (--message-size, --reply ...) theirs must agree with",
    main: true,
    wholeRun: true,
  }),
  client: noValue({
    long: ["client"],
    group: "Standalone",
    description: "Run only the sending side against a --server, which may be started later",
    main: true,
    wholeRun: true,
  }),
  idleTimeout: oneValue({
    long: ["idle-timeout"],
    placeholder: "TIME",
    group: "Standalone",
    description: "With --server: end when there was no client for this long",
    default: "60s",
    wholeRun: true,
    value: duration({ zero: "refused", maxNs: DAY_NS, example: "10m" }),
  }),
  once: noValue({
    long: ["once"],
    group: "Standalone",
    description: "With --server: end when the first client has finished its run",
    wholeRun: true,
  }),
  connectTimeout: oneValue({
    long: ["connect-timeout"],
    placeholder: "TIME",
    group: "Standalone",
    description: "With --client: how long to try to reach the server",
    default: "30s",
    wholeRun: true,
    value: duration({ zero: "refused", maxNs: DAY_NS, example: "5s" }),
  }),
} as const satisfies Record<string, Flag>;
