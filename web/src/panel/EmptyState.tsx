import { EXAMPLES } from "../examples/examples.ts";
import { useExample } from "../examples/useExample.ts";
import { ChartIcon } from "./ChartIcon.tsx";

const TEXTS = {
  nothing: ["Charts appear here", "Run the query with Ctrl-Enter or the play button, or start from an example."],
  noTrend: ["No trend in this answer", "The panel draws the field trend. Start from an example to see how to query it."],
  stopped: ["No data received", "The operation ended before the trend was complete. Run it again, or try an example."],
} as const;

const SHOWN = ["months", "compare", "pie", "map", "formula", "progress"];

/** What the panel shows when there is nothing to draw. */
export function EmptyState({ reason }: { reason: keyof typeof TEXTS }) {
  const show = useExample();
  const [title, text] = TEXTS[reason];
  return (
    <div className="trend-empty">
      <span className="trend-empty-icon">
        <ChartIcon />
      </span>
      <h3>{title}</h3>
      <p>{text}</p>
      <ul>
        {EXAMPLES.filter((example) => SHOWN.includes(example.id)).map((example) => (
          <li key={example.id}>
            <button type="button" onClick={() => show(example)}>
              <span className="examples-title">{example.title}</span>
              <span className="examples-about">{example.about}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
