import { inGroup, noValue, oneValue } from "./flag.ts";
import { duration } from "./values.ts";

const DAY_NS = 24 * 3_600_000_000_000;

/**
 * The rows of the flag table for peers that are started by hand, in two shells, two containers or on two hosts. They concern the
 * whole run.
 */
export const STANDALONE_FLAGS = inGroup("Standalone", {
  server: noValue({
    long: ["server"],
    description:
      "Run only the server, for clients of every mechanism given by -m. The client decides what is measured. If -s, --reply, ... are " +
      "given here too, the client must use the same values",
    main: "Run only the server, in a shell of its own",
  }),
  client: noValue({
    long: ["client"],
    description: "Run only the client. Its --server may start later",
    main: "Run only the client, in another shell",
  }),
  idleTimeout: oneValue({
    long: ["idle-timeout"],
    placeholder: "TIME",
    description: "With --server: exit after this time without a client",
    default: "60s",
    value: duration({ zero: "refused", maxNs: DAY_NS, example: "10m" }),
  }),
  once: noValue({
    long: ["once"],
    description: "With --server: exit after the run of the first client",
  }),
  connectTimeout: oneValue({
    long: ["connect-timeout"],
    placeholder: "TIME",
    description: "With --client: how long to wait for the server",
    default: "30s",
    value: duration({ zero: "refused", maxNs: DAY_NS, example: "5s" }),
  }),
} as const);
