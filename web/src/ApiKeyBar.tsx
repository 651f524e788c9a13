import { type ClipboardEvent, type FormEvent, useEffect, useId, useRef, useState } from "react";
import { cleanApiKey } from "./apiKey.ts";

export type KeyStatus =
  | { kind: "accepted"; label: string }
  | {
      kind:
        | "missing"
        | "required"
        | "malformed"
        | "checking"
        | "unchecked"
        | "refused"
        | "headersUsed"
        | "headersRefused";
    };

type Tone = "quiet" | "good" | "bad";

const MESSAGES: Record<Exclude<KeyStatus["kind"], "accepted">, [Tone, string]> = {
  missing: ["quiet", "Queries need an API key. It is only kept for this browser tab."],
  required: ["bad", "API key missing. Enter one to run this query."],
  malformed: ["bad", "This is not an API key: it contains invalid characters."],
  checking: ["quiet", "Checking the key …"],
  unchecked: ["quiet", "Key set, but the server could not be reached to check it."],
  refused: ["bad", "API key rejected: unknown, expired or revoked."],
  headersUsed: ["quiet", "Not used: the Headers editor sets Authorization."],
  headersRefused: ["bad", "The Authorization header of the Headers editor was rejected."],
};

type Props = { apiKey: string; status: KeyStatus; onApply: (key: string) => void };

/** Where people enter their key. It is applied on paste, on Enter and on leaving the field. */
export function ApiKeyBar({ apiKey, status, onApply }: Props) {
  const [draft, setDraft] = useState(apiKey);
  const [visible, setVisible] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const [tone, message] = describe(status);

  useEffect(() => setDraft(apiKey), [apiKey]);

  const apply = (text: string) => {
    const next = cleanApiKey(text);
    setDraft(next);
    if (next !== apiKey) onApply(next);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    apply(draft);
  };
  const paste = (event: ClipboardEvent<HTMLInputElement>) => {
    event.preventDefault();
    const { selectionStart, selectionEnd } = event.currentTarget;
    const pasted = cleanApiKey(event.clipboardData.getData("text"));
    apply(draft.slice(0, selectionStart ?? 0) + pasted + draft.slice(selectionEnd ?? draft.length));
  };
  const clear = () => {
    apply("");
    input.current?.focus();
  };

  return (
    <header className="graphiql-container key-bar">
      <h1 className="key-bar-title">
        <Mark />
        Trendgate
      </h1>
      <form className="key-bar-form" onSubmit={submit} autoComplete="off">
        <label htmlFor={id}>API key</label>
        <div className="key-bar-field" data-tone={tone}>
          <input
            id={id}
            ref={input}
            type={visible ? "text" : "password"}
            value={draft}
            placeholder="phx_..."
            spellCheck={false}
            autoCapitalize="off"
            autoCorrect="off"
            autoComplete="off"
            data-1p-ignore=""
            data-lpignore="true"
            aria-describedby={`${id}-status`}
            aria-invalid={tone === "bad"}
            onChange={(event) => setDraft(event.target.value)}
            onPaste={paste}
            onBlur={() => apply(draft)}
          />
          {draft && (
            <button type="button" aria-label="Clear API key" onClick={clear}>
              Clear
            </button>
          )}
          <button
            type="button"
            aria-pressed={visible}
            aria-label={visible ? "Hide API key" : "Show API key"}
            onClick={() => setVisible(!visible)}
          >
            {visible ? "Hide" : "Show"}
          </button>
        </div>
      </form>
      <p id={`${id}-status`} className="key-bar-status" data-tone={tone} role="status" title={message}>
        {message}
      </p>
    </header>
  );
}

function describe(status: KeyStatus): [Tone, string] {
  if (status.kind === "accepted") return ["good", status.label ? `Key accepted: ${status.label}` : "Key accepted."];
  return MESSAGES[status.kind];
}

function Mark() {
  return (
    <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="7" fill="hsl(var(--color-primary))" />
      <path
        d="M6 23l7-8 5 4 8-11"
        fill="none"
        stroke="hsl(var(--color-base))"
        strokeWidth="3.5"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
