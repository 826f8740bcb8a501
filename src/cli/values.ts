import type { ArrivalKind, StreamTarget } from "../plan/run-plan.ts";
import { STANDARD_OUTPUT } from "../system/standard-output.ts";
import { formatDurationNs, MAX_DURATION_NS, parseDurationNs } from "../text/duration.ts";

/** How the text of one value is read. Pure: the same text gives the same value, whatever the machine. */
export interface ValueParser<T> {
  /** What is allowed, worded to follow "takes". */
  readonly expects: string;
  /** What is allowed; several values are separated by a space. */
  readonly example: string;
  /** What a shell offers: these words, or the names of files. */
  readonly completes?: readonly string[] | "files";
  /** The one thing that is wrong with a text, where more than a list of all that is allowed can be said. */
  readonly faultOf?: (text: string) => string | null;
  /** The value, or null when the text is not allowed. */
  readonly parse: (text: string) => T | null;
}

interface NumberRange {
  readonly min: number;
  readonly max: number;
  readonly example: string;
  /** What the number counts, e.g. "a number of bytes". */
  readonly noun?: string;
}

/** A whole number in plain decimal digits; `min` and `max` are allowed. */
export function wholeNumber({ min, max, example, noun = "a whole number" }: NumberRange): ValueParser<number> {
  return {
    expects: `${noun} from ${min} to ${max}`,
    example,
    parse(text) {
      if (!/^\d+$/.test(text)) return null;
      const number = Number(text);
      return number >= min && number <= max ? number : null;
    },
  };
}

/** Most sizes that one range, or all of a run, may stand for. */
export const MAX_SIZES = 1000;

/**
 * Message sizes: one number of bytes, or a range with its step, such as `64..4096:*4` (each four times the one before) or
 * `64..256:+64`. The end is among them if a step hits it.
 */
export function messageSizes(maxBytes: number): ValueParser<readonly number[]> {
  return {
    expects: `a number of bytes from 1 to ${maxBytes}, or a range with its step such as 64..4096:*4 (at most ${MAX_SIZES} sizes)`,
    example: "1024",
    parse(text) {
      const [, first, last, operation, step] = /^(\d+)(?:\.\.(\d+):([*+])(\d+))?$/.exec(text) ?? [];
      const [start, end] = [Number(first ?? 0), Number(last ?? first)];
      if (start < 1 || end > maxBytes || start > end) return null;
      return last === undefined ? [start] : steps(start, end, operation === "*", Number(step));
    },
  };
}

/** null for steps that lead nowhere, and for too many of them. */
function steps(start: number, end: number, multiplies: boolean, by: number): readonly number[] | null {
  if (by < (multiplies ? 2 : 1)) return null;
  const values: number[] = [];
  for (let value = start; value <= end; value = multiplies ? value * by : value + by) {
    if (values.push(value) > MAX_SIZES) return null;
  }
  return values;
}

/** A number in plain decimal digits, with at most three decimals; `min` and `max` are allowed. */
export function decimalNumber({ min, max, example }: NumberRange): ValueParser<number> {
  return {
    expects: `a number from ${min} to ${max} with at most 3 decimals`,
    example,
    parse(text) {
      if (!/^\d+(\.\d{1,3})?$/.test(text)) return null;
      const number = Number(text);
      return number >= min && number <= max ? number : null;
    },
  };
}

/** How the messages of a schedule are spread over time. */
export function arrival(): ValueParser<{ readonly kind: ArrivalKind; readonly burst: number }> {
  return {
    expects: "constant, poisson, or burst=K with K from 2 to 1000000",
    example: "poisson",
    completes: ["constant", "poisson", "burst="],
    parse(text) {
      if (text === "constant" || text === "poisson") return { kind: text, burst: 1 };
      const burst = Number(/^burst=(\d{1,7})$/.exec(text)?.[1] ?? 0);
      return burst >= 2 && burst <= 1_000_000 ? { kind: "burst", burst } : null;
    },
  };
}

interface DurationRange {
  readonly zero: "allowed" | "refused";
  /** Largest duration allowed, ns. */
  readonly maxNs?: number;
  readonly example: string;
}

/** A duration, in ns. */
export function duration({ zero, maxNs = MAX_DURATION_NS, example }: DurationRange): ValueParser<number> {
  const least = zero === "allowed" ? "from 0" : "above 0 and";
  const most = `${zero === "allowed" ? "to" : "up to"} ${formatDurationNs(maxNs)}`;
  return {
    expects: `a duration ${least} ${most} (units us, ms, s, m, h; without a unit: seconds)`,
    example,
    parse(text) {
      const durationNs = parseDurationNs(text);
      if (durationNs === null || durationNs > maxNs) return null;
      return durationNs === 0 && zero === "refused" ? null : durationNs;
    },
  };
}

/** One of a few words, as they are written. */
export function choice<const T extends string>(words: readonly T[], example: string): ValueParser<T> {
  return {
    expects: `one of ${words.join(", ")}`,
    example,
    completes: words,
    parse: (text) => words.find((word) => word === text) ?? null,
  };
}

/** A percentile in (0, 100]. */
export const percentile: ValueParser<number> = {
  expects: "percentiles above 0 and up to 100, with at most 9 decimals",
  example: "50 99.9",
  parse(text) {
    if (!/^(\d{1,3}(\.\d{0,9})?|\.\d{1,9})$/.test(text)) return null;
    const number = Number(text);
    return number > 0 && number <= 100 ? number : null;
  },
};

/** Below the kernel's own threads for interrupts (50 with PREEMPT_RT), on which sockets depend. */
const DEFAULT_FIFO_PRIORITY = 49;
/** Among the priorities: there is none. */
const NO_FIFO = 0;

/** A priority of SCHED_FIFO; 0: off. */
export const realTimePriority: ValueParser<number> = {
  expects: "off, on or a priority from 1 to 99",
  example: "60",
  completes: ["off", "on"],
  parse(text) {
    if (text === "off") return NO_FIFO;
    if (text === "on") return DEFAULT_FIFO_PRIORITY;
    return /^[1-9]\d?$/.test(text) ? Number(text) : null;
  },
};

/** A CPU as the kernel numbers it. Whether this process may use it is checked where the machine is known. */
export const cpuNumber = wholeNumber({ min: 0, max: 8191, example: "0", noun: "a CPU number" });

export const portNumber = wholeNumber({ min: 1, max: 65_535, example: "8080", noun: "a port number" });

/** A host name or an IP address; it is not looked up here. */
export const hostName: ValueParser<string> = {
  expects: "a host name or an IP address (IPv6 without brackets)",
  example: "127.0.0.1",
  parse: (text) => (text.length <= 253 && /^[\p{L}\p{N}_:][\p{L}\p{N}._:%-]*$/u.test(text) ? text : null),
};

/**
 * The name of a shared-memory object or message queue, at most `maxBytes` long with its leading `/`. The result
 * always has that slash, as the system calls want it.
 */
export function objectName(maxBytes: number, example: string): ValueParser<string> {
  const nameOf = (text: string) => (text.startsWith("/") ? text : `/${text}`);
  const faultOf = (text: string) => {
    const name = nameOf(text);
    const bytes = Buffer.byteLength(name);
    if (bytes > maxBytes) return `${bytes} bytes with the leading "/", at most ${maxBytes} are allowed`;
    if (name.includes("/", 1)) return 'only a leading "/" is allowed';
    if (name === "/") return "the name is empty";
    if (name === "/." || name.includes("..")) return '"." and ".." are not allowed';
    return isPlainText(name) ? null : "control characters are not allowed";
  };
  const parse = (text: string) => (faultOf(text) === null ? nameOf(text) : null);
  return { expects: `a name of at most ${maxBytes} bytes`, example, faultOf, parse };
}

const NOT_STDOUT = "results can't go to stdout; name a file";

/** What is wrong with a path; null for nothing. */
function faultOfPath(text: string, maxBytes: number, dash = NOT_STDOUT): string | null {
  const bytes = Buffer.byteLength(text);
  if (text === "") return "the path is empty";
  if (text === STANDARD_OUTPUT) return dash;
  if (!isPlainText(text)) return "control characters are not allowed";
  return bytes > maxBytes ? `${bytes} bytes, at most ${maxBytes} are allowed` : null;
}

/** A text that is its own value unless something is wrong with it. */
function pathWith(expects: string, example: string, faultOf: (text: string) => string | null): ValueParser<string> {
  return { expects, example, completes: "files", faultOf, parse: (text) => (faultOf(text) === null ? text : null) };
}

/** A path at which a file can be made, at most `maxBytes` long; nothing is looked up here. */
export function filePath(maxBytes: number, example: string, dash?: string): ValueParser<string> {
  const isDirectory = (text: string) => /(^|\/)\.{0,2}$/.test(text);
  return pathWith("the path of a file", example, (text) => {
    return faultOfPath(text, maxBytes, dash) ?? (isDirectory(text) ? "this is a directory; name a file" : null);
  });
}

/** A file, or standard output. */
export function streamPath(example: string): ValueParser<string> {
  const file = filePath(4095, example);
  return {
    ...file,
    expects: 'the path of a file, or "-" for standard output',
    parse: (text) => (text === STANDARD_OUTPUT ? text : file.parse(text)),
  };
}

/** The same for rows of messages, which may also go where the results go. */
export function rowsPath(example: string): ValueParser<StreamTarget> {
  const stream = streamPath(example);
  return {
    ...stream,
    parse(text) {
      const path = stream.parse(text);
      return path === null ? null : { path, isNamed: true };
    },
  };
}

/** A configuration file, whose ending tells its format. */
export const configPath = pathWith("the path of a .toml or .json file", "run.toml", (text) =>
  /[^/]\.(toml|json)$/i.test(text) ? faultOfPath(text, 4095) : "the name must end in .toml or .json",
);

/** A path at which there is a directory, or can be one; leaves room for the names of files in it. */
export function directoryPath(example: string): ValueParser<string> {
  const dash = "results can't go to stdout; name a directory";
  return pathWith("the path of a directory", example, (text) => faultOfPath(text, 3800, dash));
}

/** A file, or a directory: only who looks at the disk can tell. */
export const outputPath = pathWith("the path of a file or directory", "results.json", (text) =>
  faultOfPath(text, /(^|\/)\.{0,2}$/.test(text) ? 3800 : 4095),
);

/** `sun_path` holds 104 bytes on macOS, its terminating NUL included. */
export const socketPath = filePath(103, "/tmp/ipc.sock", "name a file");

function isPlainText(text: string): boolean {
  return !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text);
}
