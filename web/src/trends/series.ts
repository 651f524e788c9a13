import { type Fields, readField } from "./document.ts";
import { isRecord } from "./find.ts";

/** One series of an answer; what the client did not ask for is null. */
export type Series = {
  label: string | null;
  customName: string | null;
  order: number | null;
  formula: string | null;
  data: (number | null)[] | null;
  days: string[] | null;
  labels: string[] | null;
  count: number | null;
  aggregatedValue: number | null;
  breakdownValue: string[] | null;
  compareLabel: string | null;
};

export function readSeries(value: unknown, fields: Fields): Series[] {
  return Array.isArray(value) ? value.filter(isRecord).map((object) => readOne(object, fields)) : [];
}

export function readTexts(value: unknown): string[] | null {
  return Array.isArray(value) ? value.map(String) : null;
}

export function readText(value: unknown): string | null {
  return typeof value === "string" && value ? value : null;
}

function readOne(object: Record<string, unknown>, fields: Fields): Series {
  const read = (name: string): unknown => readField(object, fields, name);
  const data = read("data");
  return {
    label: readText(read("label")),
    customName: readText(read("customName")),
    order: readNumber(read("order")),
    formula: readText(read("formula")),
    data: Array.isArray(data) ? data.map(readNumber) : null,
    days: readTexts(read("days")),
    labels: readTexts(read("labels")),
    count: readNumber(read("count")),
    aggregatedValue: readNumber(read("aggregatedValue")),
    breakdownValue: readTexts(read("breakdownValue")),
    compareLabel: readText(read("compareLabel")),
  };
}

function readNumber(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
