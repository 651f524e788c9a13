import { readField } from "./document.ts";
import { DEFAULT_DISPLAY, type Display, isDisplay, isTotal } from "./displays.ts";
import type { FoundTrend } from "./find.ts";
import { inOrderOfBins } from "./bins.ts";
import { findHint } from "./hints.ts";
import { isOthers, nameAll } from "./labels.ts";
import { countedIn, formulasIn, measureOf } from "./measures.ts";
import { readSeries, readText, readTexts, type Series } from "./series.ts";
import { subjectOf } from "./subject.ts";
import { readWarnings, type Warning } from "./warnings.ts";

/** One series, ready to be drawn. */
export type Line = {
  name: string;
  /** Of the earlier period of a comparison; it shares the colour of its counterpart. */
  isPrevious: boolean;
  /** Which colour of the palette; null for the series that adds up the other values. */
  colour: number | null;
  /** A figure per bucket, null for a gap; empty where there is none. */
  figures: readonly (number | null)[];
  /** The total of displays that carry one; otherwise the API's count, where a sum says anything. */
  total: number | null;
  /** Names of its own buckets, which for an earlier period are others. */
  buckets: readonly string[];
  /** The breakdown value, by which a map finds the place. */
  value: string | null;
};

export type Chart = {
  title: string;
  /** What the query asked for; null where nothing tells. */
  asked: Display | null;
  /** What the figures at hand can be drawn as. */
  display: Display;
  /** What all figures measure: "Average dep_delay"; null where nothing tells, or where they measure several things. */
  measure: string | null;
  /** Whether figures of several buckets or series add up to one that means something. */
  isSummable: boolean;
  /** What was counted, the range and the time zone, as far as they are known. */
  facts: readonly string[];
  buckets: readonly string[];
  lines: readonly Line[];
  /** One sentence about what is missing in the query; null where nothing is. */
  hint: string | null;
  /** What the gateway warns of, where the query asks for it. */
  warnings: readonly Warning[];
};

export function chartOf(trend: FoundTrend): Chart {
  const read = (name: string): unknown => readField(trend.value, trend.fields, name);
  const series = inOrderOfBins(readSeries(read("series"), seriesFields(trend)));
  const asked = askedDisplay(trend);
  const shared = readTexts(read("labels")) ?? readTexts(read("days"));
  const display = drawableDisplay(asked, series);
  const canSum = isSummable(trend.query);
  const lines = linesOf(series, display, trend.query, canSum || display === "ACTIONS_LINE_GRAPH_CUMULATIVE");
  return {
    title: trend.title,
    asked,
    display,
    measure: measureOf(trend.query),
    isSummable: canSum,
    facts: factsOf(trend, read),
    buckets: isTotal(display) ? [] : bucketsOf(shared, lines),
    lines,
    hint: findHint(trend, seriesFields(trend), asked, series),
    warnings: readWarnings(trend),
  };
}

function seriesFields(trend: FoundTrend): FoundTrend["fields"] {
  return [...trend.fields.values()].find((field) => field.name === "series")?.fields ?? new Map();
}

function askedDisplay(trend: FoundTrend): Display | null {
  if (!trend.query) return null;
  const display = trend.query.display ?? DEFAULT_DISPLAY;
  return isDisplay(display) ? display : null;
}

// A display whose figures were not asked for gives way to one that can be drawn.
function drawableDisplay(asked: Display | null, series: readonly Series[]): Display {
  const hasFigures = series.some((one) => one.data?.length);
  const hasTotals = series.some((one) => one.aggregatedValue !== null || (!hasFigures && one.count !== null));
  if (asked && (isTotal(asked) ? hasTotals : hasFigures || !hasTotals)) return asked;
  if (hasFigures) return DEFAULT_DISPLAY;
  return hasTotals ? "ACTIONS_BAR_VALUE" : (asked ?? DEFAULT_DISPLAY);
}

function linesOf(
  series: readonly Series[],
  display: Display,
  query: FoundTrend["query"],
  hasTotals: boolean,
): Line[] {
  const colours = new Map<string, number>();
  const names = nameAll(series, query);
  return series.map((one, position) => {
    const key = one.compareLabel ? JSON.stringify([one.order, one.formula, names[position]]) : `${position}`;
    if (!isOthers(one) && !colours.has(key)) colours.set(key, colours.size);
    return {
      name: names[position] ?? "",
      isPrevious: one.compareLabel === "PREVIOUS",
      colour: colours.get(key) ?? null,
      figures: isTotal(display) ? [] : (one.data ?? []),
      total: one.aggregatedValue ?? (hasTotals ? (one.count ?? countOf(one, display)) : null),
      buckets: one.labels ?? one.days ?? [],
      value: one.breakdownValue?.[0] ?? one.label,
    };
  });
}

// Adding up daily averages, or people who may be the same ones, makes a figure of no meaning.
function isSummable(query: FoundTrend["query"]): boolean {
  if (!query) return true;
  return !formulasIn(query).length && countedIn(query).every((one) => one.isSummable);
}

/** The API's count where it was not asked for: the last figure of a running total, else the sum. */
function countOf({ data }: Series, display: Display): number | null {
  const figures = (data ?? []).filter((figure) => figure !== null);
  if (!figures.length) return null;
  if (display === "ACTIONS_LINE_GRAPH_CUMULATIVE") return figures.at(-1) ?? null;
  return figures.reduce((sum, figure) => sum + figure, 0);
}

// Without any names buckets are counted, so that the figures can be drawn all the same.
function bucketsOf(shared: readonly string[] | null, lines: readonly Line[]): string[] {
  const named = shared ?? lines.find((line) => !line.isPrevious)?.buckets ?? [];
  const length = Math.max(named.length, ...lines.map((line) => line.figures.length));
  return Array.from({ length }, (_, index) => named[index] ?? `${index + 1}`);
}

function factsOf(trend: FoundTrend, read: (name: string) => unknown): string[] {
  const from = readText(read("dateFrom")) ?? readText(trend.query?.dateFrom);
  const to = readText(read("dateTo")) ?? readText(trend.query?.dateTo);
  const range = from && to ? `${dayOf(from)} to ${dayOf(to)}` : from && `since ${dayOf(from)}`;
  const facts = [trend.query && subjectOf(trend.query), range, readText(read("timezone"))];
  return facts.filter((fact): fact is string => Boolean(fact));
}

function dayOf(date: string): string {
  return /^\d{4}-\d{2}-\d{2}T/.test(date) ? date.slice(0, 10) : date;
}
