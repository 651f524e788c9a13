import assert from "node:assert/strict";
import { test } from "node:test";
import { chartOf } from "../src/trends/chart.ts";
import { asksForTrend, findTrends } from "../src/trends/find.ts";

const TREND = { labels: ["Mon", "Tue"], series: [{ label: "paid", data: [1, 2] }] };

test("the display comes from the argument, whatever the fields are called", () => {
  const query = `{
    project(id: "1") { name sales: trend(query: { display: ACTIONS_BAR }) { at: labels s: series { n: label d: data } } }
  }`;
  const data = { project: { name: "Shop", sales: { at: ["Mon", "Tue"], s: [{ n: "paid", d: [1, 2] }] } } };
  const [chart] = findTrends({ query }, data).map(chartOf);
  assert.equal(chart?.title, "Shop · sales");
  assert.equal(chart?.display, "ACTIONS_BAR");
  assert.deepEqual(chart?.buckets, ["Mon", "Tue"]);
  assert.deepEqual(chart?.lines[0]?.figures, [1, 2]);
  assert.equal(chart?.lines[0]?.name, "paid");
});

test("the display comes from a variable, from one within the input, and from a default", () => {
  const displayOf = (query: string, variables?: Record<string, unknown>) => {
    const trend = { series: [{ label: "paid", aggregatedValue: 3 }] };
    return findTrends({ query, variables }, { project: { trend } }).map(chartOf)[0]?.display;
  };
  const rest = "{ series { label aggregatedValue } } } }";
  const whole = `query Q($q: TrendQueryInput!) { project(id: "1") { trend(query: $q) ${rest}`;
  assert.equal(displayOf(whole, { q: { display: "ACTIONS_PIE" } }), "ACTIONS_PIE");
  const within = `query Q($d: TrendDisplay! = BOLD_NUMBER) { project(id: "1") { trend(query: { display: $d }) ${rest}`;
  assert.equal(displayOf(within), "BOLD_NUMBER");
  assert.equal(displayOf(within, { d: "WORLD_MAP" }), "WORLD_MAP");
});

test("the operation that was chosen counts, not its neighbour in the document", () => {
  const query = `
    query A { project(id: "1") { trend(query: { display: ACTIONS_AREA_GRAPH }) { labels series { label data } } } }
    query B { project(id: "1") { trend(query: { display: ACTIONS_BAR }) { labels series { label data } } } }`;
  const found = findTrends({ query, operationName: "A" }, { project: { trend: TREND } });
  assert.equal(found.map(chartOf)[0]?.display, "ACTIONS_AREA_GRAPH");
  assert.deepEqual(findTrends({ query }, { project: { trend: TREND } }), []);
});

test("fragments, lists and aliases give several trends with titles of their own", () => {
  const query = `
    query { projects(first: 2) { edges { node { name ...T } } } }
    fragment T on Project { trend(query: {}) { ...L } before: trend(query: { dateFrom: "-1m" }) { ...L } }
    fragment L on Trend { labels series { label data } }`;
  const node = (name: string) => ({ node: { name, trend: TREND, before: TREND } });
  const data = { projects: { edges: [node("Shop"), node("Shop")] } };
  const titles = findTrends({ query }, data).map((trend) => trend.title);
  assert.deepEqual(titles, ["Shop", "Shop · before", "Shop (2)", "Shop · before (2)"]);
});

test("an insight's display comes from the query beside its trend, and is missed where it was not asked for", () => {
  const ask = (fields: string, insight: object) =>
    findTrends({ query: `{ project(id: "1") { insight(id: "2") { name ${fields} } } }` }, { project: { insight } }).map(
      chartOf,
    )[0];
  const trend = { series: [{ label: "paid", aggregatedValue: 3 }] };
  const selection = "trend { series { label aggregatedValue } }";
  const known = ask(`query ${selection}`, { name: "Sales", query: { display: "ACTIONS_PIE" }, trend });
  assert.equal(known?.display, "ACTIONS_PIE");
  assert.equal(known?.hint, null);
  const guessed = ask(selection, { name: "Sales", trend });
  assert.equal(guessed?.display, "ACTIONS_BAR_VALUE");
  assert.match(guessed?.hint ?? "", /request query next to trend/);
});

test("a subscription's trend is its result", () => {
  const query = `subscription {
    trend(projectId: "1", query: { display: ACTIONS_BAR }) { rowsRead result { labels series { label data } } }
  }`;
  assert.deepEqual(findTrends({ query }, { trend: { rowsRead: 10, result: null } }), []);
  const [chart] = findTrends({ query }, { trend: { rowsRead: 10, result: TREND } }).map(chartOf);
  assert.equal(chart?.display, "ACTIONS_BAR");
  assert.deepEqual(chart?.lines[0]?.figures, [1, 2]);
});

test("null trends, other fields and unreadable documents give nothing", () => {
  const query = '{ project(id: "1") { name trend(query: {}) { series { label } } } }';
  assert.deepEqual(findTrends({ query }, { project: { name: "Shop", trend: null } }), []);
  assert.deepEqual(findTrends({ query }, null), []);
  assert.deepEqual(findTrends({ query: "{ project(" }, { project: { trend: TREND } }), []);
  assert.equal(asksForTrend({ query }), true);
  assert.equal(asksForTrend({ query: "{ viewer { keyLabel } }" }), false);
});

test("a fragment that spreads itself does not hang", () => {
  const query = "{ project(id: 1) { ...F } } fragment F on Project { name ...F }";
  assert.deepEqual(findTrends({ query }, { project: { name: "Shop" } }), []);
});
