import assert from "node:assert/strict";
import { test } from "node:test";
import { tableOf } from "../src/trends/table.ts";
import { chartFor } from "./answers.ts";

function rowsOf(input: string, trend: Record<string, unknown>): string[][] {
  const selection = "labels series { label compareLabel labels data aggregatedValue }";
  const { corner, rows, columns } = tableOf(chartFor(input, selection, trend));
  return [
    [corner, ...columns.map((column) => column.title)],
    ...rows.map(({ name }, row) => [name, ...columns.map((column) => column.texts[row] ?? "")]),
  ];
}

test("a table of totals says what is measured, and aligns the decimals", () => {
  const input = 'events: [{ event: "paid", math: AVG, mathProperty: "price" }], display: ACTIONS_TABLE';
  const series = [
    { label: "a", aggregatedValue: 1234.5 },
    { label: "b", aggregatedValue: 2 },
  ];
  assert.deepEqual(rowsOf(input, { series }), [
    ["Series", "Average price"],
    ["a", "1,234.50"],
    ["b", "2.00"],
  ]);
});

test("a comparison has the change, for totals and for buckets", () => {
  const totals = [
    { label: "a", compareLabel: "CURRENT", aggregatedValue: 15 },
    { label: "b", compareLabel: "CURRENT", aggregatedValue: 2 },
    { label: "a", compareLabel: "PREVIOUS", aggregatedValue: 10 },
    { label: "b", compareLabel: "PREVIOUS", aggregatedValue: 0 },
  ];
  const query = 'events: [{ event: "paid" }], compare: true';
  assert.deepEqual(rowsOf(`${query}, display: ACTIONS_TABLE`, { series: totals }), [
    ["Series", "Total", "Previous period", "Change"],
    ["a", "15", "10", "+50%"],
    ["b", "2", "0", "–"],
  ]);
  const series = [
    { label: "a", compareLabel: "CURRENT", data: [1, 2] },
    { label: "a", compareLabel: "PREVIOUS", data: [2, null], labels: ["Sat", "Sun"] },
  ];
  assert.deepEqual(rowsOf(query, { labels: ["Mon", "Tue"], series }), [
    ["Date", "a", "Previous", "Change"],
    ["Mon", "1", "2", "−50%"],
    ["Tue", "2", "–", "–"],
  ]);
});
