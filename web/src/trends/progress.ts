import { type Fields, Operation, readField, type Sent } from "./document.ts";
import { isRecord } from "./find.ts";

/** How far a running trend is; null for what was not asked for or is not known yet. */
export type Progress = {
  rowsRead: number | null;
  totalRows: number | null;
  bytesRead: number | null;
  elapsedMs: number | null;
};

/** The progress in a subscription's message; null where it tells nothing. */
export function readProgress(sent: Sent, data: unknown): Progress | null {
  const operation = Operation.read(sent);
  if (operation?.kind !== "subscription" || !isRecord(data)) return null;
  for (const field of operation.fields.values()) {
    const value = data[field.key];
    if (field.name === "trend" && isRecord(value)) return progressOf(value, field.fields);
  }
  return null;
}

/** From 0 to 1; null where the number of all rows is unknown. */
export function fractionOf({ rowsRead, totalRows }: Progress): number | null {
  if (rowsRead === null || !totalRows) return null;
  return Math.min(rowsRead / totalRows, 1);
}

function progressOf(value: Record<string, unknown>, fields: Fields): Progress | null {
  const read = (name: string): number | null => {
    // 64-bit numbers may come as texts.
    const given = readField(value, fields, name);
    const number = typeof given === "string" ? Number(given) : given;
    return typeof number === "number" && Number.isFinite(number) ? number : null;
  };
  const progress = {
    rowsRead: read("rowsRead"),
    totalRows: read("totalRows"),
    bytesRead: read("bytesRead"),
    elapsedMs: read("elapsedMs"),
  };
  return Object.values(progress).some((number) => number !== null) ? progress : null;
}
