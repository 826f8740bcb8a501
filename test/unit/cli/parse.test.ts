import { describe, expect, test } from "bun:test";
import { parseArguments } from "../../../src/cli/parse.ts";
import type { RunPlan } from "../../../src/plan/run-plan.ts";
import { MAX_MESSAGE_BYTES } from "../../../src/plan/run-plan.ts";

function plan(line: string, platform: NodeJS.Platform = "linux"): RunPlan {
  return parseArguments(line === "" ? [] : line.split(" "), platform).plan;
}

test("--rt takes off, on or a priority, joined or not, and alone is on", () => {
  const priorityOf = (line: string) => plan(line).realTimePriority;
  expect(["--rt", "--rt on", "--rt=on", "--rt -q"].map(priorityOf)).toEqual([49, 49, 49, 49]);
  expect(["--rt 60", "--rt=60", "--rt 1", "--rt 99"].map(priorityOf)).toEqual([60, 60, 1, 99]);
  expect(["", "--rt off", "--rt=off"].map(priorityOf)).toEqual([null, null, null]);
  for (const wrong of ["0", "100", "-1", "1.5", "yes", "049"]) {
    expect(() => plan(`--rt ${wrong}`)).toThrow("--rt takes off, on or a priority from 1 to 99");
  }
});

test("without flags every default stands", () => {
  expect(plan("")).toEqual({
    mechanisms: ["uds"],
    mode: "async",
    tests: ["one-way", "round-trip"],
    messageSizes: [1024],
    messageCount: 10_000,
    durationNs: null,
    sendDelayNs: 0,
    arrival: null,
    seed: 10,
    launches: 1,
    strict: false,
    warmupCount: 1000,
    includeFirstMessage: false,
    percentiles: [50, 95, 99, 99.9],
    standalone: null,
    concurrency: 1,
    reply: "echo",
    wait: "block",
    spinNs: 50_000,
    shmDirect: false,
    pmqPriority: 0,
    serverCpu: null,
    clientCpu: null,
    realTimePriority: null,
    cpuDmaLatencyUs: null,
    bufferBytes: null,
    host: "127.0.0.1",
    port: null,
    socketPath: null,
    sharedMemoryName: null,
    messageQueueName: null,
    outputFile: null,
    csvFile: null,
    markdownFile: null,
    hlogDirectory: null,
    hgrmDirectory: null,
    streamingJson: null,
    streamingCsv: null,
    eventsFile: null,
    continueOnError: false,
    quiet: false,
    log: null,
    commandLine: [],
  });
});

test("every flag reaches the plan", () => {
  const line =
    "-m tcp uds shm pmq -s 64 128..256:*2 -vv --log-file run.log -d 2s -i 7 --send-delay 5us -w 0 -c 1 --server-affinity 1 --client-affinity 0 -o r.json " +
    "-q --one-way --continue-on-error --percentiles 90 10 --buffer-size 4096 --host ::1 --port 9000 --pmq-priority 3 " +
    "--include-first-message --blocking --shm-direct --reply ack --wait hybrid --spin 20us --socket-path /tmp/a.sock " +
    "--shared-memory-name /a --message-queue-name b --seed 7 --launches 3 --strict --csv r.csv --markdown r.md --hlog h/ --hgrm . " +
    "--streaming-output-json s.json --streaming-output-csv s.csv --events e.ndjson --rt --cpu-dma-latency 5";
  expect(plan(line)).toEqual({
    mechanisms: ["tcp", "uds", "shm", "pmq"],
    mode: "blocking",
    tests: ["one-way"],
    messageSizes: [64, 128, 256],
    messageCount: null,
    durationNs: 2_000_000_000,
    sendDelayNs: 5000,
    arrival: null,
    seed: 7,
    launches: 3,
    strict: true,
    warmupCount: 0,
    includeFirstMessage: true,
    percentiles: [10, 90],
    standalone: null,
    concurrency: 1,
    reply: "ack",
    wait: "hybrid",
    spinNs: 20_000,
    shmDirect: true,
    pmqPriority: 3,
    serverCpu: 1,
    clientCpu: 0,
    realTimePriority: 49,
    cpuDmaLatencyUs: 5,
    bufferBytes: 4096,
    host: "::1",
    port: 9000,
    socketPath: "/tmp/a.sock",
    sharedMemoryName: "/a",
    messageQueueName: "/b",
    outputFile: "r.json",
    csvFile: "r.csv",
    markdownFile: "r.md",
    hlogDirectory: "h/",
    hgrmDirectory: ".",
    streamingJson: { path: "s.json", isNamed: true },
    streamingCsv: { path: "s.csv", isNamed: true },
    eventsFile: "e.ndjson",
    continueOnError: true,
    quiet: true,
    log: { level: "trace", file: "run.log" },
    commandLine: line.split(" "),
  });
});

describe("a value is read in every spelling", () => {
  for (const line of ["-i 77", "-i77", "-i=77", "--msg-count 77", "--msg-count=77", "-qi77", "-qi 77", "-i 0077"]) {
    test(line, () => expect(plan(line).messageCount).toBe(77));
  }
});

describe("mechanisms", () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["-m tcp uds", ["tcp", "uds"]],
    ["--mechanism tcp --mechanisms uds -m shm", ["tcp", "uds", "shm"]],
    ["-mtcp uds", ["tcp", "uds"]],
    ["-m=tcp uds", ["tcp", "uds"]],
    ["--mechanism=tcp uds", ["tcp", "uds"]],
    ["-m tcp tcp", ["tcp", "tcp"]],
    ["-m all", ["uds", "shm", "tcp", "pmq"]],
    ["-m tcp all", ["uds", "shm", "tcp", "pmq"]],
    ["-m tcp --", ["tcp"]],
  ];
  for (const [line, expected] of cases) {
    test(line, () => expect(plan(line).mechanisms).toEqual(expected as RunPlan["mechanisms"]));
  }

  test("all leaves message queues out where there are none", () => {
    expect(plan("-m all", "darwin").mechanisms).toEqual(["uds", "shm", "tcp"]);
  });
});

describe("message sizes", () => {
  const cases: readonly (readonly [string, readonly number[]])[] = [
    ["-s 64 256 1024", [64, 256, 1024]],
    ["-s 64 -s 16", [64, 16]],
    ["-s 64 64", [64, 64]],
    ["-s=8 9 --message-size 7", [8, 9, 7]],
    ["-s 64..4096:*4", [64, 256, 1024, 4096]],
    ["-s 64..5000:*4", [64, 256, 1024, 4096]],
    ["-s 64..256:+64", [64, 128, 192, 256]],
    ["-s 1 64..255:+64", [1, 64, 128, 192]],
    ["-s 5..5:*2", [5]],
    ["-s 1..16777188:*4095", [1, 4095, 4095 ** 2]],
  ];
  for (const [line, expected] of cases) {
    test(line, () => expect(plan(line).messageSizes).toEqual(expected));
  }

  test("up to a thousand", () => {
    expect(plan("-s 1..1000:+1").messageSizes).toHaveLength(1000);
  });
});

describe("the log", () => {
  const cases: readonly (readonly [string, RunPlan["log"]])[] = [
    ["", null],
    ["-q", null],
    ["-v", { level: "debug", file: null }],
    ["-vv", { level: "trace", file: null }],
    ["-v --blocking -v", { level: "trace", file: null }],
    ["-vvvv", { level: "trace", file: null }],
    ["--verbose", { level: "debug", file: null }],
    ["--log-file stderr", { level: "info", file: null }],
    ["--log-file run.log", { level: "info", file: "run.log" }],
    ["-v --log-file ./stderr", { level: "debug", file: "./stderr" }],
    ["-qv", null],
    ["-q --log-file stderr", null],
    ["-qv --log-file run.log", { level: "debug", file: "run.log" }],
  ];
  for (const [line, expected] of cases) {
    test(line || "(no flags)", () => expect(plan(line).log).toEqual(expected));
  }
});

describe("tests", () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["--one-way", ["one-way"]],
    ["--round-trip", ["round-trip"]],
    ["--round-trip --one-way", ["one-way", "round-trip"]],
    ["--no-one-way", ["round-trip"]],
    ["--no-round-trip", ["one-way"]],
    ["--one-way --no-round-trip", ["one-way"]],
    ["--no-one-way --round-trip", ["round-trip"]],
  ];
  for (const [line, expected] of cases) {
    test(line, () => expect(plan(line).tests).toEqual(expected as RunPlan["tests"]));
  }
});

describe("the output file", () => {
  const cases: readonly (readonly [string, string | null])[] = [
    ["-o", "benchmark_results.json"],
    ["-o -q", "benchmark_results.json"],
    ["--output-file --blocking", "benchmark_results.json"],
    ["-o r.json -q", "r.json"],
    ["-or.json", "r.json"],
    ["-o=r.json", "r.json"],
    ["--output-file=-r.json", "-r.json"],
    ["-qo r.json", "r.json"],
    ["-q", null],
  ];
  for (const [line, expected] of cases) {
    test(line, () => expect(plan(line).outputFile).toBe(expected));
  }
});

test("percentiles accumulate, are sorted, and stand once", () => {
  expect(plan("--percentiles 99 50 --percentiles=99.0 100 .5").percentiles).toEqual([0.5, 50, 99, 100]);
});

test("a duration wins over a count, in whatever order they stand", () => {
  for (const line of ["-d 1.5s -i 5", "-i 5 -d 1.5s"]) {
    expect(plan(line)).toMatchObject({ messageCount: null, durationNs: 1_500_000_000 });
  }
});

test("a repeated switch says the same twice", () => {
  expect(plan("-q -q --quiet --blocking --blocking")).toMatchObject({ quiet: true, mode: "blocking" });
});

test("the largest values are allowed", () => {
  expect(plan(`-s ${MAX_MESSAGE_BYTES} -i 1000000000000 --buffer-size 1073741824`)).toMatchObject({
    messageSizes: [16_777_188],
    messageCount: 1e12,
    bufferBytes: 1024 ** 3,
  });
  expect(plan(`-m shm --shared-memory-name ${"x".repeat(30)}`).sharedMemoryName).toHaveLength(31);
  expect(plan(`--socket-path ${"x".repeat(103)}`).socketPath).toHaveLength(103);
});

describe("the mode", () => {
  test("--shm-direct turns blocking on and says so", () => {
    const { plan, notices } = parseArguments(["-m", "shm", "--shm-direct"], "linux");
    expect(plan).toMatchObject({ mode: "blocking", shmDirect: true });
    expect(notices).toEqual(["--shm-direct turns --blocking on. Add --async to keep the event loop."]);
  });

  test("--shm-direct leaves the event loop on with --async", () => {
    const { plan, notices } = parseArguments(["-m", "all", "--shm-direct", "--async"], "linux");
    expect(plan).toMatchObject({ mode: "async", shmDirect: true });
    expect(notices).toEqual([]);
  });

  test("--shm-direct says nothing when blocking was asked for", () => {
    expect(parseArguments(["-m", "shm", "--shm-direct", "--blocking"], "linux").notices).toEqual([]);
    expect(parseArguments(["-m", "shm", "--shm-direct", "-q"], "linux").notices).toEqual([]);
  });

  test("--shm-direct makes --wait spin possible", () => {
    expect(plan("-m shm --shm-direct --wait spin").wait).toBe("spin");
  });
});

test("the command line is kept as it was given", () => {
  const argv = ["-m", "uds", "--msg-count=5"];
  const { commandLine } = parseArguments(argv, "linux").plan;
  expect(commandLine).toEqual(argv);
  expect(commandLine).not.toBe(argv);
});

describe("one side alone", () => {
  test("a server insists on what its command line names, and on nothing else", () => {
    expect(plan("--server").standalone).toEqual({
      side: "server",
      idleTimeoutNs: 60_000_000_000,
      once: false,
      demands: {},
    });
    const line =
      "--server --once --idle-timeout 5s -s 64 128 --one-way -i 7 --send-delay 1ms -w 0 --include-first-message --reply ack -c 1 --seed 3";
    expect(plan(line).standalone).toEqual({
      side: "server",
      idleTimeoutNs: 5_000_000_000,
      once: true,
      demands: {
        messageSizes: [64, 128],
        tests: ["one-way"],
        messageCount: 7,
        sendDelayNs: 1_000_000,
        seed: 3,
        warmupCount: 0,
        includeFirstMessage: true,
        reply: "ack",
        concurrency: 1,
      },
    });
    expect(plan("--server -d 2s -i 5 --rate 100 --arrival burst=7").standalone).toMatchObject({
      demands: { durationNs: 2_000_000_000, ratePerSecond: 100, arrival: "burst=7" },
    });
  });

  test("a client waits for its server", () => {
    expect(plan("--client").standalone).toEqual({ side: "client", connectTimeoutNs: 30_000_000_000 });
    expect(plan("--client --connect-timeout 2s").standalone).toMatchObject({
      connectTimeoutNs: 2_000_000_000,
    });
  });
});
