import type { LineSeriesOption } from "echarts/charts";
import type { Chart, Line } from "../trends/chart.ts";
import type { Look } from "../trends/palette.ts";
import { overTime } from "./axes.ts";
import { lineColour } from "./base.ts";
import type { Option, Tip } from "./option.ts";

const MOST_MARKED = 31;

/** Lines, running totals and areas. Areas stand on each other; the earlier period of a comparison is dashed. */
export function linesOption(chart: Chart, look: Look, tip: Tip): Option {
  const isArea = chart.display === "ACTIONS_AREA_GRAPH";
  return {
    ...overTime(chart, look, tip, "line"),
    series: chart.lines.map((line) => drawLine(line, look, isArea)),
  };
}

function drawLine(line: Line, look: Look, isArea: boolean): LineSeriesOption {
  const colour = lineColour(line, look);
  return {
    type: "line",
    name: line.name,
    data: line.figures.map((figure, index) => ({
      value: figure ?? "-",
      symbol: isMarked(line.figures, index) ? "circle" : "none",
    })),
    symbolSize: 5,
    showAllSymbol: true,
    color: colour,
    lineStyle: { width: 2, type: line.isPrevious ? [6, 4] : "solid", cap: "round", join: "round" },
    emphasis: { focus: "none", scale: 1.5, lineStyle: { width: 2 } },
    z: line.isPrevious ? 2 : 3,
    ...(isArea && {
      stack: line.isPrevious ? "previous" : "current",
      areaStyle: { opacity: line.isPrevious ? 0.1 : 0.25 },
    }),
  };
}

// A figure between two gaps has no line that would show it.
function isMarked(figures: readonly (number | null)[], index: number): boolean {
  if (figures.length <= MOST_MARKED) return true;
  return (figures[index - 1] ?? null) === null && (figures[index + 1] ?? null) === null;
}
