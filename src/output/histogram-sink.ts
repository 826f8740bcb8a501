import type { LaunchMeasurement, MechanismOutcome } from "../measure/measurement.ts";
import { cellsOf, occurrences, type ReportCell } from "../report/cells.ts";
import { intervalLog, percentileText } from "../report/histogram-files.ts";
import type { LatencySnapshot } from "../stats/snapshot.ts";
import { cellName } from "./names.ts";
import type { OutputDirectory } from "./output-directory.ts";
import type { MeasuredSoFar } from "./sink.ts";

/** One cell with what its histograms are made from. */
interface MeasuredCell {
  readonly name: string;
  /** "uds, 1024 bytes, one-way". */
  readonly title: string;
  /** "rate 1000, wait spin". */
  readonly settings: string;
  readonly outcome: MechanismOutcome;
  readonly launches: readonly LaunchMeasurement[];
  readonly cell: ReportCell;
}

/** `--hlog` or `--hgrm`: writes a file per cell, and again only if the cell has had another launch since. */
export function histogramSink(directory: OutputDirectory, ending: "hlog" | "hgrm"): (soFar: MeasuredSoFar) => void {
  const launchesWritten = new Map<string, number>();
  return (soFar) => {
    for (const measured of measuredCells(soFar)) {
      if (launchesWritten.get(measured.name) === measured.launches.length) continue;
      if (ending === "hlog") writeLog(directory, measured, soFar.result.metadata.version);
      else writePercentiles(directory, measured);
      launchesWritten.set(measured.name, measured.launches.length);
    }
  };
}

function measuredCells({ result, outcomes }: MeasuredSoFar): MeasuredCell[] {
  const cells = cellsOf(result);
  const names = cells.map(({ mechanism, test, entry }) => {
    const { settings, standalone } = entry.details;
    // A server's clients may differ in ever more settings, but a file keeps its name.
    return cellName(mechanism, entry.test_config.message_size, test, standalone === "server" ? {} : settings);
  });
  const repeats = occurrences(names);
  return cells.flatMap((cell, position) => {
    const outcome = outcomes[result.results.indexOf(cell.entry)]!;
    const launches = outcome.launches.filter(({ measurement }) => measurement.test === cell.test);
    if (launches.length === 0) return [];
    const { mechanism, test } = cell;
    const messageBytes = cell.entry.test_config.message_size;
    const repeat = repeats[position]!;
    const name = `${names[position]}${repeat === 1 ? "" : `_${repeat}`}`;
    const title = `${mechanism}, ${messageBytes} bytes, ${test}`;
    return [{ name, title, settings: settingsText(cell), outcome, launches, cell }];
  });
}

function settingsText({ entry }: ReportCell): string {
  return Object.entries(entry.details.settings)
    .map(([flag, value]) => `${flag} ${value.replaceAll(/\s+/g, " ") || "not given"}`)
    .join(", ");
}

function writeLog(
  directory: OutputDirectory,
  { name, title, settings, outcome, launches }: MeasuredCell,
  toolVersion: string,
) {
  const heading = { toolVersion, cell: title, settings, startedAt: outcome.startedAt };
  directory.write(`${name}.hlog`, intervalLog(heading, launches));
}

/** All launches together; with a schedule service time and lateness have files of their own. */
function writePercentiles(directory: OutputDirectory, { name, title, settings, outcome, cell }: MeasuredCell): void {
  const measurement = outcome.measurements.find(({ test }) => test === cell.test);
  if (measurement === undefined) return;
  const { latency, schedule } = measurement;
  const write = (suffix: string, what: string, snapshot: LatencySnapshot) =>
    directory.write(`${name}${suffix}.hgrm`, percentileText(snapshot, title + what, settings));
  write("", schedule === null ? "" : ", response time", latency);
  if (schedule === null) return;
  write("_service", ", service time", schedule.service);
  write("_lateness", ", lateness", schedule.lateness);
}
