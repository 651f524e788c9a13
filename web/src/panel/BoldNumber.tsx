import type { Line } from "../trends/chart.ts";
import { formatFigure, formatShare } from "../trends/figures.ts";
import { pairUp } from "../trends/pairs.ts";

/** A number for each series and, with a comparison, how it changed. */
export function BoldNumber({ lines }: { lines: readonly Line[] }) {
  return (
    <ul className="trend-numbers">
      {pairUp(lines).map(({ current, previous }, index) =>
        current ? (
          <li key={index}>
            <span className="trend-number">{formatFigure(current.total)}</span>
            <span className="trend-number-name">{current.name}</span>
            {previous && <Change from={previous.total} to={current.total} />}
          </li>
        ) : null,
      )}
    </ul>
  );
}

function Change({ from, to }: { from: number | null; to: number | null }) {
  const before = `${formatFigure(from)} in the previous period`;
  if (!from || to === null) return <span className="trend-number-change">{before}</span>;
  const share = (to - from) / Math.abs(from);
  const sign = share > 0 ? "▲" : share < 0 ? "▼" : "=";
  return (
    <span className="trend-number-change">
      <b>
        {sign} {formatShare(Math.abs(share))}
      </b>{" "}
      {share > 0 ? "more than" : share < 0 ? "less than" : "as"} {before}
    </span>
  );
}
