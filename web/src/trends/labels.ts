import type { Series } from "./series.ts";

// What the API answers for events without a value, and for the values beyond the limit.
const NULL_VALUE = "$$_posthog_breakdown_null_$$";
const OTHER_VALUES = "$$_posthog_breakdown_other_$$";

/** What a series is called: the client's own name, with the value of its breakdown. */
export function nameSeries(series: Series, position: number): string {
  const label = readable(series.label ?? series.breakdownValue?.join(", ") ?? "");
  const own = series.customName ?? "";
  if (own && series.breakdownValue && label) return `${own}: ${label}`;
  return own || label || `Series ${position + 1}`;
}

/** The values of a breakdown in words: combinations of several may hold the API's own texts too. */
function readable(label: string): string {
  return label.replaceAll(NULL_VALUE, "(no value)").replaceAll(OTHER_VALUES, "(other values)");
}

/** Whether the series adds up what has no series of its own. */
export function isOthers(series: Series): boolean {
  return (series.label ?? series.breakdownValue?.[0]) === OTHER_VALUES;
}
