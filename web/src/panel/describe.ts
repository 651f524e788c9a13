import type { Chart } from "../trends/chart.ts";
import { isTotal, nameOf } from "../trends/displays.ts";
import { formatFigure } from "../trends/figures.ts";

const MOST_NAMED = 5;

/** A chart in words, for those who do not see it. */
export function describe({ title, display, lines, buckets }: Chart): string {
  const series = `${lines.length} series`;
  const range = isTotal(display) || !buckets.length ? "" : ` from ${buckets[0]} to ${buckets.at(-1)}`;
  const named = lines
    .slice(0, MOST_NAMED)
    .map((line) => (line.total === null ? line.name : `${line.name} ${formatFigure(line.total)}`));
  const rest = lines.length > MOST_NAMED ? " and others" : "";
  return `${nameOf(display)} of ${title}: ${series}${range}: ${named.join(", ")}${rest}. The table has all figures.`;
}
