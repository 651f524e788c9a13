import type { BarSeriesOption } from "echarts/charts";
import type { Chart, Line } from "../trends/chart.ts";
import { columnFormat } from "../trends/figures.ts";
import { type Pair, pairUp } from "../trends/pairs.ts";
import type { Look } from "../trends/palette.ts";
import { overTime, valueAxis } from "./axes.ts";
import { baseOption, lineColour, tipRow } from "./base.ts";
import type { Option, Tip } from "./option.ts";

/** A bar per bucket: stacked, or side by side. */
export function barsOption(chart: Chart, look: Look, tip: Tip): Option {
  const isStacked = chart.display === "ACTIONS_BAR";
  const series = chart.lines.map((line): BarSeriesOption => ({
    type: "bar",
    name: line.name,
    data: line.figures.map((figure) => figure ?? "-"),
    color: lineColour(line, look),
    barMaxWidth: 48,
    barGap: "8%",
    itemStyle: { borderRadius: isStacked ? 0 : [2, 2, 0, 0], ...(line.isPrevious && dashed(line, look)) },
    ...(isStacked && { stack: line.isPrevious ? "previous" : "current" }),
  }));
  return { ...overTime(chart, look, tip, "shadow"), series };
}

/** A bar per series, lying, with its total; an earlier period lies below its counterpart. */
export function totalsOption(chart: Chart, look: Look, tip: Tip): Option {
  const rows = pairUp(chart.lines);
  const isCompared = chart.lines.some((line) => line.isPrevious);
  const periods: (keyof Pair)[] = isCompared ? ["current", "previous"] : ["current"];
  const base = baseOption(look);
  const format = columnFormat(chart.lines.map((line) => line.total));
  return {
    ...base,
    grid: { left: 8, right: 64, top: 8, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    xAxis: { type: "value", ...valueAxis(look) },
    yAxis: {
      type: "category",
      inverse: true,
      data: rows.map((row) => (row.current ?? row.previous)?.name ?? ""),
      axisLine: { lineStyle: { color: look.rule } },
      axisTick: { show: false },
      axisLabel: { color: look.text, fontSize: 12, width: 150, overflow: "truncate", interval: 0 },
    },
    tooltip: {
      ...base.tooltip,
      trigger: "axis",
      axisPointer: { type: "shadow", shadowStyle: { color: look.quiet, opacity: 0.1 } },
      formatter: (hovered: unknown) => {
        const row = rows[(hovered as { dataIndex: number }[])[0]?.dataIndex ?? 0];
        const lines = [row?.current, row?.previous].filter((line) => line !== undefined);
        const names = lines.map((line) => (line.isPrevious ? "Previous period" : (chart.measure ?? "Value")));
        return tip(
          lines[0]?.name ?? "",
          lines.map((line, index) => tipRow(line, format(line.total), look, names[index])),
        );
      },
    },
    series: periods.map((period): BarSeriesOption => ({
      type: "bar",
      name: period,
      barMaxWidth: 26,
      barGap: "10%",
      label: {
        show: true,
        position: "right",
        color: look.quiet,
        fontSize: 11,
        formatter: ({ value }) => (typeof value === "number" ? format(value) : ""),
      },
      data: rows.map(({ [period]: line }) =>
        line ? { value: line.total ?? "-", itemStyle: barStyle(line, look) } : { value: "-" },
      ),
    })),
  };
}

function barStyle(line: Line, look: Look): object {
  return { color: lineColour(line, look), borderRadius: [0, 3, 3, 0], ...(line.isPrevious && dashed(line, look)) };
}

function dashed(line: Line, look: Look): object {
  return { borderColor: lineColour({ ...line, isPrevious: false }, look), borderType: "dashed", borderWidth: 1 };
}
