/** The values of the schema's enum TrendDisplay, and what a chart needs of each. */
export type Display =
  | "ACTIONS_LINE_GRAPH"
  | "ACTIONS_LINE_GRAPH_CUMULATIVE"
  | "ACTIONS_AREA_GRAPH"
  | "ACTIONS_BAR"
  | "ACTIONS_UNSTACKED_BAR"
  | "ACTIONS_BAR_VALUE"
  | "ACTIONS_PIE"
  | "ACTIONS_TABLE"
  | "WORLD_MAP"
  | "BOLD_NUMBER";

type Kind = {
  /** What people call it. */
  name: string;
  /** One total for each series instead of a figure for each bucket. */
  isTotal: boolean;
};

const KINDS: Record<Display, Kind> = {
  ACTIONS_LINE_GRAPH: { name: "Line chart", isTotal: false },
  ACTIONS_LINE_GRAPH_CUMULATIVE: { name: "Cumulative line chart", isTotal: false },
  ACTIONS_AREA_GRAPH: { name: "Area chart", isTotal: false },
  ACTIONS_BAR: { name: "Stacked bar chart", isTotal: false },
  ACTIONS_UNSTACKED_BAR: { name: "Bar chart", isTotal: false },
  ACTIONS_BAR_VALUE: { name: "Bar chart of totals", isTotal: true },
  ACTIONS_PIE: { name: "Pie chart", isTotal: true },
  ACTIONS_TABLE: { name: "Table", isTotal: true },
  WORLD_MAP: { name: "World map", isTotal: true },
  BOLD_NUMBER: { name: "Number", isTotal: true },
};

export const DISPLAYS = Object.keys(KINDS) as Display[];

/** What a query without a display gets. */
export const DEFAULT_DISPLAY: Display = "ACTIONS_LINE_GRAPH";

export function isDisplay(value: unknown): value is Display {
  return typeof value === "string" && Object.hasOwn(KINDS, value);
}

export function isTotal(display: Display): boolean {
  return KINDS[display].isTotal;
}

export function nameOf(display: Display): string {
  return KINDS[display].name;
}
