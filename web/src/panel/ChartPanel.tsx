import { useMemo, useState, useSyncExternalStore } from "react";
import { ExamplesMenu } from "../examples/ExamplesMenu.tsx";
import type { Exchange, Exchanges } from "../exchanges.ts";
import { chartOf } from "../trends/chart.ts";
import { asksForTrend, findTrends } from "../trends/find.ts";
import { readProgress } from "../trends/progress.ts";
import { EmptyState } from "./EmptyState.tsx";
import { ErrorList } from "./ErrorList.tsx";
import { ProgressBar } from "./ProgressBar.tsx";
import { TrendView } from "./TrendView.tsx";
import { useLook } from "./useLook.ts";

/** The pane beside the editor: progress, errors, and the chart of the last answer. */
export function ChartPanel({ exchanges }: { exchanges: Exchanges }) {
  const exchange = useSyncExternalStore(exchanges.subscribe, exchanges.current);
  return (
    <section className="trend-panel" aria-label="Chart of the last answer">
      <header className="trend-panel-head">
        <h2 className="graphiql-doc-explorer-title">Chart</h2>
        <ExamplesMenu />
      </header>
      {exchange ? <Answer exchange={exchange} /> : <EmptyState reason="nothing" />}
    </section>
  );
}

function Answer({ exchange }: { exchange: Exchange }) {
  const { sent, result, failure, state, isStale } = exchange;
  const look = useLook();
  const charts = useMemo(() => findTrends(sent, result?.data).map(chartOf), [sent, result]);
  const progress = useMemo(() => (isStale ? null : readProgress(sent, result?.data)), [sent, result, isStale]);
  const [title, setTitle] = useState("");
  const chart = charts.find((candidate) => candidate.title === title) ?? charts[0];
  const errors = failure === null ? (result?.errors ?? []) : [{ message: failure }];
  const isRunning = state === "running";

  return (
    <>
      <ProgressBar state={state} progress={progress} />
      {!isStale && errors.length > 0 && <ErrorList errors={errors} hasData={charts.length > 0} />}
      {charts.length > 1 && (
        <label className="trend-choice">
          Trend
          <select value={chart?.title} onChange={(event) => setTitle(event.target.value)}>
            {charts.map((candidate) => (
              <option key={candidate.title}>{candidate.title}</option>
            ))}
          </select>
        </label>
      )}
      {chart && <TrendView key={chart.title} chart={chart} look={look} isStale={isStale} />}
      {!chart && !isRunning && !errors.length && <EmptyState reason={asksForTrend(sent) ? "stopped" : "noTrend"} />}
    </>
  );
}
