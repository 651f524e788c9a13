import type { MapSeriesOption } from "echarts/charts";
import type { Chart, Line } from "../trends/chart.ts";
import { countryId } from "../trends/countries.ts";
import { formatFigure, formatShort } from "../trends/figures.ts";
import type { Look } from "../trends/palette.ts";
import { baseOption } from "./base.ts";
import type { Option, Tip } from "./option.ts";

/** The name under which the countries' shapes are registered, and the property that identifies one. */
export const WORLD = "world";

/** How places are projected: a point of longitude and latitude to one of the plane, and back; and whole outlines. */
export type Projection = {
  project(point: number[]): number[];
  unproject(point: number[]): number[];
  stream: unknown;
};

export type Shape = { id: string; name: string };

type Placed = { id: string; line: Line };

/** The series of the current period that are countries of the map, and the names of those that are not. */
export function placeCountries(lines: readonly Line[], shapes: readonly Shape[]): { placed: Placed[]; rest: string[] } {
  const known = new Set(shapes.map((shape) => shape.id));
  const current = lines.filter((line) => !line.isPrevious);
  const places = current.map((line) => ({ id: line.value === null ? null : countryId(line.value), line }));
  return {
    placed: places.filter((place): place is Placed => place.id !== null && known.has(place.id)),
    rest: places.filter(({ id }) => id === null || !known.has(id)).map(({ line }) => line.name),
  };
}

export function mapOption(
  chart: Chart,
  look: Look,
  tip: Tip,
  shapes: readonly Shape[],
  projection: Projection,
): Option {
  const { placed } = placeCountries(chart.lines, shapes);
  const names = new Map(shapes.map((shape) => [shape.id, shape.name]));
  const totals = placed.map(({ line }) => line.total ?? 0);
  const [least, greatest] = [Math.min(0, ...totals), Math.max(...totals, 1)];
  const base = baseOption(look);
  const land = look.isDark ? "#364056" : "#e9edf3";
  return {
    ...base,
    tooltip: {
      ...base.tooltip,
      trigger: "item",
      formatter: (hovered: unknown) => {
        const { name, value, color } = hovered as { name: string; value: number; color: string };
        const place = names.get(name) ?? name;
        const measure = chart.measure ?? "Value";
        // No events are a count of zero, but have no average.
        const figure = Number.isNaN(value) ? (chart.isSummable ? 0 : null) : value;
        const colour = Number.isNaN(value) ? land : color;
        return tip(place, [{ colour, name: measure, figure: formatFigure(figure), isPrevious: false }]);
      },
    },
    visualMap: {
      type: "continuous",
      min: least,
      max: greatest,
      calculable: false,
      orient: "horizontal",
      left: "center",
      bottom: 0,
      itemWidth: 10,
      itemHeight: 160,
      text: [formatShort(greatest), formatShort(least)],
      textStyle: { color: look.quiet, fontSize: 11 },
      inRange: { color: [...look.scale] },
    },
    series: [
      {
        type: "map",
        map: WORLD,
        nameProperty: "id",
        projection: projection as MapSeriesOption["projection"],
        left: 4,
        right: 4,
        top: 4,
        bottom: 36,
        selectedMode: false,
        label: { show: false },
        itemStyle: { areaColor: land, borderColor: look.page, borderWidth: 0.6 },
        emphasis: {
          label: { show: false },
          itemStyle: { areaColor: undefined, borderColor: look.text, borderWidth: 1 },
        },
        data: placed.map(({ id, line }) => ({ name: id, value: line.total ?? Number.NaN })),
      },
    ],
  };
}
