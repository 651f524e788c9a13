import assert from "node:assert/strict";
import { test } from "node:test";
import { optionOf } from "../src/options/draw.ts";
import { placeCountries } from "../src/options/map.ts";
import type { TipRow } from "../src/options/option.ts";
import type { Chart, Line } from "../src/trends/chart.ts";
import { colourOf, lookOf } from "../src/trends/palette.ts";

const LOOK = lookOf(false);

type Drawn = {
  name?: string;
  type: string;
  stack?: string;
  color?: string;
  data: unknown[];
  lineStyle?: { type: unknown };
};

function line(name: string, change: Partial<Line> = {}): Line {
  return { name, isPrevious: false, colour: 0, figures: [], total: null, buckets: [], value: name, ...change };
}

function chart(display: Chart["display"], lines: Line[]): Chart {
  return {
    title: "T",
    asked: display,
    display,
    measure: "Total",
    isSummable: true,
    facts: [],
    buckets: ["a", "b", "c"],
    lines,
    hint: null,
    warnings: [],
  };
}

/** The option as data, and what its tooltip says over the bucket or row of this index. */
function draw(drawn: Chart, index = 0): { series: Drawn[]; tip: { title: string; rows: readonly TipRow[] } } {
  let said: { title: string; rows: readonly TipRow[] } = { title: "", rows: [] };
  const option = optionOf(drawn, LOOK, (title, rows) => {
    said = { title, rows };
    return null as unknown as HTMLElement;
  }) as unknown as { series: Drawn[]; tooltip: { formatter(hovered: unknown): void } };
  if (drawn.display !== "ACTIONS_PIE") option.tooltip.formatter([{ dataIndex: index }]);
  return { series: option.series, tip: said };
}

test("a null is a gap, and a figure between gaps is marked", () => {
  const figures = [...Array<null>(40).fill(null)] as (number | null)[];
  figures[5] = 7;
  const { series } = draw(chart("ACTIONS_LINE_GRAPH", [line("a", { figures })]));
  figures[20] = figures[21] = 8;
  const [drawn] = draw(chart("ACTIONS_LINE_GRAPH", [line("a", { figures })])).series;
  assert.deepEqual(drawn?.data.slice(20, 22), [
    { value: 8, symbol: "none" },
    { value: 8, symbol: "none" },
  ]);
  assert.equal((series[0]?.data[4] as { value: unknown }).value, "-");
  assert.deepEqual(series[0]?.data[5], { value: 7, symbol: "circle" });
});

test("lines of the earlier period are dashed and a paler shade of the same colour", () => {
  const { series, tip } = draw(
    chart("ACTIONS_LINE_GRAPH", [
      line("x", { figures: [1, 2, 3] }),
      line("x", { figures: [4, null, 6], isPrevious: true, buckets: ["A", "B", "C"] }),
    ]),
    1,
  );
  assert.equal(series[0]?.lineStyle?.type, "solid");
  assert.deepEqual(series[1]?.lineStyle?.type, [6, 4]);
  assert.notEqual(series[0]?.color, series[1]?.color);
  assert.equal(tip.title, "b");
  assert.deepEqual(
    tip.rows.map((row) => [row.name, row.figure]),
    [
      ["x", "2"],
      ["x (B)", "–"],
    ],
  );
});

test("a tooltip goes from the greatest value to the least, with decimals that align", () => {
  const lines = [line("x", { figures: [1] }), line("y", { figures: [2.5], colour: 1 }), line("z", { figures: [null] })];
  const { rows } = draw(chart("ACTIONS_LINE_GRAPH", lines)).tip;
  assert.deepEqual(
    rows.map((row) => [row.name, row.figure]),
    [
      ["y", "2.50"],
      ["x", "1.00"],
      ["z", "–"],
    ],
  );
});

test("the tooltip of a stack always has the other values and the sum", () => {
  const lines = Array.from({ length: 20 }, (_, place) => line(`s${place}`, { figures: [place + 1], colour: place }));
  lines.push(line("(other values)", { figures: [0], colour: null }));
  const namesOf = (drawn: Chart) => draw(drawn).tip.rows.map((row) => `${row.name} ${row.figure}`);
  const names = namesOf(chart("ACTIONS_AREA_GRAPH", lines));
  assert.deepEqual(names.slice(0, 2), ["s19 20", "s18 19"]);
  assert.deepEqual(names.slice(-2), ["(other values) 0", "Sum 210"]);
  assert.equal(names.length, 14);
  assert.ok(!namesOf({ ...chart("ACTIONS_BAR", lines), isSummable: false }).includes("Sum 210"));
});

test("areas and bars stack within a period, unstacked bars do not", () => {
  const lines = [
    line("x", { figures: [1] }),
    line("y", { figures: [1], colour: 1 }),
    line("x", { figures: [1], isPrevious: true }),
  ];
  const stacks = (display: Chart["display"]) => draw(chart(display, lines)).series.map((one) => one.stack);
  assert.deepEqual(stacks("ACTIONS_AREA_GRAPH"), ["current", "current", "previous"]);
  assert.deepEqual(stacks("ACTIONS_BAR"), ["current", "current", "previous"]);
  assert.deepEqual(stacks("ACTIONS_UNSTACKED_BAR"), [undefined, undefined, undefined]);
  assert.deepEqual(stacks("ACTIONS_LINE_GRAPH"), [undefined, undefined, undefined]);
});

test("totals lie below each other, the earlier period beside its counterpart", () => {
  const { series, tip } = draw(
    chart("ACTIONS_BAR_VALUE", [
      line("x", { total: 10 }),
      line("y", { total: 5, colour: 1 }),
      line("y", { total: 4, colour: 1, isPrevious: true }),
    ]),
    1,
  );
  const values = series.map((one) => one.data.map((bar) => (bar as { value: unknown }).value));
  assert.deepEqual(values, [
    [10, 5],
    ["-", 4],
  ]);
  assert.deepEqual(
    tip.rows.map((row) => [row.name, row.figure]),
    [
      ["Total", "5"],
      ["Previous period", "4"],
    ],
  );
});

test("a pie leaves out what has no share, and draws the earlier period as a second ring", () => {
  const { series } = draw(
    chart("ACTIONS_PIE", [
      line("x", { total: 10 }),
      line("y", { total: 0 }),
      line("z", { total: -1 }),
      line("x", { total: 8, isPrevious: true }),
    ]),
  );
  assert.deepEqual(
    series.map((ring) => ring.data.map((slice) => (slice as { name: string }).name)),
    [["x"], ["x"]],
  );
});

test("countries are found by codes and names; the rest is named", () => {
  const shapes = [
    { id: "840", name: "United States of America" },
    { id: "276", name: "Germany" },
    { id: "Kosovo", name: "Kosovo" },
    { id: "384", name: "Côte d'Ivoire" },
  ];
  const lines = ["US", "deu", "Kosovo", "Cote d'Ivoire", "SG", "Atlantis"].map((value) => line(value));
  const { placed, rest } = placeCountries([...lines, line("US", { isPrevious: true })], shapes);
  assert.deepEqual(
    placed.map((place) => place.id),
    ["840", "276", "Kosovo", "384"],
  );
  assert.deepEqual(rest, ["SG", "Atlantis"]);
});

test("every colour stands out from its page, and the first 24 differ", () => {
  for (const look of [lookOf(false), lookOf(true)]) {
    const colours = Array.from({ length: 24 }, (_, place) => colourOf(place, look));
    assert.equal(new Set(colours).size, colours.length);
    for (const colour of [...colours, look.grey]) {
      assert.ok(contrast(colour, look.page) >= 3, `${colour} on ${look.page}: ${contrast(colour, look.page)}`);
    }
  }
});

function contrast(first: string, second: string): number {
  const [light = 0, dark = 0] = [luminance(first), luminance(second)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((start) => Number.parseInt(colour.slice(start, start + 2), 16) / 255)
    .map((channel) => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
