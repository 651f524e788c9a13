import type { Line } from "../trends/chart.ts";
import { colourOf, type Look, pale } from "../trends/palette.ts";
import type { Option, TipRow } from "./option.ts";

/** What every chart shares: the font, no animation to wait for, and a tooltip that looks like the page's. */
export function baseOption(look: Look): Option {
  return {
    animationDuration: 250,
    animationDurationUpdate: 200,
    textStyle: { fontFamily: look.font, color: look.text },
    tooltip: {
      confine: true,
      backgroundColor: look.page,
      borderColor: look.rule,
      borderWidth: 1,
      padding: 0,
      textStyle: { color: look.text, fontFamily: look.font, fontSize: 12 },
    },
  };
}

export function lineColour(line: Line, look: Look): string {
  const colour = colourOf(line.colour, look);
  return line.isPrevious ? pale(colour, look) : colour;
}

export function tipRow(line: Line, figure: string, look: Look, name = line.name): TipRow {
  return { colour: lineColour(line, look), name, figure, isPrevious: line.isPrevious };
}
