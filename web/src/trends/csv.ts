import type { Table } from "./table.ts";

/** A table as CSV (RFC 4180) that is safe to open in a spreadsheet: figures in full, no text that is a formula. */
export function toCsv({ corner, rows, columns }: Table): string {
  const lines = [
    [corner, ...columns.map((column) => column.title)].map(textCell),
    ...rows.map(({ name }, row) => [
      textCell(name),
      ...columns.map(({ figures, texts }) => (figures ? String(figures[row] ?? "") : textCell(texts[row] ?? ""))),
    ]),
  ];
  return lines.map((line) => `${line.join(",")}\r\n`).join("");
}

function textCell(text: string): string {
  // A sign before digits is a number, such as a change in per cent, and no formula.
  const isFormula = /^[=+\-@\t\r]/.test(text) && !/^[+-][\d.,]+%?$/.test(text);
  const safe = isFormula ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
