import { Operation } from "../trends/document.ts";

/** An operation as the editors have it. */
export type Shared = { url: string; query: string; variables: string; operationName: string | null };

const VARIABLE = "TRENDGATE_API_KEY";

/** The operation as a command. The key is taken from the environment, so that it ends in no file or chat. */
export function asCurl(shared: Shared): string {
  const lines = [
    `curl ${isStream(shared) ? "-N " : ""}${quote(shared.url)}`,
    `-H "Authorization: Bearer $${VARIABLE}"`,
    "-H 'Content-Type: application/json'",
    ...(isStream(shared) ? ["-H 'Accept: text/event-stream'"] : []),
    `-d ${quote(JSON.stringify(bodyOf(shared)))}`,
  ];
  return `${lines.join(" \\\n  ")}\n`;
}

/** The operation as a call of fetch. */
export function asFetch(shared: Shared): string {
  const { query, ...rest } = bodyOf(shared);
  const others = Object.entries(rest).map(([name, value]) => `, ${name}: ${JSON.stringify(value)}`);
  const read = isStream(shared)
    ? `for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
  console.log(text)
}
`
    : "console.log(await response.json())\n";
  return `const query = \`${query.replace(/[\\`]|\$\{/g, "\\$&")}\`

const response = await fetch(${JSON.stringify(shared.url)}, {
  method: 'POST',
  headers: {
    Authorization: \`Bearer \${process.env.${VARIABLE}}\`,
    'Content-Type': 'application/json',${isStream(shared) ? "\n    Accept: 'text/event-stream'," : ""}
  },
  body: JSON.stringify({ query${others.join("")} }),
})
${read}`;
}

/** The operation in Python, with nothing to install. */
export function asPython(shared: Shared): string {
  const { query, variables, operationName } = bodyOf(shared);
  const entries = [
    '"query": QUERY',
    // Variables stay JSON: its true, false and null are no Python.
    ...(variables === undefined ? [] : [`"variables": json.loads(${pythonText(JSON.stringify(variables))})`]),
    ...(operationName === undefined ? [] : [`"operationName": ${JSON.stringify(operationName)}`]),
  ];
  const read = isStream(shared)
    ? `    for line in response:
        print(line.decode(), end="")
`
    : "    print(json.load(response))\n";
  return `import json
import os
from urllib.request import Request, urlopen

QUERY = ${pythonText(query)}

request = Request(
    ${JSON.stringify(shared.url)},
    data=json.dumps({${entries.join(", ")}}).encode(),
    headers={
        "Authorization": f"Bearer {os.environ['${VARIABLE}']}",
        "Content-Type": "application/json",${isStream(shared) ? '\n        "Accept": "text/event-stream",' : ""}
    },
)
with urlopen(request) as response:
${read}`;
}

type Body = { query: string; variables?: unknown; operationName?: string };

function bodyOf({ query, variables, operationName }: Shared): Body {
  return {
    query,
    ...(variables.trim() && { variables: parseVariables(variables) }),
    ...(operationName && { operationName }),
  };
}

// As GraphiQL would send them; what is no JSON fails there too.
function parseVariables(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("The variables are not JSON.");
  }
}

function isStream({ query, operationName }: Shared): boolean {
  return Operation.read({ query, operationName })?.kind === "subscription";
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function pythonText(text: string): string {
  return /\\|'''|'$/.test(text) ? JSON.stringify(text) : `'''${text}'''`;
}
