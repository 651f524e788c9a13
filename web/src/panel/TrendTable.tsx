import { useMemo } from "react";
import type { Chart } from "../trends/chart.ts";
import type { Look } from "../trends/palette.ts";
import { tableOf } from "../trends/table.ts";
import { Swatch } from "./Legend.tsx";

/** The values of a chart: a row per bucket, or per series if each has one total. */
export function TrendTable({ chart, look }: { chart: Chart; look: Look }) {
  const { corner, rows, columns } = useMemo(() => tableOf(chart), [chart]);
  return (
    <div className="trend-table" tabIndex={0} role="region" aria-label={`Values of ${chart.title}`}>
      <table>
        <thead>
          <tr>
            <th scope="col">{corner}</th>
            {columns.map(({ title, line }, index) => (
              <th scope="col" key={index}>
                {line && <Swatch line={line} look={look} />} {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, line }, row) => (
            <tr key={row}>
              <th scope="row">
                {line && <Swatch line={line} look={look} />} {name}
              </th>
              {columns.map(({ texts, notes }, index) => (
                <td key={index} title={notes[row]}>
                  {texts[row]}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
