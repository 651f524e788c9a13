import { Gateway, RequestFailed } from "./client.js";
import { FlightsDocument, type FlightsQuery } from "./generated/graphql.js";

const gateway = new Gateway(
  process.env["TRENDGATE_URL"] ?? "http://127.0.0.1:8000/graphql",
  process.env["TRENDGATE_KEY"] ?? "",
);

function printTable(trend: FlightsQuery["project"]["trend"]): void {
  const rows = trend.series.map((series) => [series.label, ...series.data.map((value) => String(value ?? "-"))]);
  for (const row of [["", ...trend.days], ...rows]) {
    console.log(row.map((cell, column) => (column ? cell.padStart(10) : cell.padEnd(4))).join("  "));
  }
}

try {
  const { project } = await gateway.execute(FlightsDocument, {
    project: process.env["TRENDGATE_PROJECT"] ?? "1",
    query: {
      events: [{ event: "flight departed" }],
      breakdown: ["origin"],
      interval: "MONTH",
      dateFrom: "2013-01-01",
      dateTo: "2013-04-30",
    },
  });
  console.log(project.name);
  printTable(project.trend);
} catch (error) {
  if (!(error instanceof RequestFailed)) throw error;
  for (const { message, extensions } of error.errors) {
    console.error(`${extensions?.code ?? "ERROR"}: ${message} ${extensions?.hint ?? ""}`.trim());
  }
  process.exitCode = 1;
}
