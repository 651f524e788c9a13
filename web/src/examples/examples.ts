/** An operation to start from, for the demo project: every flight that left New York in 2013. */
export type Example = { id: string; title: string; about: string; query: string };

const YEAR = `dateFrom: "2013-01-01"
dateTo: "2013-12-31"`;
const SERIES_OVER_TIME = "series { label data count }";
const WARNINGS = "warnings { message path suggestion }";
const SERIES_OF_TOTALS = "series { label aggregatedValue }";

function example(id: string, title: string, about: string, asked: string, answered: string): Example {
  const name = title.replace(/[^A-Za-z ]/g, "").replace(/ (\w)/g, (_, letter: string) => letter.toUpperCase());
  const query = `${comment(about)}
query ${name} {
  project(id: "1") {
    name
    timezone
    trend(query: {
${indent(asked, 6)}
    }) {
${indent(answered, 6)}
    }
  }
}
`;
  return { id, title, about, query };
}

// Short lines: the editor is narrow beside a chart.
function comment(text: string): string {
  return text.replace(/(.{1,40})(?: |$)/g, "# $1\n").trimEnd();
}

function indent(text: string, by: number): string {
  return text.trim().replace(/^/gm, " ".repeat(by));
}

const MONTHS = example(
  "months",
  "Flights per month",
  "A line for each airport, month by month.",
  `events: [{ event: "flight departed" }]
breakdown: ["origin"]
interval: MONTH
${YEAR}`,
  `labels
${SERIES_OVER_TIME}
${WARNINGS}`,
);

const COMPARE = example(
  "compare",
  "February against January",
  "Cancelled flights per day; the previous period is dashed.",
  `events: [{ event: "flight cancelled" }]
compare: true
dateFrom: "2013-02-01"
dateTo: "2013-02-28"`,
  `labels
series { label compareLabel labels data count }`,
);

const AREA = example(
  "area",
  "Airlines week by week",
  "What the five largest airlines add up to; their names are properties of groups.",
  `events: [{ event: "flight departed" }]
breakdown: ["name"]
breakdownType: GROUP
breakdownGroupTypeIndex: 0
breakdownLimit: 5
breakdownHideOther: true
interval: WEEK
dateFrom: "2013-01-06"
dateTo: "2013-12-28"
display: ACTIONS_AREA_GRAPH`,
  `labels
${SERIES_OVER_TIME}`,
);

const CUMULATIVE = example(
  "cumulative",
  "Planes seen so far",
  "A running total of distinct planes: each counts on the day it is first seen.",
  `events: [{ event: "flight departed", math: DAU }]
breakdown: ["origin"]
dateFrom: "2013-01-01"
dateTo: "2013-03-31"
display: ACTIONS_LINE_GRAPH_CUMULATIVE`,
  `labels
${SERIES_OVER_TIME}`,
);

const BARS = example(
  "bars",
  "Departed and cancelled",
  "Stacked bars: all scheduled flights, and how many of them never left.",
  `events: [
  { event: "flight departed" }
  { event: "flight cancelled" }
]
interval: MONTH
${YEAR}
display: ACTIONS_BAR`,
  `labels
${SERIES_OVER_TIME}`,
);

const FORMULA = example(
  "formula",
  "Share of cancelled flights",
  "A formula over two series, per cent of the scheduled flights of each airport.",
  `events: [
  { event: "flight departed" }
  { event: "flight cancelled" }
]
formula: "B / (A + B) * 100"
breakdown: ["origin"]
interval: MONTH
dateFrom: "2013-01-01"
dateTo: "2013-06-30"
display: ACTIONS_UNSTACKED_BAR`,
  `labels
series { label breakdownValue data }`,
);

const TOTALS = example(
  "totals",
  "Top destinations",
  "The totals of the twelve most frequent destinations.",
  `events: [{ event: "flight departed" }]
breakdown: ["dest"]
breakdownLimit: 12
breakdownHideOther: true
${YEAR}
display: ACTIONS_BAR_VALUE`,
  SERIES_OF_TOTALS,
);

const PIE = example(
  "pie",
  "Share of each airline",
  "Seven airlines, and all others in one slice.",
  `events: [{ event: "flight departed" }]
breakdown: ["name"]
breakdownType: GROUP
breakdownGroupTypeIndex: 0
breakdownLimit: 7
${YEAR}
display: ACTIONS_PIE`,
  SERIES_OF_TOTALS,
);

const MAP = example(
  "map",
  "Where planes are built",
  "Flights by the country of the plane's manufacturer: an expression turns names into ISO codes.",
  `events: [{ event: "flight departed" }]
properties: [{
  key: "manufacturer"
  type: PERSON
  operator: IS_SET
}]
breakdownType: HOGQL
breakdown: ["""
  multiIf(
    person.properties.manufacturer like 'AIRBUS%', 'FR',
    person.properties.manufacturer = 'EMBRAER', 'BR',
    person.properties.manufacturer like 'BOMBARDIER%', 'CA',
    person.properties.manufacturer like 'CANADAIR%', 'CA',
    person.properties.manufacturer = 'DEHAVILLAND', 'CA',
    'US')
"""]
${YEAR}
display: WORLD_MAP`,
  "series { label breakdownValue aggregatedValue }",
);

const NUMBER = example(
  "number",
  "Flights in December",
  "One number, and its change from the month before.",
  `events: [{ event: "flight departed" }]
compareTo: "-1m"
compare: true
dateFrom: "2013-12-01"
dateTo: "2013-12-31"
display: BOLD_NUMBER`,
  "series { label compareLabel aggregatedValue }",
);

const TABLE = example(
  "table",
  "Delays by airline",
  "The average departure delay in minutes.",
  `events: [{
  event: "flight departed"
  math: AVG
  mathProperty: "dep_delay"
}]
breakdown: ["name"]
breakdownType: GROUP
breakdownGroupTypeIndex: 0
${YEAR}
display: ACTIONS_TABLE`,
  `${SERIES_OF_TOTALS}
${WARNINGS}`,
);

const TWO: Example = {
  id: "two",
  title: "Two trends at once",
  about: "Aliases query several trends; the panel has a selector for them.",
  query: `${comment("Aliases query several trends; the panel has a selector for them.")}
query TwoTrends {
  project(id: "1") {
    january: trend(query: {
      events: [{ event: "flight departed" }]
      dateFrom: "2013-01-01"
      dateTo: "2013-01-31"
    }) {
      ...Figures
    }
    july: trend(query: {
      events: [{ event: "flight departed" }]
      dateFrom: "2013-07-01"
      dateTo: "2013-07-31"
    }) {
      ...Figures
    }
  }
}

fragment Figures on Trend {
  labels
  ${SERIES_OVER_TIME}
}
`,
};

const ABOUT_PROGRESS =
  "Planes active in a week and in a month: a subscription reports the rows read until the result arrives.";
const PROGRESS: Example = {
  id: "progress",
  title: "Progress of a long query",
  about: ABOUT_PROGRESS,
  query: `${comment(ABOUT_PROGRESS)}
subscription Progress {
  trend(
    projectId: "1"
    query: {
      events: [
        {
          event: "flight departed"
          math: WEEKLY_ACTIVE
        }
        {
          event: "flight departed"
          math: MONTHLY_ACTIVE
        }
      ]
      breakdown: ["origin"]
      breakdownHideOther: true
      interval: DAY
${indent(YEAR, 6)}
    }
    refresh: FORCE
  ) {
    rowsRead
    totalRows
    bytesRead
    elapsedMs
    result {
      labels
      series { label order breakdownValue data }
    }
  }
}
`,
};

/** What the first tab holds on a first visit. */
export const FIRST_EXAMPLE = MONTHS;

export const EXAMPLES: readonly Example[] = [
  MONTHS,
  COMPARE,
  AREA,
  CUMULATIVE,
  BARS,
  FORMULA,
  TOTALS,
  PIE,
  MAP,
  NUMBER,
  TABLE,
  TWO,
  PROGRESS,
];

/** Whether the text may be replaced without a loss. */
export function isReplaceable(text: string): boolean {
  return !text.trim() || EXAMPLES.some((example) => example.query.trim() === text.trim());
}
