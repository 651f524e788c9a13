import { type Counted, countedIn, formulasIn, listOf, shorten, withMeasure } from "./measures.ts";

const MOST_NAMED = 3;

/** What a TrendQueryInput measures, in words: "flight departed (average dep_delay) by origin". */
export function subjectOf(query: Record<string, unknown>): string {
  const formulas = formulasIn(query);
  const counted = formulas.length ? formulas.map(shorten) : countedIn(query).map(nameOfCounted);
  const split = [...[query.breakdown ?? []].flat(), ...listOf(query.breakdowns).map((one) => one.property)];
  const by = split.map((one) => shorten(String(one)));
  return [join(counted, ", "), join(by, " and ")].filter((text) => text).join(" by ");
}

// That a count is a total goes without saying, unless another series measures the same event differently.
function nameOfCounted(one: Counted, _position: number, all: readonly Counted[]): string {
  const name = shorten(one.name);
  const isAmbiguous = all.some((other) => other.name === one.name && other.measure !== one.measure);
  return isAmbiguous || one.measure !== "Total" ? withMeasure(name, one.measure) : name;
}

function join(parts: readonly string[], between: string): string {
  return [...parts.slice(0, MOST_NAMED), ...(parts.length > MOST_NAMED ? ["…"] : [])].join(between);
}
