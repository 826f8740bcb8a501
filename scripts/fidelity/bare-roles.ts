/** The two roles without an orchestrator: nobody watches them, streams or draws while they measure. */
import { interpret } from "../../src/cli/command.ts";
import { CLIENT_SHEET, LedgerFile, SERVER_SHEET } from "../../src/native/ledger.ts";
import { roleEnvironment } from "../../src/orchestrator/child.ts";
import { endpointFor } from "../../src/orchestrator/endpoints.ts";
import type { Cell } from "../../src/orchestrator/role-settings.ts";
import { roleSettings } from "../../src/orchestrator/role-settings.ts";
import type { RunPlan } from "../../src/plan/run-plan.ts";
import { LEDGER_FD, type RoleMessage, type RoleSettings } from "../../src/protocol/control.ts";
import { meanNs, percentilesNs } from "../../src/stats/histogram.ts";
import type { Figures } from "./compare.ts";
import { commandFlags, DEADLINE_MS, type LaunchSettings, type Program } from "./program.ts";

type Roles = "server" | "client";

function start(program: string, prefix: readonly string[], role: Roles, ledger: LedgerFile) {
  const inherited: Bun.SpawnOptions.Readable[] = [];
  inherited[LEDGER_FD - 3] = ledger.fd!;
  return Bun.spawn([...prefix, program, `--${role}`, "--attached"], {
    stdio: ["pipe", "pipe", "inherit", ...inherited],
    env: roleEnvironment({ mode: "blocking", standalone: null }),
    timeout: DEADLINE_MS,
  });
}

type Running = ReturnType<typeof start>;

function tell(child: Running, document: RoleSettings | { type: "connect"; port: number }): void {
  child.stdin.write(`${JSON.stringify(document)}\n`);
  child.stdin.flush();
}

/** The first thing that the server says: where it can be met. Reads no further, as nobody listens while messages go. */
async function portOf(server: Running): Promise<number> {
  const reader = server.stdout.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  const message = JSON.parse(new TextDecoder().decode(value).split("\n")[0] ?? "") as RoleMessage;
  if (message.type !== "ready") throw new Error(`the server says ${JSON.stringify(message)}`);
  return message.port;
}

function figuresIn(ledger: LedgerFile, { test }: Cell): Figures {
  const sheet = test === "one-way" ? SERVER_SHEET : CLIENT_SHEET;
  const latency = ledger.distribution(sheet, "service");
  const { received, lastReceiveNs } = ledger.counts(sheet);
  const { firstSendNs, sent } = ledger.counts(CLIENT_SHEET);
  const percentiles = percentilesNs(latency, [50, 99]);
  if (percentiles === null || received !== sent) throw new Error(`${received} of ${sent} messages came`);
  return {
    p50Ns: Number(percentiles[0]),
    meanNs: meanNs(latency)!,
    p99Ns: Number(percentiles[1]),
    messagesPerSecond: (received * 1e9) / Number(lastReceiveNs! - firstSendNs!),
  };
}

async function planOf(settings: LaunchSettings): Promise<RunPlan> {
  const command = await interpret(commandFlags(settings), process.platform);
  if (command.kind !== "run") throw new Error("no run");
  return command.plans[0]!;
}

/** The executable at `path`, in blocking mode, its roles started from here. */
export function bareRolesProgram(path: string): Program {
  return {
    async launch(settings) {
      const plan = await planOf(settings);
      const mechanism = plan.mechanisms[0]!;
      const cell: Cell = {
        mechanism,
        messageBytes: settings.row.payloadBytes,
        test: settings.row.test,
        endpoint: endpointFor(mechanism, plan),
        isOwnName: true,
        seed: plan.seed,
      };
      const ledger = LedgerFile.create(2);
      const children: Running[] = [];
      try {
        for (const role of ["server", "client"] as const) {
          const child = start(path, settings.prefix, role, ledger);
          children.push(child);
          tell(child, roleSettings(cell, plan, role));
        }
        const [server, client] = children as [Running, Running];
        tell(client, { type: "connect", port: await portOf(server) });
        const codes = await Promise.all(children.map(({ exited }) => exited));
        if (codes.some((code) => code !== 0)) throw new Error(`the roles ended with ${codes.join(" and ")}`);
        const cpuUs = children.map((child) => Number(child.resourceUsage()?.cpuTime.total ?? 0));
        return { figures: figuresIn(ledger, cell), cpuMs: (cpuUs[0]! + cpuUs[1]!) / 1000 };
      } finally {
        for (const child of children) child.kill("SIGKILL");
        ledger.close();
      }
    },
  };
}
