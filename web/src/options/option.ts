import type { BarSeriesOption, LineSeriesOption, MapSeriesOption, PieSeriesOption } from "echarts/charts";
import type { GridComponentOption, TooltipComponentOption, VisualMapComponentOption } from "echarts/components";
import type { ComposeOption } from "echarts/core";

export type Option = ComposeOption<
  | BarSeriesOption
  | LineSeriesOption
  | MapSeriesOption
  | PieSeriesOption
  | GridComponentOption
  | TooltipComponentOption
  | VisualMapComponentOption
>;

export type TipRow = { colour: string; name: string; figure: string; isPrevious: boolean };

/** Makes the element of a tooltip, which says how many rows more there are. Names are users' texts, so they never become markup. */
export type Tip = (title: string, rows: readonly TipRow[], more?: number) => HTMLElement;
