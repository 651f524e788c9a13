import { type Field, readField } from "./document.ts";
import { type FoundTrend, isRecord } from "./find.ts";
import { readText, readTexts } from "./series.ts";

/** What is probably wrong with a query, in the gateway's words. */
export type Warning = { message: string; path: string; suggestion: string | null };

export function readWarnings({ value, fields }: FoundTrend): Warning[] {
  const given = readField(value, fields, "warnings");
  const asked: Field | undefined = [...fields.values()].find((field) => field.name === "warnings");
  if (!asked || !Array.isArray(given)) return [];
  return given.filter(isRecord).map((one) => {
    const read = (name: string): unknown => readField(one, asked.fields, name);
    const message = readText(read("message")) ?? readText(read("code")) ?? "The query has a warning.";
    return { message, path: formatPath(readTexts(read("path")) ?? []), suggestion: readText(read("suggestion")) };
  });
}

/** A path as JavaScript writes it: query.events[0].event. */
export function formatPath(path: readonly (string | number)[]): string {
  return path.map((step, index) => (/^\d+$/.test(String(step)) ? `[${step}]` : `${index ? "." : ""}${step}`)).join("");
}
