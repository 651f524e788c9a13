import type { Chart, Line } from "./chart.ts";
import { isTotal } from "./displays.ts";
import { columnFormat } from "./figures.ts";
import { formatChange, pairUp } from "./pairs.ts";

/** A column: what it says, and its figures for exports; a change is a text only. */
export type Column = {
  title: string;
  /** Whose figures these are; null for a change, and where each row is a series. */
  line: Line | null;
  texts: readonly string[];
  figures: readonly (number | null)[] | null;
  /** Where each figure is from, if not from the row's own bucket. */
  notes: readonly string[];
};

export type Table = { corner: string; rows: readonly { name: string; line: Line | null }[]; columns: readonly Column[] };

const NOTHING = "–";

/** The values of a chart: a row per bucket, or per series if each has one total; with the change of a comparison. */
export function tableOf(chart: Chart): Table {
  return isTotal(chart.display) ? totalsOf(chart) : bucketsOf(chart);
}

function totalsOf({ lines, measure }: Chart): Table {
  const pairs = pairUp(lines);
  const current = pairs.map((pair) => pair.current?.total ?? null);
  const previous = pairs.map((pair) => pair.previous?.total ?? null);
  const format = columnFormat([...current, ...previous]);
  const columns = [figures(measure ?? "Value", null, current, format)];
  if (lines.some((line) => line.isPrevious)) {
    columns.push(figures("Previous period", null, previous, format), change("Change", previous, current));
  }
  const rows = pairs.map((pair) => {
    const line = pair.current ?? pair.previous ?? null;
    return { name: line?.name ?? "", line };
  });
  return { corner: "Series", rows, columns };
}

function bucketsOf({ lines, buckets }: Chart): Table {
  const values = (line: Line | undefined): (number | null)[] => buckets.map((_, row) => line?.figures[row] ?? null);
  const pairs = pairUp(lines);
  const titled = (line: Line, what: string): string =>
    pairs.length === 1 ? what : `${line.name} (${what.toLowerCase()})`;
  const columns = pairs.flatMap(({ current, previous }) => {
    const [now, before] = [values(current), values(previous)];
    const format = columnFormat([...now, ...before]);
    const made: Column[] = [];
    if (current) made.push(figures(current.name, current, now, format));
    if (previous) made.push(figures(titled(previous, "Previous"), previous, before, format));
    if (current && previous) made.push(change(titled(current, "Change"), before, now));
    return made;
  });
  return { corner: "Date", rows: buckets.map((name) => ({ name, line: null })), columns };
}

function figures(
  title: string,
  line: Line | null,
  values: readonly (number | null)[],
  format: (value: number | null) => string,
): Column {
  return { title, line, texts: values.map(format), figures: values, notes: line?.isPrevious ? line.buckets : [] };
}

function change(title: string, from: readonly (number | null)[], to: readonly (number | null)[]): Column {
  const texts = to.map((value, row) => formatChange(from[row], value) ?? NOTHING);
  return { title, line: null, texts, figures: null, notes: [] };
}
