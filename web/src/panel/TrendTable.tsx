import type { Chart, Line } from "../trends/chart.ts";
import { isTotal } from "../trends/displays.ts";
import { formatFigure } from "../trends/figures.ts";
import type { Look } from "../trends/palette.ts";
import { Swatch } from "./Legend.tsx";

/** The values of a chart: a row per bucket, or per series if each has one total. */
export function TrendTable({ chart, look }: { chart: Chart; look: Look }) {
  return (
    <div className="trend-table" tabIndex={0} role="region" aria-label={`Values of ${chart.title}`}>
      {isTotal(chart.display) ? <Totals lines={chart.lines} look={look} /> : <Buckets chart={chart} look={look} />}
    </div>
  );
}

function Totals({ lines, look }: { lines: readonly Line[]; look: Look }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Series</th>
          <th scope="col">Total</th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line, index) => (
          <tr key={index}>
            <th scope="row">
              <Swatch line={line} look={look} /> {titleOf(line)}
            </th>
            <td>{formatFigure(line.total)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Buckets({ chart, look }: { chart: Chart; look: Look }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Date</th>
          {chart.lines.map((line, index) => (
            <th scope="col" key={index}>
              <Swatch line={line} look={look} /> {titleOf(line)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {chart.buckets.map((bucket, row) => (
          <tr key={row}>
            <th scope="row">{bucket}</th>
            {chart.lines.map((line, index) => (
              <td key={index} title={line.isPrevious ? line.buckets[row] : undefined}>
                {formatFigure(line.figures[row] ?? null)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function titleOf(line: Line): string {
  return line.isPrevious ? `${line.name} (previous)` : line.name;
}
