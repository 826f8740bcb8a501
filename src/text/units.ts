/** Figures for people: three significant digits and a unit. */

const SIGNIFICANT_DIGITS = 3;

/** Steps in ns, with the greatest unit last. */
const TIME_UNITS = [
  { unit: "ns", ns: 1 },
  { unit: "µs", ns: 1e3 },
  { unit: "ms", ns: 1e6 },
  { unit: "s", ns: 1e9 },
] as const;
const TIME_STEPS = TIME_UNITS.map(({ ns }) => ns);

const SI_PREFIXES = ["", "k", "M", "G", "T"] as const;
const BINARY_UNITS = ["B", "KiB", "MiB", "GiB"] as const;

/** Time in ns → "870 ns", "12.3 µs", "4.00 ms", "60.0 s"; "us" where the terminal has no "µ". */
export function timeText(ns: number, utf8: boolean, digits = SIGNIFICANT_DIGITS): string {
  const { text, step } = scaled(ns, TIME_STEPS, digits);
  const { unit } = TIME_UNITS[step]!;
  return `${text} ${utf8 ? unit : unit.replace("µ", "u")}`;
}

/**
 * A median with its ends, in the median's unit: "24.1 µs [21–34]". The ends have two digits, or three where two would show
 * them as equal. Ends that are far from that unit have their own: "1.65 µs [620 ns – 4.2 ms]".
 */
export function spreadText(
  { median, low, high }: { readonly median: number; readonly low: number; readonly high: number },
  utf8: boolean,
): string {
  const { step } = scaled(median, TIME_STEPS);
  const unitNs = TIME_UNITS[step]!.ns;
  if (low < unitNs / 10 || high >= 999.5 * unitNs) {
    const [first, last] = [low, high].map((end) => timeText(end, utf8, 2));
    return `${timeText(median, utf8)} [${first} ${utf8 ? "–" : "-"} ${last}]`;
  }
  const ends = (digits: number) => [low, high].map((end) => wholeOrDigits(end / unitNs, digits));
  const [coarseLow, coarseHigh] = ends(2);
  const shown = coarseLow === coarseHigh ? ends(SIGNIFICANT_DIGITS) : [coarseLow, coarseHigh];
  return `${timeText(median, utf8)} [${shown.join(utf8 ? "–" : "-")}]`;
}

/** A ratio → "1.00x", "12.3x", "345x", "0.142x", "0.0071x". */
export function factorText(factor: number): string {
  if (factor > 0 && factor < 0.1) return factor < 1e-6 ? "<1e-6x" : `${factor.toPrecision(2)}x`;
  return `${factor < 1000 ? threeDigits(factor) : Math.round(factor)}x`;
}

/** A number of messages on their way → "0.03", "1.0", "12", "682", "1.25k". */
export function inFlightText(messages: number): string {
  if (messages < 0.095) return messages.toFixed(2);
  if (messages < 9.95) return messages.toFixed(1);
  return messages < 999.5 ? String(Math.round(messages)) : amountText(messages);
}

/** A count or rate → "950", "12.3k", "1.25M"; "<0.001" where three decimals show nothing. */
export function amountText(value: number): string {
  if (value > 0 && value < 0.001) return "<0.001";
  const { text, step } = scaled(
    value,
    SI_PREFIXES.map((_, power) => 1000 ** power),
  );
  return text + SI_PREFIXES[step]!;
}

/** A rate in bytes a second, in MB/s → "0.649", "30.7", "1640"; "<0.001" as above. */
export function megabytesText(bytesPerSecond: number): string {
  const megabytes = bytesPerSecond / 1e6;
  return megabytes < 999.5 ? amountText(megabytes) : String(Math.round(megabytes));
}

/** Bytes → "512 B", "64 KiB", "1.50 MiB"; whole multiples without decimals. */
export function bytesText(bytes: number): string {
  let step = 0;
  while (step < BINARY_UNITS.length - 1 && bytes >= 1024 ** (step + 1)) step += 1;
  const value = bytes / 1024 ** step;
  return `${Number.isInteger(value) ? value : threeDigits(value)} ${BINARY_UNITS[step]!}`;
}

/** The value in the greatest step that leaves at least 1, after rounding: 999.7 ns is 1.00 µs, not 1000 ns. */
function scaled(value: number, steps: readonly number[], digits = SIGNIFICANT_DIGITS): { text: string; step: number } {
  let step = 0;
  while (step < steps.length - 1 && roundsToAThousand(value / steps[step]!, digits)) step += 1;
  const inStep = value / steps[step]!;
  return { text: step === 0 && Number.isInteger(value) ? String(value) : withDigits(inStep, digits), step };
}

function roundsToAThousand(value: number, digits: number): boolean {
  return Number(value.toPrecision(digits)) >= 1000;
}

/** At least all the digits before the point, and as many after it as there are left. */
function wholeOrDigits(value: number, digits: number): string {
  const digitsBefore = value >= 1 ? Math.floor(Math.log10(value)) + 1 : 0;
  return value.toFixed(Math.max(0, digits - digitsBefore));
}

const threeDigits = (value: number) => withDigits(value, SIGNIFICANT_DIGITS);

/** So many significant digits, without an exponent and with as many decimals at most. */
function withDigits(value: number, digits: number): string {
  const rounded = Number(value.toPrecision(digits));
  const digitsBefore = rounded >= 1 ? Math.floor(Math.log10(rounded)) + 1 : 0;
  return rounded.toFixed(Math.max(0, digits - digitsBefore));
}
