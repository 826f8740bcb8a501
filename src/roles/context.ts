/** What a role is given, and what every role does with it. */

import type { ConnectionEffective } from "../channel/effective.ts";
import type { ConnectionSettings } from "../channel/settings.ts";
import type { Log } from "../log/log.ts";
import { allowedCpus } from "../native/cpus.ts";
import type { LedgerFile } from "../native/ledger.ts";
import { native } from "../native/library.ts";
import type { EffectiveReport, RoleCommand, RoleMessage, RoleSettings } from "../protocol/control.ts";
import type { RealTimeReport } from "../system/privileges.ts";

/** A role's line to its orchestrator. */
export interface Control {
  say(message: RoleMessage): void;
  /** The next command; rejects when the orchestrator is gone. */
  nextCommand(isPatient?: boolean): Promise<RoleCommand>;
}

/** What both roles need: their orders, their ledger, and their line to the orchestrator. */
export interface RoleContext {
  readonly settings: RoleSettings;
  readonly ledger: LedgerFile;
  readonly control: Control;
  readonly log: Log;
  /** null without --rt. */
  readonly realTime: RealTimeReport | null;
}

export function connectionSettingsOf(
  settings: RoleSettings,
  sheet: number,
  peerSheet: number | null,
): ConnectionSettings {
  return { ...settings, replyBytes: settings.reply === "echo" ? settings.messageBytes : 0, sheet, peerSheet };
}

/**
 * Takes the thread of a blocking loop out of the table of descriptors that it shares with the engine's own threads, in which the
 * kernel counts each use. To be called right before the measured phase, as every thread that begins later shares the new table. What
 * is open by then stays open in the old one too, until the process ends: it must have nothing to do but to measure and to go. Not
 * where clients are served in threads of their own: these could not be woken by older threads, which have another table.
 */
export function shareNoDescriptors({ settings, log }: RoleContext): void {
  if (settings.mode !== "blocking") return;
  if (native().process_own_descriptors() < 0)
    log.debug("shares its descriptors with other threads: each system call takes a little longer");
}

/** Tells the orchestrator that the peers have met and what was really in force. */
export function sayConnected(
  { control, log, realTime }: RoleContext,
  worker: number,
  effective: ConnectionEffective,
): void {
  log.debug(connectionInWords(effective));
  control.say({ type: "connected", worker, effective: effectiveReportOf({ realTime }, effective) });
}

/** What is in force on this side of a connection. */
export function effectiveReportOf(
  { realTime }: Pick<RoleContext, "realTime">,
  effective: ConnectionEffective,
): EffectiveReport {
  return {
    pid: process.pid,
    allowedCpus: allowedCpus(),
    sendBufferBytes: effective.sendBufferBytes,
    receiveBufferBytes: effective.receiveBufferBytes,
    queueDepth: effective.queueDepth,
    realTime,
  };
}

function connectionInWords(effective: ConnectionEffective): string {
  const { sendBufferBytes, receiveBufferBytes, queueDepth } = effective;
  const depth = queueDepth === null ? "" : `, ${queueDepth} messages deep`;
  return `is connected; buffers of ${sendBufferBytes ?? "?"} bytes to send, ${receiveBufferBytes ?? "?"} to receive${depth}`;
}
