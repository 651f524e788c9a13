import type { Series } from "./series.ts";

// What the API answers for events without a value, and for the values beyond the limit.
const NULL_VALUE = "$$_posthog_breakdown_null_$$";
const OTHER_VALUES = "$$_posthog_breakdown_other_$$";
// How the API joins the values of several breakdowns in a label.
const BETWEEN = "::";

/** What the series of a trend are called: the client's own names, the labels, and the values of breakdowns. */
export function nameAll(series: readonly Series[]): string[] {
  const isShared = new Set(series.map(baseOf)).size === 1;
  return series.map((one, position) => nameOne(one, isShared) || `Series ${position + 1}`);
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
