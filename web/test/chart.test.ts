import assert from "node:assert/strict";
import { test } from "node:test";
import { DISPLAYS, isTotal } from "../src/trends/displays.ts";
import { chartFor } from "./answers.ts";

const TWO_DAYS = { labels: ["1-Feb", "2-Feb"] };

test("every display is drawn as itself where its figures are there", () => {
  for (const display of DISPLAYS) {
    const series = isTotal(display) ? { label: "paid", aggregatedValue: 3 } : { label: "paid", data: [1, 2] };
    const chart = chartFor(`display: ${display}`, "labels series { label data aggregatedValue }", {
      ...TWO_DAYS,
      series: [series],
    });
    assert.equal(chart.display, display);
    assert.equal(chart.hint, null, display);
  }
});

test("without a display a query has lines", () => {
  const chart = chartFor("", "labels series { label data }", {
    ...TWO_DAYS,
    series: [{ label: "paid", data: [1, 2] }],
  });
  assert.equal(chart.asked, "ACTIONS_LINE_GRAPH");
});

test("null figures stay gaps and are no part of the sum", () => {
  const chart = chartFor("", "labels series { label data }", {
    ...TWO_DAYS,
    series: [{ label: "paid", data: [null, 2] }],
  });
  assert.deepEqual(chart.lines[0]?.figures, [null, 2]);
  assert.equal(chart.lines[0]?.total, 2);
});

test("the earlier period shares its counterpart's colour, in any order of the answer", () => {
  const series = [
    { label: "EWR", compareLabel: "CURRENT", data: [1] },
    { label: "JFK", compareLabel: "CURRENT", data: [2] },
    { label: "JFK", compareLabel: "PREVIOUS", data: [3], labels: ["1-Jan"] },
    { label: "EWR", compareLabel: "PREVIOUS", data: [4], labels: ["1-Jan"] },
  ];
  const chart = chartFor("compare: true", "labels series { label compareLabel data labels }", {
    labels: ["1-Feb"],
    series,
  });
  assert.deepEqual(
    chart.lines.map((line) => line.colour),
    [0, 1, 1, 0],
  );
  assert.deepEqual(
    chart.lines.map((line) => line.isPrevious),
    [false, false, true, true],
  );
  assert.deepEqual(chart.lines[3]?.buckets, ["1-Jan"]);
});

test("a longer earlier period lengthens the axis", () => {
  const series = [
    { label: "paid", compareLabel: "CURRENT", data: [1] },
    { label: "paid", compareLabel: "PREVIOUS", data: [3, 4] },
  ];
  const chart = chartFor("compare: true", "labels series { label compareLabel data }", { labels: ["1-Feb"], series });
  assert.deepEqual(chart.buckets, ["1-Feb", "2"]);
});

test("the series of other values is grey and does not move the colours", () => {
  const other = "$$_posthog_breakdown_other_$$";
  const series = ["A", other, "B"].map((label) => ({ label, aggregatedValue: 1 }));
  const chart = chartFor("display: ACTIONS_PIE", "series { label aggregatedValue }", { series });
  assert.deepEqual(
    chart.lines.map((line) => line.colour),
    [0, null, 1],
  );
  assert.deepEqual(
    chart.lines.map((line) => line.name),
    ["A", "(other values)", "B"],
  );
});

test("names: own ones, values of formulas, combinations, and nothing at all", () => {
  const namesOf = (series: object[]) =>
    chartFor("", "labels series { label customName breakdownValue data }", { labels: [], series }).lines.map(
      (line) => line.name,
    );
  assert.deepEqual(namesOf([{ label: "paid", customName: "Sales" }]), ["Sales"]);
  assert.deepEqual(
    namesOf([
      { label: "Formula (A)", breakdownValue: ["EWR"] },
      { label: "Formula (A)", breakdownValue: ["JFK"] },
    ]),
    ["EWR", "JFK"],
  );
  assert.deepEqual(
    namesOf([
      { label: "Formula (A)", breakdownValue: ["EWR"] },
      { label: "Formula (B)", breakdownValue: ["EWR"] },
    ]),
    ["Formula (A): EWR", "Formula (B): EWR"],
  );
  assert.deepEqual(namesOf([{ label: "paid - EWR::UA", breakdownValue: ["EWR", "UA"] }]), ["paid - EWR · UA"]);
  assert.deepEqual(namesOf([{}, {}]), ["Series 1", "Series 2"]);
});

test("sums that mean nothing are not shown", () => {
  const totalOf = (input: string) =>
    chartFor(input, "labels series { label data count }", {
      ...TWO_DAYS,
      series: [{ label: "a", data: [1, 2], count: 3 }],
    }).lines[0]?.total;
  assert.equal(totalOf('events: [{ event: "a" }]'), 3);
  assert.equal(totalOf('events: [{ event: "a", math: SUM }]'), 3);
  assert.equal(totalOf('events: [{ event: "a", math: DAU }]'), null);
  assert.equal(totalOf('events: [{ event: "a", math: DAU }], display: ACTIONS_LINE_GRAPH_CUMULATIVE'), 3);
  assert.equal(totalOf('events: [{ event: "a" }], formula: "A / 2"'), null);
});

test("the chart says in words what was counted", () => {
  const input = 'events: [{ event: "paid" }, { event: null, customName: "All" }], breakdown: ["plan"], dateFrom: "-7d"';
  const chart = chartFor(input, "labels timezone series { label data }", { ...TWO_DAYS, timezone: "UTC", series: [] });
  assert.deepEqual(chart.facts, ["paid, All by plan", "since -7d", "UTC"]);
});

test("hints name in one sentence what is missing", () => {
  const hintOf = (input: string, selection: string, trend: Record<string, unknown>) =>
    chartFor(input, selection, trend).hint;
  assert.equal(
    hintOf("", "series { data }", { series: [{ data: [1] }] }),
    "For a complete chart, also request series { label } and labels.",
  );
  assert.equal(
    hintOf("display: ACTIONS_PIE", "labels series { label data }", { labels: [], series: [{ label: "a", data: [] }] }),
    "For a complete chart, also request series { aggregatedValue }.",
  );
  assert.equal(
    hintOf("compare: true", "days series { label data }", {
      days: ["2024-01-01"],
      series: [{ label: "a", data: [1] }],
    }),
    "For a complete chart, also request series { compareLabel }.",
  );
  assert.equal(
    hintOf('formula: "A", breakdown: ["x"]', "days series { label data }", {
      days: [],
      series: [{ label: "a", data: [1] }],
    }),
    "For a complete chart, also request series { breakdownValue }.",
  );
});

test("totals stand in for figures that were not asked for", () => {
  const chart = chartFor("", "series { label count }", { series: [{ label: "a", count: 5 }] });
  assert.equal(chart.display, "ACTIONS_BAR_VALUE");
  assert.equal(chart.lines[0]?.total, 5);
  assert.match(chart.hint ?? "", /series \{ data \}/);
});

test("series of the same name are told apart by what they measure, or by their letter", () => {
  const namesOf = (events: string, selection: string, series: object[], rest = "") =>
    chartFor(`events: [${events}] ${rest}`, `labels series { ${selection} data }`, { labels: [], series }).lines.map(
      (line) => line.name,
    );
  const twice = [{ label: "paid" }, { label: "paid" }];
  const maths = '{ event: "paid", math: DAU } { event: "paid", math: AVG, mathProperty: "price" }';
  assert.deepEqual(namesOf(maths, "label", twice), ["paid (unique people)", "paid (average price)"]);
  assert.deepEqual(namesOf('{ event: "paid" } { event: "paid" }', "label", twice), ["paid (A)", "paid (B)"]);
  const split = [0, 1].flatMap((order) =>
    ["EWR", "JFK"].map((value) => ({ label: `paid - ${value}`, order, breakdownValue: [value] })),
  );
  const expected = ["EWR (unique people)", "JFK (unique people)", "EWR (average price)", "JFK (average price)"];
  assert.deepEqual(namesOf(maths, "label order breakdownValue", split, 'breakdown: ["origin"]'), expected);
  assert.deepEqual(namesOf('{ event: "paid" }', "label", [{ label: "paid" }]), ["paid"]);
});

test("both periods of a comparison keep one name", () => {
  const series = ["CURRENT", "PREVIOUS"].map((compareLabel) => ({ label: "paid", compareLabel, data: [1] }));
  const chart = chartFor('events: [{ event: "paid" }], compare: true', "labels series { label compareLabel data }", {
    labels: [],
    series,
  });
  assert.deepEqual(
    chart.lines.map((line) => line.name),
    ["paid", "paid"],
  );
});

test("the chart says what its figures measure", () => {
  const ask = (input: string) => chartFor(input, "series { label aggregatedValue }", { series: [] });
  const average = ask('events: [{ event: "paid", math: AVG, mathProperty: "price" }], breakdown: ["plan"]');
  assert.equal(average.measure, "Average price");
  assert.equal(average.facts[0], "paid (average price) by plan");
  assert.equal(ask('events: [{ event: "paid" }]').measure, "Total");
  assert.equal(ask('events: [{ event: "paid" }, { event: "paid", math: DAU }]').measure, null);
  assert.equal(ask('events: [{ event: "paid", math: P90_COUNT_PER_ACTOR }]').measure, "P90 per person");
  assert.equal(ask('events: [{ event: "paid" }], formula: "A / 2"').measure, "A / 2");
  const long = ask('events: [{ event: "paid" }], breakdown: ["multiIf(properties.price > 10, 1, 2)"]');
  assert.equal(long.facts[0], "paid by multiIf(properties.price > 10,…");
});

test("the bins of a histogram go from the lowest to the highest", () => {
  const labels = ["[-43,181]", "[1077,1301.01]", "$$_posthog_breakdown_null_$$", "[181,405]"];
  const series = labels.map((label) => ({ label, breakdownValue: [label], aggregatedValue: 1 }));
  const chart = chartFor("display: ACTIONS_BAR_VALUE", "series { label breakdownValue aggregatedValue }", { series });
  assert.deepEqual(
    chart.lines.map((line) => line.name),
    ["[-43,181]", "[181,405]", "[1077,1301.01]", "(no value)"],
  );
});

test("warnings are read whatever the document calls their fields", () => {
  const warnings = [
    { text: "No event is named 'payd'.", path: ["query", "events", "0", "event"], suggestion: "paid" },
    { text: "There are more than 5 values.", path: ["query", "breakdownLimit"], suggestion: null },
  ];
  const chart = chartFor("", "series { label } notes: warnings { text: message path suggestion }", {
    series: [],
    notes: warnings,
  });
  assert.deepEqual(chart.warnings, [
    { message: "No event is named 'payd'.", path: "query.events[0].event", suggestion: "paid" },
    { message: "There are more than 5 values.", path: "query.breakdownLimit", suggestion: null },
  ]);
});
