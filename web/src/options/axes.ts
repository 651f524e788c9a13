import type { Chart } from "../trends/chart.ts";
import { formatShort } from "../trends/figures.ts";
import type { Look } from "../trends/palette.ts";
import { baseOption } from "./base.ts";
import type { Option, Tip } from "./option.ts";
import { rowsAt } from "./tipRows.ts";

/** Axes, grid and tooltip of charts over time. */
export function overTime(chart: Chart, look: Look, tip: Tip, pointer: "line" | "shadow"): Option {
  const base = baseOption(look);
  return {
    ...base,
    grid: { left: 8, right: 16, top: 16, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    xAxis: {
      type: "category",
      data: [...chart.buckets],
      boundaryGap: pointer === "shadow",
      axisLine: { lineStyle: { color: look.rule } },
      axisTick: { show: false },
      axisLabel: {
        color: look.quiet,
        hideOverlap: true,
        margin: 10,
        fontSize: 11,
        // Within the chart, whose edge would cut a label that is centred on the last point.
        ...(pointer === "line" && { alignMaxLabel: "right" }),
      },
    },
    yAxis: { type: "value", ...valueAxis(look) },
    tooltip: {
      ...base.tooltip,
      trigger: "axis",
      axisPointer: {
        type: pointer,
        lineStyle: { color: look.quiet, type: "solid", width: 1 },
        shadowStyle: { color: look.quiet, opacity: 0.1 },
      },
      formatter: (hovered: unknown) => {
        const index = (hovered as { dataIndex: number }[])[0]?.dataIndex ?? 0;
        const { rows, more } = rowsAt(chart, index, look);
        return tip(chart.buckets[index] ?? "", rows, more);
      },
    },
  };
}

export function valueAxis(look: Look): object {
  return {
    axisLabel: { color: look.quiet, fontSize: 11, formatter: formatShort },
    splitLine: { lineStyle: { color: look.rule } },
    splitNumber: 4,
  };
}
