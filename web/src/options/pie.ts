import type { PieSeriesOption } from "echarts/charts";
import type { Chart, Line } from "../trends/chart.ts";
import { formatFigure, formatShare } from "../trends/figures.ts";
import type { Look } from "../trends/palette.ts";
import { baseOption, lineColour } from "./base.ts";
import type { Option, Tip } from "./option.ts";

const LEAST_LABELLED = 0.03;
const NARROW = 380;

/** A ring of shares; with a comparison the earlier period is a second, paler ring within. */
export function pieOption(chart: Chart, look: Look, tip: Tip): Option {
  const current = chart.lines.filter((line) => !line.isPrevious);
  const previous = chart.lines.filter((line) => line.isPrevious);
  const base = baseOption(look);
  const rings = [ring(current, ["46%", "70%"], true, look)];
  if (previous.length) rings.push(ring(previous, ["26%", "42%"], false, look));
  return {
    ...base,
    tooltip: {
      ...base.tooltip,
      trigger: "item",
      formatter: (hovered: unknown) => {
        const { name, value, data, color, seriesName } = hovered as Slice;
        const figure = `${formatFigure(value)} (${formatShare(data.share)})`;
        return tip(seriesName, [{ colour: color, name, figure, isPrevious: seriesName !== CURRENT }]);
      },
    },
    series: rings,
    // Names beside a small ring would be cut; the legend has them.
    media: [
      { query: { maxWidth: NARROW }, option: { series: rings.map(() => labelled(false)) } },
      { option: { series: rings.map((_, index) => labelled(index === 0)) } },
    ],
  };
}

const CURRENT = "Share of the total";
const PREVIOUS = "Share of the previous period";

// The share is ours: that of ECharts is rounded already, so that all of them add up to 100.
type Slice = { name: string; value: number; data: { share: number }; color: string; seriesName: string };

function labelled(show: boolean): object {
  return { label: { show }, labelLine: { show } };
}

function ring(lines: readonly Line[], radius: [string, string], isLabelled: boolean, look: Look): PieSeriesOption {
  const slices = lines.filter((line) => line.total !== null && line.total > 0);
  const sum = slices.reduce((total, line) => total + (line.total ?? 0), 0);
  return {
    type: "pie",
    name: isLabelled ? CURRENT : PREVIOUS,
    radius,
    startAngle: 90,
    avoidLabelOverlap: true,
    itemStyle: { borderColor: look.page, borderWidth: 2, borderRadius: 3 },
    label: {
      color: look.text,
      fontSize: 12,
      lineHeight: 16,
      overflow: "break",
      formatter: ({ name, data }) => `${name}\n${formatShare((data as unknown as Slice["data"]).share)}`,
    },
    labelLine: { lineStyle: { color: look.quiet } },
    emphasis: { scaleSize: 4 },
    data: slices.map((line) => {
      const share = (line.total ?? 0) / sum;
      const show = isLabelled && share >= LEAST_LABELLED;
      return {
        name: line.name,
        value: line.total ?? 0,
        share,
        itemStyle: { color: lineColour(line, look) },
        ...(!show && { label: { show }, labelLine: { show } }),
      };
    }),
  };
}
