import { isRecord } from "./find.ts";

const LONGEST = 32;
const MOST_NAMED = 3;

/** What a TrendQueryInput counts, in words: "flight departed by origin". */
export function subjectOf(query: Record<string, unknown>): string {
  const formulas = [query.formula, ...listOf(query.formulas).map((one) => one.formula)].filter((text) => text);
  const counted = formulas.length
    ? formulas
    : [...listOf(query.events).map(nameOfEvent), ...listOf(query.actions).map(nameOfAction)];
  const split = [...[query.breakdown ?? []].flat(), ...listOf(query.breakdowns).map((one) => one.property)];
  return [join(counted, ", "), join(split, " and ")].filter((text) => text).join(" by ");
}

function nameOfEvent(event: Record<string, unknown>): unknown {
  return event.customName ?? event.event ?? "all events";
}

function nameOfAction(action: Record<string, unknown>): unknown {
  return action.customName ?? `action ${action.actionId}`;
}

function join(parts: readonly unknown[], between: string): string {
  const texts = parts.slice(0, MOST_NAMED).map((part) => shorten(String(part)));
  return [...texts, ...(parts.length > MOST_NAMED ? ["…"] : [])].join(between);
}

// Breakdowns may be expressions of any length.
function shorten(text: string): string {
  return text.length > LONGEST ? "an expression" : text;
}

function listOf(value: unknown): Record<string, unknown>[] {
  return [value ?? []].flat().filter(isRecord);
}
