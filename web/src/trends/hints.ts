import { asksFor, type Fields } from "./document.ts";
import { type Display, isTotal } from "./displays.ts";
import type { FoundTrend } from "./find.ts";
import type { Series } from "./series.ts";

/** One sentence that names the fields a complete chart would need; null where it has them. */
export function findHint(
  trend: FoundTrend,
  fields: Fields,
  asked: Display | null,
  series: readonly Series[],
): string | null {
  const inSeries = missingInSeries(trend, fields, asked, series);
  const wanted = [
    ...(inSeries.length ? [`series { ${inSeries.join(" ")} }`] : []),
    ...(lacksBuckets(trend, fields, asked, series) ? ["labels"] : []),
  ];
  if (wanted.length) return `For a complete chart, also request ${wanted.join(" and ")}.`;
  return asked ? null : "Also request query next to trend: it has the display that the insight was saved with.";
}

function missingInSeries(
  trend: FoundTrend,
  fields: Fields,
  asked: Display | null,
  series: readonly Series[],
): string[] {
  const needsFigures = asked !== null && !isTotal(asked);
  const isCompared = Boolean(trend.query?.compare || trend.query?.compareTo);
  const hasNames = ["label", "customName", "breakdownValue"].some((name) => asksFor(fields, name));
  const hasAny = series.some((one) => one.data?.length) || asksFor(fields, "aggregatedValue");
  const isMissing: Record<string, boolean> = {
    label: !hasNames,
    data: needsFigures ? !asksFor(fields, "data") : asked === null && !hasAny,
    aggregatedValue: asked !== null && isTotal(asked) && !asksFor(fields, "aggregatedValue"),
    breakdownValue: hasNames && needsValues(trend) && !asksFor(fields, "breakdownValue"),
    compareLabel: isCompared && !asksFor(fields, "compareLabel"),
  };
  return Object.keys(isMissing).filter((name) => isMissing[name]);
}

// A formula's label is the same for every value of the breakdown.
function needsValues({ query }: FoundTrend): boolean {
  return Boolean((query?.formula || query?.formulas) && (query.breakdown || query.breakdowns));
}

function lacksBuckets(trend: FoundTrend, fields: Fields, asked: Display | null, series: readonly Series[]): boolean {
  if (asked && isTotal(asked)) return false;
  if (!series.some((one) => one.data?.length)) return false;
  return ![trend.fields, fields].some((level) => asksFor(level, "labels") || asksFor(level, "days"));
}
