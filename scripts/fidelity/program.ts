/** The two programs that are compared, started with the same settings. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchmarkResult } from "../../src/result/schema.ts";
import type { Figures } from "./compare.ts";
import { messageCountOf, PACE_NS, type Row } from "./row.ts";

/** CPUs of the two sides. */
export interface Cpus {
  readonly server: number;
  readonly client: number;
}

export interface LaunchSettings {
  readonly row: Row;
  /** What both programs are started through, such as `chrt -f 10`; mostly nothing. */
  readonly prefix: readonly string[];
  readonly cpus: Cpus;
  readonly warmupCount: number;
}

export interface Program {
  /** Runs once, from start to end. Rejects with what the program said when it fails. */
  launch(settings: LaunchSettings): Promise<{ figures: Figures; cpuMs: number }>;
}

export const DEADLINE_MS = 60_000;

async function run(command: readonly string[]): Promise<{ output: string; cpuMs: number }> {
  const child = Bun.spawn([...command], { stdout: "pipe", stderr: "pipe", timeout: DEADLINE_MS });
  const [output, complaint] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (child.exitCode !== 0)
    throw new Error(`${command.join(" ")} ended with ${child.exitCode ?? child.signalCode}: ${complaint}`);
  return { output, cpuMs: Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1000 };
}

/** What our own program is told, but for its output. */
export function commandFlags({ row, cpus, warmupCount }: LaunchSettings): string[] {
  return [
    ...(row.mechanism === "shm-direct" ? ["-m", "shm", "--shm-direct"] : ["-m", row.mechanism]),
    ...["--blocking", `--${row.test}`, "--wait", row.wait],
    ...["-i", String(messageCountOf(row)), "-s", String(row.payloadBytes), "-w", String(warmupCount)],
    ...["--send-delay", row.load === "paced" ? `${PACE_NS / 1000}us` : "0"],
    ...["--server-affinity", String(cpus.server), "--client-affinity", String(cpus.client)],
  ];
}

/** The plain C baseline at `path`. */
export function baselineProgram(path: string): Program {
  return {
    async launch({ row, prefix, cpus, warmupCount }) {
      const { output, cpuMs } = await run([
        ...prefix,
        path,
        ...["--mechanism", row.mechanism, "--test", row.test, "--wait", row.wait],
        ...["--count", String(messageCountOf(row)), "--size", String(row.payloadBytes)],
        ...["--delay-ns", String(row.load === "paced" ? PACE_NS : 0), "--warmup", String(warmupCount)],
        ...["--server-cpu", String(cpus.server), "--client-cpu", String(cpus.client)],
      ]);
      const result = JSON.parse(output) as Record<string, number>;
      const figures = {
        p50Ns: result.p50_ns!,
        meanNs: result.mean_ns!,
        p99Ns: result.p99_ns!,
        messagesPerSecond: result.messages_per_second!,
      };
      return { figures, cpuMs };
    },
  };
}

/** How long a spinning round trip takes right now, ns: where the host runs our CPUs decides, and it may move them. */
export async function cpuDistanceNs(path: string, cpus: Cpus, prefix: readonly string[]): Promise<number> {
  const { output } = await run([
    ...prefix,
    path,
    ...["--mechanism", "shm", "--test", "round-trip", "--wait", "spin", "--count", "20000", "--size", "8"],
    ...["--server-cpu", String(cpus.server), "--client-cpu", String(cpus.client)],
  ]);
  return (JSON.parse(output) as { p50_ns: number }).p50_ns;
}

/** Records of all messages, in both formats. */
export const withStreaming = (folder: string): string[] => [
  ...["--streaming-output-json", join(folder, "records.json")],
  ...["--streaming-output-csv", join(folder, "records.csv")],
];

/** The figures of the only test of a result. @throws Error if anything went wrong in it */
export function figuresOf(result: BenchmarkResult): Figures {
  const [cell] = result.results;
  const metrics = cell?.one_way_results ?? cell?.round_trip_results;
  const latency = metrics?.latency;
  if (cell?.status !== "Success" || metrics === undefined || metrics === null || !latency)
    throw new Error(`no success: ${JSON.stringify(cell?.status)}`);
  const valueAt = (percentile: number) =>
    Number(latency.percentiles.find((entry) => entry.percentile === percentile)?.value_ns);
  return {
    p50Ns: valueAt(50),
    meanNs: latency.mean_ns,
    p99Ns: valueAt(99),
    messagesPerSecond: metrics.throughput.messages_per_second,
  };
}

/** The executable at `path`, in blocking mode. `optional` gives the flags of what is looked at, with files in a folder. */
export function benchmarkProgram(path: string, optional: (folder: string) => string[] = () => []): Program {
  return {
    async launch(settings) {
      const { prefix } = settings;
      const folder = mkdtempSync(join(tmpdir(), "fidelity-"));
      try {
        const file = join(folder, "result.json");
        const { cpuMs } = await run([
          ...prefix,
          path,
          ...commandFlags(settings),
          ...["--quiet", "-o", file, "--percentiles", "50", "99"],
          ...optional(folder),
        ]);
        return { figures: figuresOf(JSON.parse(readFileSync(file, "utf8")) as BenchmarkResult), cpuMs };
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  };
}
