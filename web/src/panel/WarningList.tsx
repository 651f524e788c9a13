import type { Warning } from "../trends/warnings.ts";

/** What the gateway says is probably wrong with a query that ran. */
export function WarningList({ warnings }: { warnings: readonly Warning[] }) {
  return (
    <ul className="trend-warnings" role="status" aria-label="Warnings">
      {warnings.map(({ message, path, suggestion }, index) => (
        <li key={index}>
          {message}
          {suggestion !== null && ` Did you mean ${suggestion}?`}
          {path && <code>{path}</code>}
        </li>
      ))}
    </ul>
  );
}
