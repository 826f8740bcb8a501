import type { LaunchMeasurement, MechanismOutcome } from "../measure/measurement.ts";
import { cellsOf, type ReportCell } from "../report/cells.ts";
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
  return cellsOf(result).flatMap((cell) => {
    const outcome = outcomes[result.results.indexOf(cell.entry)]!;
    const launches = outcome.launches.filter(({ measurement }) => measurement.test === cell.test);
    if (launches.length === 0) return [];
    const { mechanism, test, repeat } = cell;
    const messageBytes = cell.entry.test_config.message_size;
    const name = cellName(mechanism, messageBytes, test, repeat);
    return [{ name, title: `${mechanism}, ${messageBytes} bytes, ${test}`, outcome, launches, cell }];
  });
}

function writeLog(directory: OutputDirectory, { name, title, outcome, launches }: MeasuredCell, toolVersion: string) {
  directory.write(`${name}.hlog`, intervalLog({ toolVersion, cell: title, startedAt: outcome.startedAt }, launches));
}

/** All launches together; with a schedule service time and lateness have files of their own. */
function writePercentiles(directory: OutputDirectory, { name, title, outcome, cell }: MeasuredCell): void {
  const measurement = outcome.measurements.find(({ test }) => test === cell.test);
  if (measurement === undefined) return;
  const { latency, schedule } = measurement;
  const write = (suffix: string, what: string, snapshot: LatencySnapshot) =>
    directory.write(`${name}${suffix}.hgrm`, percentileText(snapshot, title + what));
  write("", schedule === null ? "" : ", response time", latency);
  if (schedule === null) return;
  write("_service", ", service time", schedule.service);
  write("_lateness", ", lateness", schedule.lateness);
}
