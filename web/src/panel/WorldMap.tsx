import { MapChart } from "echarts/charts";
import { TooltipComponent, VisualMapComponent } from "echarts/components";
import { registerMap, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { geoNaturalEarth1 } from "d3-geo";
import { useMemo } from "react";
import { mapOption, placeCountries, WORLD } from "../options/map.ts";
import type { Chart } from "../trends/chart.ts";
import type { Look } from "../trends/palette.ts";
import { Canvas } from "./Canvas.tsx";
import { describe } from "./describe.ts";
import Drawing from "./Drawing.tsx";
import { tip } from "./tip.ts";
import { shapes, world } from "./world.ts";

use([MapChart, TooltipComponent, VisualMapComponent, SVGRenderer]);
registerMap(WORLD, world);

const natural = geoNaturalEarth1();
const projection = {
  // Cuts shapes at the map's edge; without it those that cross the date line would span the map.
  stream: natural.stream,
  project: ([x = 0, y = 0]: number[]): number[] => natural([x, y]) ?? [0, 0],
  unproject: ([x = 0, y = 0]: number[]): number[] => natural.invert?.([x, y]) ?? [0, 0],
};

/** Totals by country; bars where no value is a country. */
export default function WorldMap({ chart, look }: { chart: Chart; look: Look }) {
  const { placed, rest } = useMemo(() => placeCountries(chart.lines, shapes), [chart]);
  const option = useMemo(() => mapOption(chart, look, tip, shapes, projection), [chart, look]);
  if (!placed.length) {
    return (
      <>
        <p className="trend-hint">
          None of the values is a country: a map needs a breakdown by ISO codes or by English names.
        </p>
        <Drawing chart={chart} look={look} />
      </>
    );
  }
  return (
    <>
      <Canvas option={option} label={describe(chart)} />
      {rest.length > 0 && <p className="trend-hint">Not on the map: {rest.join(", ")}.</p>}
    </>
  );
}
