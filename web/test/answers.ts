import assert from "node:assert/strict";
import { type Chart, chartOf } from "../src/trends/chart.ts";
import { findTrends } from "../src/trends/find.ts";

/** The charts of an answer `{ project: { trend } }` to a query with this TrendQueryInput, written as GraphQL. */
export function chartsOf(input: string, selection: string, trend: Record<string, unknown>): Chart[] {
  const query = `{ project(id: "1") { name trend(query: {${input}}) { ${selection} } } }`;
  return findTrends({ query }, { project: { name: "Shop", trend } }).map(chartOf);
}

export function chartFor(input: string, selection: string, trend: Record<string, unknown>): Chart {
  const [chart, ...others] = chartsOf(input, selection, trend);
  assert.ok(chart);
  assert.equal(others.length, 0);
  return chart;
}
