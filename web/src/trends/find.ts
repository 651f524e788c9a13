import { asksFor, type Field, type Fields, Operation, readField, type Sent } from "./document.ts";

/** A trend in an answer, with what the document says about it. */
export type FoundTrend = {
  /** Names of the objects around it, and its alias. */
  title: string;
  value: Record<string, unknown>;
  fields: Fields;
  /** The TrendQueryInput behind it; null where neither the document nor the answer tells. */
  query: Record<string, unknown> | null;
};

type Place = { names: readonly string[]; query: Record<string, unknown> | null };

/** All trends of an answer's data, in its order; titles are unique. */
export function findTrends(sent: Sent, data: unknown): FoundTrend[] {
  const operation = Operation.read(sent);
  if (!operation || !isRecord(data)) return [];
  const found: FoundTrend[] = [];
  walk(data, operation.fields, { names: [], query: null }, operation, found);
  return withUniqueTitles(found);
}

/** Whether the document asks for a trend at all. */
export function asksForTrend(sent: Sent): boolean {
  const has = (fields: Fields): boolean =>
    [...fields.values()].some((field) => field.name === "trend" || has(field.fields));
  const operation = Operation.read(sent);
  return operation !== null && has(operation.fields);
}

function walk(
  object: Record<string, unknown>,
  fields: Fields,
  place: Place,
  operation: Operation,
  found: FoundTrend[],
): void {
  const name = readField(object, fields, "name");
  const names = typeof name === "string" && name ? [...place.names, name] : place.names;
  for (const field of fields.values()) {
    if (!field.fields.size) continue;
    const query = queryOf(object, fields, field, operation) ?? place.query;
    for (const child of [object[field.key]].flat(2)) {
      if (!isRecord(child)) continue;
      if (isTrend(field, fields))
        found.push({ title: titleOf(names, field), value: child, fields: field.fields, query });
      else walk(child, field.fields, { names, query }, operation, found);
    }
  }
}

// A subscription's field `trend` answers progress, and the trend as its `result`.
function isTrend(field: Field, siblings: Fields): boolean {
  if (field.name === "trend") return !isProgress(field.fields);
  return field.name === "result" && isProgress(siblings);
}

function isProgress(fields: Fields): boolean {
  return ["result", "rowsRead", "totalRows", "elapsedMs"].some((name) => asksFor(fields, name));
}

// A project's trend has its query as an argument, an insight's stands beside it.
function queryOf(
  object: Record<string, unknown>,
  fields: Fields,
  field: Field,
  operation: Operation,
): Record<string, unknown> | null {
  if (field.name !== "trend") return null;
  const given = operation.argument(field, "query") ?? readField(object, fields, "query");
  return isRecord(given) ? given : null;
}

function titleOf(names: readonly string[], field: Field): string {
  const alias = field.key === field.name ? [] : [field.key];
  return [...names, ...alias].join(" · ") || "Trend";
}

function withUniqueTitles(found: readonly FoundTrend[]): FoundTrend[] {
  const seen = new Map<string, number>();
  return found.map((trend) => {
    const count = (seen.get(trend.title) ?? 0) + 1;
    seen.set(trend.title, count);
    return count === 1 ? trend : { ...trend, title: `${trend.title} (${count})` };
  });
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
