import type { Chart, Line } from "../trends/chart.ts";
import { formatShort } from "../trends/figures.ts";
import type { Look } from "../trends/palette.ts";
import { baseOption, tipRow } from "./base.ts";
import type { Option, Tip } from "./option.ts";

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
      axisLabel: { color: look.quiet, hideOverlap: true, margin: 10, fontSize: 11 },
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
        return tip(
          chart.buckets[index] ?? "",
          chart.lines.map((line) => rowAt(line, index, look)),
        );
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

// The earlier period has its own dates at the same place of the axis.
function rowAt(line: Line, index: number, look: Look): ReturnType<typeof tipRow> {
  const when = line.isPrevious ? (line.buckets[index] ?? "previous") : null;
  return tipRow(line, line.figures[index] ?? null, look, when ? `${line.name} (${when})` : line.name);
}
