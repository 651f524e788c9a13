import type { Chart } from "../trends/chart.ts";
import type { Look } from "../trends/palette.ts";
import { barsOption, totalsOption } from "./bars.ts";
import { linesOption } from "./lines.ts";
import type { Option, Tip } from "./option.ts";
import { pieOption } from "./pie.ts";

/** The option of every chart but the map, which needs its shapes. */
export function optionOf(chart: Chart, look: Look, tip: Tip): Option {
  switch (chart.display) {
    case "ACTIONS_BAR":
    case "ACTIONS_UNSTACKED_BAR":
      return barsOption(chart, look, tip);
    case "ACTIONS_PIE":
      return pieOption(chart, look, tip);
    case "ACTIONS_BAR_VALUE":
    case "WORLD_MAP":
    case "ACTIONS_TABLE":
    case "BOLD_NUMBER":
      return totalsOption(chart, look, tip);
    default:
      return linesOption(chart, look, tip);
  }
}
