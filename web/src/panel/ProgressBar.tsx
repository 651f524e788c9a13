import type { Exchange } from "../exchanges.ts";
import { formatBytes, formatDuration, formatFigure } from "../trends/figures.ts";
import { fractionOf, type Progress } from "../trends/progress.ts";

type Props = { state: Exchange["state"]; progress: Progress | null };

/** The progress of a running operation: rows if a subscription reports them, otherwise only that it is running. */
export function ProgressBar({ state, progress }: Props) {
  if (state !== "running" && !progress) return null;
  const fraction = state === "done" ? 1 : progress && fractionOf(progress);
  return (
    <div className="trend-progress" data-state={state}>
      <progress aria-label="Progress of the operation" max={1} {...(fraction !== null && { value: fraction })} />
      <p role="status">{progress ? describe(progress, state) : "Running …"}</p>
    </div>
  );
}

function describe({ rowsRead, totalRows, bytesRead, elapsedMs }: Progress, state: Exchange["state"]): string {
  const rows =
    rowsRead === null
      ? null
      : totalRows && state !== "done"
        ? `${formatFigure(rowsRead)} of ${formatFigure(totalRows)} rows`
        : `${formatFigure(rowsRead)} rows read`;
  const parts = [
    state === "stopped" ? "Stopped" : null,
    rows,
    bytesRead === null ? null : formatBytes(bytesRead),
    elapsedMs === null ? null : formatDuration(elapsedMs),
  ];
  return parts.filter((part) => part !== null).join(" · ");
}
