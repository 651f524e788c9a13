import type { Series } from "./series.ts";

const BIN = /^\[(-?\d[\d.e+-]*),\s*(-?\d[\d.e+-]*)\]$/i;

/** The bins of a histogram from the lowest to the highest, then what is in none; other series as they are. */
export function inOrderOfBins(series: readonly Series[]): Series[] {
  const starts = new Map(series.map((one) => [one, startOf(one)]));
  const isHistogram = [...starts.values()].filter((start) => start !== null).length > 1;
  if (!isHistogram || series.some((one) => (one.breakdownValue?.length ?? 1) > 1)) return [...series];
  // Series of several events stay apart, and so do the periods of a comparison.
  const blocks: string[] = series.map((one) => JSON.stringify([one.order, one.formula, one.compareLabel]));
  const blockOf = new Map(series.map((one, position) => [one, blocks.indexOf(blocks[position] ?? "")]));
  const place = (one: Series): [number, number] => [blockOf.get(one) ?? 0, starts.get(one) ?? Infinity];
  return series.toSorted((a, b) => {
    const [[block, start], [otherBlock, otherStart]] = [place(a), place(b)];
    return block - otherBlock || (start === otherStart ? 0 : start - otherStart);
  });
}

function startOf({ breakdownValue, label }: Series): number | null {
  const start = BIN.exec(breakdownValue?.[0] ?? label ?? "")?.[1];
  return start === undefined ? null : Number(start);
}
