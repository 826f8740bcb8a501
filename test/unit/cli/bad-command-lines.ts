import { MAX_MESSAGE_BYTES } from "../../../src/cli/flags.ts";

export interface BadCommandLine {
  readonly argv: readonly string[];
  /** Parts that the message must hold. */
  readonly message: readonly string[];
  /** Part that the hint must hold. */
  readonly hint?: string;
  readonly platform?: NodeJS.Platform;
}

const long = "x".repeat(5000);

/** Command lines that must be refused, and what the message must say. */
export const BAD_COMMAND_LINES: readonly BadCommandLine[] = [
  // mechanisms
  { argv: ["-m"], message: ["--mechanism is given without a value", "uds, shm, tcp, pmq, all"] },
  { argv: ["-m", "-q"], message: ["--mechanism is given without a value"] },
  { argv: ["-m", "uds", "-m"], message: ["--mechanism is given without a value"] },
  { argv: ["-m", "udp"], message: ["--mechanism takes one of", 'not "udp"'], hint: "--mechanism uds tcp" },
  { argv: ["-m", "UDS"], message: ["--mechanism", 'not "UDS"'] },
  { argv: ["-m", "uds,tcp"], message: ["--mechanism", 'not "uds,tcp"'] },
  { argv: ["-m", ""], message: ["--mechanism", 'not ""'] },
  { argv: ["-m", "uds", "-"], message: ["--mechanism", 'not "-"'] },
  { argv: ["-m=", "uds"], message: ["--mechanism", 'not ""'] },
  { argv: ["--mechanisms", "all", "pipe"], message: ["--mechanism", 'not "pipe"'] },
  { argv: ["-m", "pmq"], platform: "darwin", message: ['--mechanism "pmq"', "Linux only", "darwin"] },
  { argv: ["-m", "all", "pmq"], platform: "darwin", message: ['"pmq"', "Linux only"], hint: "uds, shm, tcp" },

  // sizes and counts
  { argv: ["-s"], message: ["--message-size is given without a value", "from 1 to 16777188"] },
  { argv: ["-s", "0"], message: ["--message-size takes a number of bytes from 1 to 16777188", 'not "0"'] },
  { argv: ["-s", "-5"], message: ["--message-size", 'not "-5"'] },
  { argv: ["-s", "-.5"], message: ["--message-size", 'not "-.5"'] },
  { argv: ["-s", "+5"], message: ["--message-size", 'not "+5"'] },
  { argv: ["-s", "1.5"], message: ["--message-size", 'not "1.5"'] },
  { argv: ["-s", "1k"], message: ["--message-size", 'not "1k"'], hint: "--message-size 1024" },
  { argv: ["-s", "0x10"], message: ["--message-size", 'not "0x10"'] },
  { argv: ["-s", "1e3"], message: ["--message-size", 'not "1e3"'] },
  { argv: ["-s", "NaN"], message: ["--message-size", 'not "NaN"'] },
  { argv: ["-s", " 5"], message: ["--message-size", 'not " 5"'] },
  { argv: ["-s", "٣"], message: ["--message-size", 'not "٣"'] },
  { argv: ["-s", String(MAX_MESSAGE_BYTES + 1)], message: ["--message-size", 'not "16777189"'] },
  { argv: ["-s", "9".repeat(400)], message: ["--message-size", "99…", "(400 characters)"] },
  { argv: ["--message-size="], message: ["--message-size", 'not ""'] },
  { argv: ["-s", "64", "1024"], message: ["--message-size with more than one value is not available yet"] },
  {
    argv: ["-s", "64", "-s", "1024"],
    message: ["--message-size with more than one value is not available yet"],
  },
  { argv: ["-i", "0"], message: ["--msg-count takes a whole number from 1 to 1000000000000", 'not "0"'] },
  { argv: ["-i0"], message: ["--msg-count", 'not "0"'] },
  { argv: ["-i=0"], message: ["--msg-count", 'not "0"'] },
  { argv: ["-i", "1000000000001"], message: ["--msg-count", 'not "1000000000001"'] },
  { argv: ["-i", "10", "20"], message: ['unexpected argument "20"', "after the value of --msg-count"] },
  {
    argv: ["-i", "10", "-i", "20"],
    message: ["--msg-count is given twice", 'first with "10"'],
    hint: "keep one",
  },
  { argv: ["-i", "10", "--msg-count=10"], message: ["--msg-count is given twice"] },
  { argv: ["-w", "-1"], message: ["--warmup-iterations takes a whole number from 0", 'not "-1"'] },
  { argv: ["-w", "-q"], message: ["--warmup-iterations is given without a value"] },
  { argv: ["-c", "0"], message: ["--concurrency takes a whole number from 1", 'not "0"'] },
  { argv: ["-c", "2"], message: ['--concurrency "2" is not available yet'], hint: "only 1" },
  { argv: ["-c4"], message: ['--concurrency "4" is not available yet'] },
  {
    argv: ["--buffer-size", "0"],
    message: ["--buffer-size takes a number of bytes from 1 to 1073741824", '"0"'],
  },
  { argv: ["--buffer-size", "1073741825"], message: ["--buffer-size", 'not "1073741825"'] },

  // times
  { argv: ["-d", "0"], message: ["--duration takes a duration above 0", 'not "0"'], hint: "--duration 10s" },
  { argv: ["-d", "0.0ms"], message: ["--duration", 'not "0.0ms"'] },
  { argv: ["-d", "-1s"], message: ["--duration", 'not "-1s"'] },
  { argv: ["-d", "5 s"], message: ["--duration", 'not "5 s"'] },
  { argv: ["-d", "5ns"], message: ["--duration", "us, ms, s, m, h", 'not "5ns"'] },
  { argv: ["-d", "5d"], message: ["--duration", 'not "5d"'] },
  { argv: ["-d", "1m30s"], message: ["--duration", 'not "1m30s"'] },
  { argv: ["-d", "inf"], message: ["--duration", 'not "inf"'] },
  { argv: ["-d", "2401h"], message: ["--duration", "up to 2400h", 'not "2401h"'] },
  { argv: ["-d", "s"], message: ["--duration", 'not "s"'] },
  { argv: ["-d", "."], message: ["--duration", 'not "."'] },
  { argv: ["-d", "0.0001us"], message: ["--duration", 'not "0.0001us"'] },
  { argv: ["--duration="], message: ["--duration", 'not ""'] },
  { argv: ["-d", "1s", "-d", "2s"], message: ["--duration is given twice", 'first with "1s"'] },
  {
    argv: ["--send-delay", "0.0001us"],
    message: ["--send-delay takes a duration from 0 to 1h", 'not "0.0001us"'],
  },
  { argv: ["--send-delay", "61m"], message: ["--send-delay", 'not "61m"'] },
  { argv: ["--spin", "0", "--wait", "hybrid", "--blocking"], message: ["--spin takes", 'not "0"'] },

  // tests and modes
  { argv: ["--no-one-way", "--no-round-trip"], message: ["--no-one-way and --no-round-trip", "no test"] },
  { argv: ["--one-way", "--no-one-way"], message: ["--one-way and --no-one-way contradict"] },
  { argv: ["--no-round-trip", "--round-trip"], message: ["--round-trip and --no-round-trip contradict"] },
  { argv: ["--blocking", "--async"], message: ["--blocking and --async contradict"] },
  {
    argv: ["--shm-direct"],
    message: ["--shm-direct needs shm among the mechanisms, which are uds"],
    hint: "add shm",
  },
  { argv: ["--wait", "spin"], message: ['--wait "spin" needs blocking mode'], hint: "add --blocking" },
  {
    argv: ["-m", "shm", "--shm-direct", "--async", "--wait", "hybrid"],
    message: ['--wait "hybrid" needs blocking'],
  },
  { argv: ["--wait", "poll"], message: ["--wait takes one of block, spin, hybrid", 'not "poll"'] },
  { argv: ["--spin", "10us"], message: ["--spin is allowed with --wait hybrid only", '"block"'] },
  {
    argv: ["--blocking", "--wait", "spin", "--spin", "10us"],
    message: ["--spin", "--wait hybrid", '"spin"'],
  },
  { argv: ["--reply", "none"], message: ["--reply takes one of echo, ack", 'not "none"'] },
  { argv: ["--quiet=yes"], message: ["--quiet takes no value", '"yes"'], hint: "write --quiet alone" },
  { argv: ["-q=1"], message: ["--quiet takes no value", '"1"'] },
  { argv: ["--blocking="], message: ["--blocking takes no value", '""'] },
  { argv: ["--help=all"], message: ["--help takes no value", '"all"'] },

  // endpoints
  {
    argv: ["--host", "localhost"],
    message: ['--host "localhost" needs tcp', "uds"],
    hint: "add tcp to --mechanism",
  },
  { argv: ["--port", "80"], message: ['--port "80" needs tcp among the mechanisms'] },
  { argv: ["-m", "tcp", "--port", "0"], message: ["--port takes a port number from 1 to 65535", 'not "0"'] },
  { argv: ["-m", "tcp", "--port", "65536"], message: ["--port", 'not "65536"'] },
  { argv: ["-m", "tcp", "--host", ""], message: ["--host takes a host name", 'not ""'] },
  { argv: ["-m", "tcp", "--host", "a b"], message: ["--host", 'not "a b"'] },
  { argv: ["-m", "tcp", "--host", "[::1]"], message: ["--host", "without brackets", 'not "[::1]"'] },
  { argv: ["-m", "tcp", "--socket-path", "/tmp/s"], message: ['--socket-path "/tmp/s" needs uds', "tcp"] },
  { argv: ["--socket-path", `/tmp/${"x".repeat(99)}`], message: ["--socket-path", "at most 103 bytes"] },
  { argv: ["--socket-path", "/tmp/"], message: ["--socket-path", 'not "/tmp/"'] },
  { argv: ["--socket-path", "a\0b"], message: ["--socket-path", 'not "a\\u0000b"'] },
  { argv: ["--shared-memory-name", "x"], message: ['--shared-memory-name "/x" needs shm'] },
  { argv: ["-m", "shm", "--shared-memory-name", "a/b"], message: ["--shared-memory-name", 'not "a/b"'] },
  { argv: ["-m", "shm", "--shared-memory-name", "//a"], message: ["--shared-memory-name", 'not "//a"'] },
  { argv: ["-m", "shm", "--shared-memory-name", ".."], message: ["--shared-memory-name", 'not ".."'] },
  { argv: ["-m", "shm", "--shared-memory-name", "/"], message: ["--shared-memory-name", 'not "/"'] },
  {
    argv: ["-m", "shm", "--shared-memory-name", "x".repeat(31)],
    message: ["--shared-memory-name", "at most 31"],
  },
  { argv: ["--message-queue-name", "q"], message: ['--message-queue-name "/q" needs pmq'] },
  {
    argv: ["-m", "pmq", "--message-queue-name", "q".repeat(200)],
    message: ["--message-queue-name", "at most 200"],
  },
  { argv: ["--pmq-priority", "0"], message: ['--pmq-priority "0" needs pmq'] },
  {
    argv: ["-m", "pmq", "--pmq-priority", "32768"],
    message: ["--pmq-priority", "0 to 32767", 'not "32768"'],
  },
  { argv: ["--server-affinity", "a"], message: ["--server-affinity takes a CPU number", 'not "a"'] },
  { argv: ["--client-affinity", "-1"], message: ["--client-affinity takes a CPU number", 'not "-1"'] },

  // output
  { argv: ["--percentiles"], message: ["--percentiles is given without a value"] },
  {
    argv: ["--percentiles", "0"],
    message: ["--percentiles takes percentiles above 0 and up to 100", 'not "0"'],
  },
  { argv: ["--percentiles", "50", "100.1"], message: ["--percentiles", 'not "100.1"'] },
  {
    argv: ["--percentiles", "50,99"],
    message: ["--percentiles", 'not "50,99"'],
    hint: "--percentiles 50 99.9",
  },
  { argv: ["--percentiles", "p50"], message: ["--percentiles", 'not "p50"'] },
  { argv: ["--percentiles", "99.9999999999"], message: ["--percentiles", 'not "99.9999999999"'] },
  { argv: ["-o", ""], message: ["--output-file takes the path of a file", 'not ""'] },
  { argv: ["-o", "-"], message: ["--output-file", 'not "-"'] },
  { argv: ["-o", "results/"], message: ["--output-file", 'not "results/"'] },
  { argv: ["-o", ".."], message: ["--output-file", 'not ".."'] },
  { argv: ["-o", "-o"], message: ["--output-file is given twice"] },
  { argv: ["-o", "a", "b"], message: ['unexpected argument "b"', "--output-file"] },
  { argv: ["-o", "a\nb"], message: ["--output-file", '"a\\nb"'] },

  // what is no flag
  { argv: ["tcp"], message: ['unexpected argument "tcp"', "only flags"], hint: "-m tcp" },
  { argv: ["blocking"], message: ['unexpected argument "blocking"'], hint: "--blocking" },
  { argv: [""], message: ['unexpected argument ""'] },
  { argv: ["-"], message: ['unexpected argument "-"'] },
  { argv: ["-q", "tcp"], message: ['unexpected argument "tcp"'] },
  { argv: ["--", "-q"], message: ['unexpected argument "-q"'] },
  { argv: ["-s", "--", "5"], message: ["--message-size is given without a value"] },
  { argv: ["-5"], message: ['unexpected argument "-5"'] },
  { argv: [long], message: ["unexpected argument", "…", "(5000 characters)"] },
  { argv: ["-x"], message: ['unknown flag "-x"'], hint: "--help" },
  { argv: ["-qx"], message: ['unknown flag "-x" in "-qx"'] },
  { argv: ["-x=5"], message: ['unknown flag "-x"'] },
  { argv: ["-="], message: ['unknown flag "-="'] },
  { argv: ["-é"], message: ['unknown flag "-é"'] },
  { argv: ["-😀"], message: ['unknown flag "-😀"'] },
  { argv: ["-\u001b[31m"], message: ['unknown flag "-\\u001b" in "-\\u001b[31m"'] },
  { argv: ["---quiet"], message: ['unknown flag "---quiet"'], hint: "--quiet" },
  { argv: ["--=x"], message: ['unknown flag "--"'] },
  { argv: ["--frobnicate", "5"], message: ['unknown flag "--frobnicate"'], hint: "--help" },
  { argv: ["--__proto__=1"], message: ['unknown flag "--__proto__"'] },
  { argv: ["--constructor"], message: ['unknown flag "--constructor"'] },
  { argv: [`--${long}`], message: ["unknown flag", "…", "(5002 characters)"] },
  { argv: ["--bad\u202eflag\u2028x"], message: ['unknown flag "--bad\\u{202e}flag\\u{2028}x"'] },
  { argv: ["-one-way"], message: ['unknown flag "-one-way"'], hint: "--one-way" },
  { argv: ["-output-file=x"], message: ['unknown flag "-output-file"'], hint: "--output-file" },
];
