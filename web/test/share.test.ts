import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { linkTo, readLink } from "../src/share/link.ts";
import { asCurl, asFetch, asPython } from "../src/share/snippets.ts";
import { toCsv } from "../src/trends/csv.ts";

const SHARED = {
  url: "https://gate.example/graphql",
  query: 'query Q($n: Int) { viewer { keyLabel } } # it\'s `${x}` & "é" \\',
  variables: '{ "n": null }',
  operationName: "Q",
};
const BODY = { query: SHARED.query, variables: { n: null }, operationName: "Q" };

test("a link carries a query and its variables, and no key", () => {
  const link = linkTo(SHARED.url, SHARED.query, SHARED.variables);
  assert.ok(link.startsWith(`${SHARED.url}#query=`));
  assert.deepEqual(readLink(new URL(link).hash), { key: "", query: SHARED.query, variables: SHARED.variables });
  assert.deepEqual(readLink(`#query=${encodeURIComponent("{ a }")}`), { key: "", query: "{ a }", variables: null });
  assert.deepEqual(readLink("#key=phx_1"), { key: "phx_1", query: null, variables: null });
});

test("a shell passes the operation on as it is", () => {
  const command = asCurl(SHARED).replace(/^curl/, "printf '%s\\n'");
  const words = execFileSync("sh", ["-c", command], { env: { TRENDGATE_API_KEY: "phx_1" }, encoding: "utf8" });
  const lines = words.trimEnd().split("\n");
  assert.deepEqual(lines.slice(0, 3), [SHARED.url, "-H", "Authorization: Bearer phx_1"]);
  assert.deepEqual(JSON.parse(lines.at(-1) ?? ""), BODY);
});

test("fetch gets the operation and the key of the environment", async () => {
  const sent: { url: string; init: RequestInit }[] = [];
  const send = (url: string, init: RequestInit) => {
    sent.push({ url, init });
    return { json: () => ({}) };
  };
  const run = Function("fetch", "process", "console", `return (async () => {${asFetch(SHARED)}})()`);
  await run(send, { env: { TRENDGATE_API_KEY: "phx_1" } }, { log: () => undefined });
  assert.equal(sent[0]?.url, SHARED.url);
  assert.deepEqual(JSON.parse(String(sent[0]?.init.body)), BODY);
  assert.equal((sent[0]?.init.headers as Record<string, string>).Authorization, "Bearer phx_1");
});

test("Python gets the operation, and reads a subscription line by line", () => {
  assert.ok(asPython(SHARED).includes(`QUERY = ${JSON.stringify(SHARED.query)}`));
  assert.ok(asPython(SHARED).includes(`json.loads('''{"n":null}''')`));
  const stream = asPython({ ...SHARED, query: "subscription { a }", variables: "", operationName: null });
  assert.ok(stream.includes("QUERY = '''subscription { a }'''"));
  assert.ok(stream.includes("for line in response:"));
  assert.ok(stream.includes("text/event-stream"));
});

test("variables that are no JSON are refused", () => {
  assert.throws(() => asCurl({ ...SHARED, variables: "{" }), /The variables are not JSON/);
});

test("CSV has figures in full, and no formulas", () => {
  const column = { title: '=a,"b"', line: null, texts: ["1.23", "–"], figures: [1.2345, null], notes: [] };
  const change = { title: "Change", line: null, texts: ["−5%", "+5%"], figures: null, notes: [] };
  const rows = [
    { name: "@x", line: null },
    { name: "[1,2]", line: null },
  ];
  assert.equal(
    toCsv({ corner: "Series", rows, columns: [column, change] }),
    'Series,"\'=a,""b""",Change\r\n\'@x,1.2345,−5%\r\n"[1,2]",,+5%\r\n',
  );
});
