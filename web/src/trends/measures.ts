import { isRecord } from "./find.ts";

/** A series that a TrendQueryInput asks for: an event or an action, and what is measured of it. */
export type Counted = { name: string; measure: string; isSummable: boolean };

type Input = Record<string, unknown>;

const LONGEST = 32;

const COUNTS: Record<string, string> = {
  TOTAL: "Total",
  DAU: "Unique people",
  WEEKLY_ACTIVE: "Weekly active people",
  MONTHLY_ACTIVE: "Monthly active people",
  UNIQUE_SESSION: "Unique sessions",
  UNIQUE_GROUP: "Unique groups",
  FIRST_TIME_FOR_USER: "People for the first time",
  FIRST_MATCHING_EVENT_FOR_USER: "People with a first match",
};
const AGGREGATES: Record<string, string> = {
  SUM: "Sum",
  AVG: "Average",
  MIN: "Minimum",
  MAX: "Maximum",
  MEDIAN: "Median",
};
const PER_PERSON = "_COUNT_PER_ACTOR";
const GROUPS: Record<string, string> = {
  DAU: "Unique groups",
  WEEKLY_ACTIVE: "Weekly active groups",
  MONTHLY_ACTIVE: "Monthly active groups",
};

/** The series of a query in its order: events, then actions. */
export function countedIn(query: Input): Counted[] {
  return [
    ...listOf(query.events).map((one) => counted(one, one.event ?? "all events")),
    ...listOf(query.actions).map((one) => counted(one, `action ${one.actionId}`)),
  ];
}

/** What all figures of a query measure: "Average dep_delay", or its formula; null where they measure several things. */
export function measureOf(query: Input | null): string | null {
  if (!query) return null;
  const formulas = formulasIn(query);
  const measures = new Set(formulas.length ? formulas : countedIn(query).map((one) => one.measure));
  const [measure] = measures;
  return measures.size === 1 && measure !== undefined ? shorten(measure) : null;
}

/** The formulas of a query, by their own names where they have them. */
export function formulasIn(query: Input): string[] {
  const named = listOf(query.formulas).map((one) => one.customName ?? one.formula);
  return [query.formula, ...named].filter((text): text is string => typeof text === "string" && text !== "");
}

/** "flight departed (average dep_delay)". */
export function withMeasure(name: string, measure: string): string {
  const isWord = /^[A-Z][a-z]/.test(measure);
  return `${name} (${isWord ? measure.charAt(0).toLowerCase() + measure.slice(1) : measure})`;
}

/** A text of any length on one line, cut with an ellipsis. */
export function shorten(text: string): string {
  const line = text.trim().replace(/\s+/g, " ").replace(/([([]) | (?=[)\]])/g, "$1");
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1).trimEnd()}…` : line;
}

export function listOf(value: unknown): Input[] {
  return [value ?? []].flat().filter(isRecord);
}

function counted(series: Input, name: unknown): Counted {
  const math = String(series.math ?? "TOTAL");
  return {
    name: String(series.customName ?? name),
    measure: nameOfMath(math, series),
    isSummable: math === "TOTAL" || math === "SUM",
  };
}

function nameOfMath(math: string, series: Input): string {
  if (typeof series.mathGroupTypeIndex === "number" && GROUPS[math]) return GROUPS[math];
  if (COUNTS[math]) return COUNTS[math];
  if (math.endsWith(PER_PERSON)) return `${nameOfAggregate(math.slice(0, -PER_PERSON.length))} per person`;
  if (math === "HOGQL") return shorten(String(series.mathExpression ?? "Expression"));
  return shorten(`${nameOfAggregate(math)} ${series.mathProperty ?? ""}`);
}

function nameOfAggregate(name: string): string {
  return AGGREGATES[name] ?? name;
}
