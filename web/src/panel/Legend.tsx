import { lineColour } from "../options/base.ts";
import type { Line } from "../trends/chart.ts";
import { formatFigure } from "../trends/figures.ts";
import type { Look } from "../trends/palette.ts";

type Props = {
  lines: readonly Line[];
  hidden: ReadonlySet<string>;
  look: Look;
  onToggle: (line: Line) => void;
};

/** The series, each a button that hides or shows it. */
export function Legend({ lines, hidden, look, onToggle }: Props) {
  return (
    <ul className="trend-legend" aria-label="Series">
      {lines.map((line, index) => (
        <li key={index}>
          <button type="button" aria-pressed={!hidden.has(lineKey(line))} onClick={() => onToggle(line)}>
            <Swatch line={line} look={look} />
            <span className="trend-legend-name" title={line.name}>
              {line.name}
            </span>
            {line.isPrevious && <span className="trend-legend-note">previous</span>}
            {line.total !== null && <span className="trend-legend-figure">{formatFigure(line.total)}</span>}
          </button>
        </li>
      ))}
    </ul>
  );
}

export function Swatch({ line, look }: { line: Line; look: Look }) {
  return (
    <svg className="trend-swatch" viewBox="0 0 16 8" width="16" height="8" aria-hidden="true">
      <line
        x1="1"
        x2="15"
        y1="4"
        y2="4"
        stroke={lineColour(line, look)}
        strokeWidth="4"
        strokeLinecap={line.isPrevious ? "butt" : "round"}
        {...(line.isPrevious && { strokeDasharray: "4 2" })}
      />
    </svg>
  );
}

/** What tells a series from the others of its trend, also in the next answer. */
export function lineKey(line: Line): string {
  return `${line.isPrevious ? "previous" : "current"} ${line.colour} ${line.name}`;
}
