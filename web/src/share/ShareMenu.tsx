import { DropdownMenu, useGraphiQL } from "@graphiql/react";
import { useEffect, useState } from "react";
import { linkTo } from "./link.ts";
import { asCurl, asFetch, asPython, type Shared } from "./snippets.ts";

const FORMS: readonly { title: string; make: (shared: Shared) => string }[] = [
  { title: "Link to this query", make: ({ url, query, variables }) => linkTo(url, query, variables) },
  { title: "cURL command", make: asCurl },
  { title: "fetch in JavaScript", make: asFetch },
  { title: "Python", make: asPython },
];
const SHOWN_MS = 4000;

/** Copies the query of the editor in a form that others can use. No form has the key. */
export function ShareMenu() {
  const { queryEditor, variableEditor, operationName } = useGraphiQL((state) => ({
    queryEditor: state.queryEditor,
    variableEditor: state.variableEditor,
    operationName: state.operationName,
  }));
  const [message, setMessage] = useState("");

  useEffect(() => {
    if (!message) return;
    const timer = setTimeout(() => setMessage(""), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [message]);

  const copy = async (form: (typeof FORMS)[number]) => {
    const shared = {
      url: location.origin + location.pathname,
      query: queryEditor?.getValue() ?? "",
      variables: variableEditor?.getValue() ?? "",
      operationName: operationName ?? null,
    };
    setMessage(await copyText(() => form.make(shared)));
  };

  return (
    <div className="share">
      <DropdownMenu>
        <DropdownMenu.Button className="graphiql-toolbar-button" aria-label="Copy as link or code" title="Copy as link or code">
          <ShareIcon />
        </DropdownMenu.Button>
        <DropdownMenu.Content align="end">
          {FORMS.map((form) => (
            <DropdownMenu.Item key={form.title} onSelect={() => void copy(form)}>
              {form.title}
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu>
      <span className="share-status" role="status">
        {message}
      </span>
    </div>
  );
}

async function copyText(make: () => string): Promise<string> {
  try {
    const text = make();
    // Browsers have no clipboard for pages over HTTP, except of this computer.
    if (!isSecureContext) return "Copying needs HTTPS.";
    await navigator.clipboard.writeText(text);
    return "Copied.";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function ShareIcon() {
  return (
    <svg className="graphiql-toolbar-icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <circle cx="6" cy="12" r="2.5" />
      <circle cx="18" cy="5.5" r="2.5" />
      <circle cx="18" cy="18.5" r="2.5" />
      <path d="M8.3 10.8l7.4-4.1M8.3 13.2l7.4 4.1" />
    </svg>
  );
}
