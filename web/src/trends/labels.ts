import { type Counted, countedIn, withMeasure } from "./measures.ts";
import type { Series } from "./series.ts";

// What the API answers for events without a value, and for the values beyond the limit.
const NULL_VALUE = "$$_posthog_breakdown_null_$$";
const OTHER_VALUES = "$$_posthog_breakdown_other_$$";
// How the API joins the values of several breakdowns in a label.
const BETWEEN = "::";

/**
 * What the series of a trend are called: the client's own names, the labels, and the values of breakdowns; where
 * several have the same name, with what each of them measures.
 */
export function nameAll(series: readonly Series[], query: Record<string, unknown> | null): string[] {
  const isShared = new Set(series.map(baseOf)).size === 1;
  const names = series.map((one, position) => nameOne(one, isShared) || `Series ${position + 1}`);
  return query && series.every((one) => one.formula === null) ? tellApart(names, series, countedIn(query)) : names;
}

function tellApart(names: readonly string[], series: readonly Series[], counted: readonly Counted[]): string[] {
  const isOneEvent = new Set(counted.map((one) => one.name)).size === 1;
  return names.map((name, position) => {
    const isNamesake = (other: number): boolean =>
      names[other] === name && series[other]?.compareLabel === series[position]?.compareLabel;
    const namesakes = [...names.keys()].filter(isNamesake);
    if (namesakes.length < 2) return name;
    const origins = namesakes.map((one, place) => originOf(series[one], place, namesakes.length, name, counted));
    const own = origins[namesakes.indexOf(position)];
    const one = own === undefined ? undefined : counted[own];
    if (own === undefined || !one) return name;
    const measures = origins.map((origin) => counted[origin ?? -1]?.measure);
    const isTold = measures.filter((measure) => measure === one.measure).length === 1;
    const values = series[position]?.breakdownValue;
    const shown = isOneEvent && values?.length ? readable(values.join(BETWEEN)) : name;
    return isTold ? withMeasure(shown, one.measure) : `${shown} (${String.fromCharCode(65 + own)})`;
  });
}

// Series come in the order of the query, so that namesakes can be told apart without the field `order`.
function originOf(
  series: Series | undefined,
  place: number,
  count: number,
  name: string,
  counted: readonly Counted[],
): number | undefined {
  if (series && series.order !== null) return series.order;
  if (count === counted.length) return place;
  const candidates = [...counted.keys()].filter((position) => name.startsWith(counted[position]?.name ?? name));
  return candidates.length === count ? candidates[place] : undefined;
}

/** Whether the series adds up what has no series of its own. */
export function isOthers({ breakdownValue, label }: Series): boolean {
  return breakdownValue ? breakdownValue.every((value) => value === OTHER_VALUES) : label === OTHER_VALUES;
}

// The label of a formula, and a client's own name, do not hold the value of the breakdown.
function nameOne(series: Series, isShared: boolean): string {
  const [base, values] = [baseOf(series), series.breakdownValue];
  if (!values || (!series.customName && base.endsWith(values.join(BETWEEN)))) return readable(base);
  const value = readable(values.join(BETWEEN));
  return isShared || !base ? value : `${readable(base)}: ${value}`;
}

function baseOf({ customName, label }: Series): string {
  return customName ?? label ?? "";
}

function readable(label: string): string {
  const parts = label.replaceAll(NULL_VALUE, "(no value)").replaceAll(OTHER_VALUES, "(other values)").split(BETWEEN);
  return parts.filter((part, index) => part !== "(other values)" || part !== parts[index - 1]).join(" · ");
}
