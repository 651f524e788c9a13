/** Colours that can be told apart with any type of colour vision (after Okabe and Ito), at least 3:1 against their page. */
const LIGHT = ["#0072b2", "#c9640a", "#008b66", "#b1548a", "#8a7400", "#2a94d6", "#6b4fc4", "#a3372f"];
const DARK = ["#56b4e9", "#f0a13c", "#35c79c", "#e58fc0", "#e8d94f", "#8fb4ff", "#b9a2ff", "#ff8f80"];

/** What a chart takes from the page's theme. */
export type Look = {
  isDark: boolean;
  /** Behind the chart. */
  page: string;
  text: string;
  quiet: string;
  rule: string;
  /** Of the series that adds up the other values, and of countries without a figure. */
  grey: string;
  /** From the least to the greatest figure of a map. */
  scale: readonly string[];
  font: string;
};

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif';

export function lookOf(isDark: boolean): Look {
  if (isDark) {
    return {
      isDark,
      page: "#212a3b",
      text: "#e6e9f0",
      quiet: "#a4adbf",
      rule: "#364056",
      grey: "#7d879b",
      scale: ["#24506f", "#3f86b5", "#56b4e9", "#b9e3ff"],
      font: FONT,
    };
  }
  return {
    isDark,
    page: "#ffffff",
    text: "#2b3342",
    quiet: "#5f6b80",
    rule: "#e4e8ef",
    grey: "#8a93a3",
    scale: ["#cfe6f5", "#7cbbe0", "#2a8bc4", "#00507f"],
    font: FONT,
  };
}

/** The colour of a series: by its place, so that it keeps it; after eight, the same again in another shade. */
export function colourOf(place: number | null, look: Look): string {
  if (place === null) return look.grey;
  const colours = look.isDark ? DARK : LIGHT;
  const colour = colours[place % colours.length] ?? look.grey;
  const round = Math.floor(place / colours.length) % 3;
  return round === 0 ? colour : mix(colour, look.text, round === 1 ? 0.35 : 0.6);
}

/** The same colour, nearer to the page behind it. */
export function pale(colour: string, look: Look): string {
  return mix(colour, look.page, 0.5);
}

function mix(first: string, second: string, share: number): string {
  const [one, other] = [channels(first), channels(second)];
  const mixed = one.map((channel, index) => Math.round(channel + ((other[index] ?? channel) - channel) * share));
  return `#${mixed.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}

function channels(colour: string): number[] {
  return [1, 3, 5].map((start) => Number.parseInt(colour.slice(start, start + 2), 16));
}
