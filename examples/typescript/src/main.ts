import { Gateway, RequestFailed } from "./client.js";
import { FlightsDocument, type FlightsQuery } from "./generated/graphql.js";

const gateway = new Gateway(
  process.env["TRENDGATE_URL"] ?? "http://127.0.0.1:8000/graphql",
  process.env["TRENDGATE_KEY"] ?? "",
);

function printTable(trend: FlightsQuery["project"]["trend"]): void {
  const rows = trend.series.map((line) => [line.label, ...line.data.map((figure) => String(figure ?? "-"))]);
  for (const row of [["", ...trend.days], ...rows]) {
    console.log(row.map((cell, column) => (column ? cell.padStart(10) : cell.padEnd(4))).join("  "));
  }
}

try {
  const { project } = await gateway.ask(FlightsDocument, {
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
} catch (failure) {
  if (!(failure instanceof RequestFailed)) throw failure;
  for (const { message, extensions } of failure.errors) {
    console.error(`${extensions?.code ?? "ERROR"}: ${message} ${extensions?.hint ?? ""}`.trim());
  }
  process.exitCode = 1;
}
