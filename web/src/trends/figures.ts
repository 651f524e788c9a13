const EXACT = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 });
const SMALL = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });
const SHORT = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });
const SHARE = new Intl.NumberFormat("en-US", { style: "percent", maximumFractionDigits: 1 });
const MOST_DIGITS = 6;
const BYTES = ["B", "kB", "MB", "GB", "TB"];

/** A figure as a tooltip or a table prints it. */
export function formatFigure(value: number | null): string {
  if (value === null) return "–";
  return value !== 0 && Math.abs(value) < 0.01 ? SMALL.format(value) : EXACT.format(value);
}

/** Prints the figures of a column with the same number of decimals, so that they align. */
export function columnFormat(values: readonly (number | null)[]): (value: number | null) => string {
  const least = Math.min(...values.map((value) => Math.abs(value ?? 0)).filter((value) => value > 0));
  const isWhole = values.every((value) => value === null || Number.isInteger(value));
  const digits = isWhole ? 0 : least < 0.01 ? Math.min(Math.ceil(-Math.log10(least)) + 1, MOST_DIGITS) : 2;
  const format = new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return (value) => {
    if (value === null) return formatFigure(value);
    // What the column has too few digits for is better out of line than wrong.
    return value !== 0 && Math.abs(value) < 10 ** -digits / 2 ? formatFigure(value) : format.format(value);
  };
}

/** A figure of an axis: 12.5K. */
export function formatShort(value: number): string {
  return value !== 0 && Math.abs(value) < 0.1 ? SMALL.format(value) : SHORT.format(value);
}

export function formatShare(part: number): string {
  return SHARE.format(part);
}

export function formatBytes(bytes: number): string {
  const step = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), BYTES.length - 1);
  return `${formatFigure(Math.round((bytes / 1000 ** step) * 10) / 10)} ${BYTES[step]}`;
}

export function formatDuration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${formatFigure(Math.round(ms / 100) / 10)} s`;
}
