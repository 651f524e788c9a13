import { BarChart, LineChart, PieChart } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import { use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { useMemo } from "react";
import { optionOf } from "../options/draw.ts";
import type { Chart } from "../trends/chart.ts";
import type { Look } from "../trends/palette.ts";
import { Canvas } from "./Canvas.tsx";
import { describe } from "./describe.ts";
import { tip } from "./tip.ts";

use([BarChart, LineChart, PieChart, GridComponent, TooltipComponent, SVGRenderer]);

const BAR_HEIGHT = 30;
const AXIS_HEIGHT = 48;

/** Every chart but the map. */
export default function Drawing({ chart, look }: { chart: Chart; look: Look }) {
  const option = useMemo(() => optionOf(chart, look, tip), [chart, look]);
  return <Canvas option={option} label={describe(chart)} height={heightOf(chart)} />;
}

// Lying bars keep their thickness however many there are.
function heightOf({ display, lines }: Chart): number | undefined {
  const isLying = display === "ACTIONS_BAR_VALUE" || display === "WORLD_MAP";
  return isLying ? Math.max(lines.length * BAR_HEIGHT + AXIS_HEIGHT, 140) : undefined;
}
