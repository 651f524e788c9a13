import type { Chart, Line } from "../trends/chart.ts";
import { columnFormat } from "../trends/figures.ts";
import { type Pair, pairUp } from "../trends/pairs.ts";
import type { Look } from "../trends/palette.ts";
import { tipRow } from "./base.ts";
import type { TipRow } from "./option.ts";

const MOST_SERIES = 12;
const STACKED = ["ACTIONS_AREA_GRAPH", "ACTIONS_BAR"];

/**
 * What a tooltip says about a bucket: the series from the greatest value to the least, each followed by its earlier
 * period, always with what adds up the other values, and the sum of what is stacked.
 */
export function rowsAt(chart: Chart, index: number, look: Look): { rows: TipRow[]; more: number } {
  const valueAt = (line: Line | undefined): number | null => line?.figures[index] ?? null;
  const pairs = pairUp(chart.lines).toSorted((a, b) => heightOf(b, valueAt) - heightOf(a, valueAt) || 0);
  const shown = new Set(pairs.slice(0, MOST_SERIES));
  for (const pair of pairs) if ((pair.current ?? pair.previous)?.colour === null) shown.add(pair);
  const sums = chart.isSummable && STACKED.includes(chart.display) ? sumsOf(chart.lines, valueAt) : [];
  const format = columnFormat([...chart.lines.map(valueAt), ...sums.map((sum) => sum.value)]);
  const rows = [...shown].flatMap((pair) =>
    [pair.current, pair.previous]
      .filter((line) => line !== undefined)
      .map((line) => tipRow(line, format(valueAt(line)), look, titleAt(line, index))),
  );
  for (const { name, value } of sums) {
    rows.push({ colour: "transparent", name, figure: format(value), isPrevious: false });
  }
  return { rows, more: pairs.length - shown.size };
}

function heightOf({ current, previous }: Pair, valueAt: (line: Line | undefined) => number | null): number {
  return valueAt(current) ?? valueAt(previous) ?? -Infinity;
}

function sumsOf(
  lines: readonly Line[],
  valueAt: (line: Line | undefined) => number | null,
): { name: string; value: number }[] {
  return [false, true].flatMap((isPrevious) => {
    const values = lines.filter((line) => line.isPrevious === isPrevious).map(valueAt);
    if (values.length < 2) return [];
    return [{ name: isPrevious ? "Sum (previous)" : "Sum", value: values.reduce<number>((a, b) => a + (b ?? 0), 0) }];
  });
}

// The earlier period has its own dates at the same place of the axis.
function titleAt(line: Line, index: number): string {
  return line.isPrevious ? `${line.name} (${line.buckets[index] ?? "previous"})` : line.name;
}
