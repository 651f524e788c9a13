import type { Line } from "./chart.ts";
import { formatShare } from "./figures.ts";

/** A series and its counterpart of the earlier period. */
export type Pair = { current?: Line; previous?: Line };

/** Each series with its earlier period, in the order of the chart. */
export function pairUp(lines: readonly Line[]): Pair[] {
  const pairs = new Map<string, Pair>();
  for (const line of lines) {
    const key = `${line.colour} ${line.name}`;
    const pair = pairs.get(key) ?? {};
    pair[line.isPrevious ? "previous" : "current"] = line;
    pairs.set(key, pair);
  }
  return [...pairs.values()];
}

/** By how much a figure grew: "+12.5%"; null where there is nothing to compare with. */
export function formatChange(from: number | null | undefined, to: number | null | undefined): string | null {
  if (!from || to === null || to === undefined) return null;
  const share = (to - from) / Math.abs(from);
  return `${share > 0 ? "+" : share < 0 ? "−" : ""}${formatShare(Math.abs(share))}`;
}
