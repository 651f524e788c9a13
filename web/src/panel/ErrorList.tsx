import { formatPath } from "../trends/warnings.ts";

type AnswerError = { message: string; extensions?: { code?: unknown; hint?: unknown; path?: unknown } };

/** The errors of an answer, with their hints, the inputs' paths and codes; the response has all of each. */
export function ErrorList({ errors, hasData }: { errors: readonly AnswerError[]; hasData: boolean }) {
  return (
    <div className="trend-errors" role="alert">
      <strong>{hasData ? "Part of the answer is missing" : "The answer is an error"}</strong>
      <ul>
        {errors.slice(0, 5).map(({ message, extensions }, index) => (
          <li key={index}>
            {message}
            {typeof extensions?.hint === "string" && ` ${extensions.hint}`}
            {Array.isArray(extensions?.path) && <code>{formatPath(extensions.path)}</code>}
            {typeof extensions?.code === "string" && <code>{extensions.code}</code>}
          </li>
        ))}
        {errors.length > 5 && <li>and {errors.length - 5} more</li>}
      </ul>
    </div>
  );
}
