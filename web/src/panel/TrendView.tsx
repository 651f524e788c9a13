import { lazy, Suspense, useState } from "react";
import type { Chart, Line } from "../trends/chart.ts";
import { toCsv } from "../trends/csv.ts";
import { nameOf } from "../trends/displays.ts";
import type { Look } from "../trends/palette.ts";
import { tableOf } from "../trends/table.ts";
import { BoldNumber } from "./BoldNumber.tsx";
import { download, fileName } from "./download.ts";
import { Legend, lineKey } from "./Legend.tsx";
import { TrendTable } from "./TrendTable.tsx";
import { WarningList } from "./WarningList.tsx";

// The chart library is a third of the page: only who looks at a chart waits for it.
const Drawing = lazy(() => import("./Drawing.tsx"));
const WorldMap = lazy(() => import("./WorldMap.tsx"));

type Props = { chart: Chart; look: Look; isStale: boolean };

/** One trend: what it is, its chart or its table, and the series in it. */
export function TrendView({ chart, look, isStale }: Props) {
  const [wantsTable, setWantsTable] = useState(false);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const isTable = chart.display === "ACTIONS_TABLE";
  const shown = { ...chart, lines: chart.lines.filter((line) => !hidden.has(lineKey(line))) };
  const toggle = (line: Line) => setHidden((before) => toggled(before, lineKey(line)));

  const save = () => download(fileName(chart.title, "csv"), "text/csv", toCsv(tableOf(chart)));

  return (
    <article className="trend" data-stale={isStale} data-display={chart.display}>
      <header className="trend-head">
        <div>
          <h3>{chart.title}</h3>
          <p className="trend-facts">
            {[nameOf(chart.display), ...chart.facts].map((fact) => (
              <span key={fact}>{fact}</span>
            ))}
          </p>
        </div>
        <div className="trend-actions">
          {!isTable && (
            <div className="trend-switch" role="group" aria-label="Show as">
              <button type="button" aria-pressed={!wantsTable} onClick={() => setWantsTable(false)}>
                Chart
              </button>
              <button type="button" aria-pressed={wantsTable} onClick={() => setWantsTable(true)}>
                Table
              </button>
            </div>
          )}
          {chart.lines.length > 0 && (
            <button type="button" className="trend-download" aria-label="Download CSV" onClick={save}>
              CSV
            </button>
          )}
        </div>
      </header>
      {chart.warnings.length > 0 && <WarningList warnings={chart.warnings} />}
      {chart.hint && <p className="trend-hint">{chart.hint}</p>}
      {chart.lines.length === 0 ? (
        <p className="trend-none">The answer has no series: nothing matched, or they were not asked for.</p>
      ) : isTable || wantsTable ? (
        <TrendTable chart={chart} look={look} />
      ) : (
        <Suspense fallback={<div className="trend-canvas" aria-busy="true" />}>
          <Body chart={shown} look={look} />
          {hasLegend(chart) && <Legend lines={chart.lines} hidden={hidden} look={look} onToggle={toggle} />}
        </Suspense>
      )}
    </article>
  );
}

function Body({ chart, look }: { chart: Chart; look: Look }) {
  if (chart.display === "BOLD_NUMBER") return <BoldNumber lines={chart.lines} />;
  if (chart.display === "WORLD_MAP") return <WorldMap chart={chart} look={look} />;
  return <Drawing chart={chart} look={look} />;
}

// The names of lying bars stand beside them, and a map or a number has no colours to explain.
function hasLegend({ display }: Chart): boolean {
  return !["BOLD_NUMBER", "WORLD_MAP", "ACTIONS_BAR_VALUE"].includes(display);
}

function toggled(keys: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(keys);
  if (!next.delete(key)) next.add(key);
  return next;
}
