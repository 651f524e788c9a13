import {
  createGraphiQLFetcher,
  type Fetcher,
  type FetcherOpts,
  type FetcherParams,
  isAsyncIterable,
  type SyncExecutionResult,
} from "@graphiql/toolkit";
import type { ExecutionResult } from "graphql";
import { isSendable } from "./apiKey.ts";
import type { Exchanges } from "./exchanges.ts";
import { KeyRefused, subscribe } from "./socket.ts";
import { Operation } from "./trends/document.ts";
import { watch } from "./watch.ts";

/** Where the Authorization header of a request came from. */
export type KeySource = "bar" | "headers" | "none";

/** What one response says about the key sent with it; nothing, where no key was needed. */
export type Verdict = "refused" | "worked" | "nothing";

export type Answer = { source: KeySource; verdict: Verdict };

export type KeyCheck = { outcome: "accepted"; label: string } | { outcome: "refused" } | { outcome: "unknown" };

// The page and the endpoint share one address. Its query string is left out: it is not part of the request.
const endpoint = (): string => location.origin + location.pathname;

/**
 * Sends operations to the page's own address, with the bar's key unless the Headers editor has its own;
 * subscriptions over a WebSocket. Everything but introspection goes to `exchanges` too.
 */
export function createKeyFetcher(key: string, onAnswer: (answer: Answer) => void, exchanges: Exchanges): Fetcher {
  const run = async (
    params: FetcherParams,
    options: FetcherOpts,
    signal: AbortSignal,
  ): Promise<SyncExecutionResult> => {
    const { headers, source } = addKey(options.headers, key);
    if (Operation.read(params)?.kind === "subscription") {
      const results = await subscribe(endpoint(), params, forConnection(headers));
      // A generator that waits for a message cannot be ended from outside, the socket's iterator can.
      signal.addEventListener("abort", () => void results.return?.());
      return judgeEach(results, (verdict) => onAnswer({ source, verdict }));
    }
    const send = createGraphiQLFetcher({
      url: endpoint(),
      fetch: ((_url, init) => postJudged({ ...init, signal }, key, onAnswer)) as typeof fetch,
    });
    return send(params, options);
  };
  return async (params, options = {}) => {
    const controller = new AbortController();
    if (params.operationName === "IntrospectionQuery") return run(params, options, controller.signal);
    const recorder = exchanges.begin(params);
    try {
      const results = await run(params, options, controller.signal);
      if (isAsyncIterable(results)) return watch(results, recorder, () => controller.abort());
      recorder.receive(results);
      recorder.end();
      return results;
    } catch (error) {
      recorder.fail(error);
      throw error;
    }
  };
}

function addKey(given: HeadersInit | undefined, key: string): { headers: Headers; source: KeySource } {
  // Header names know no case, a plain object does: without Headers, "authorization" and
  // "Authorization" would both be sent, joined by a comma.
  const headers = new Headers(given);
  if (headers.has("Authorization")) return { headers, source: "headers" };
  if (!isSendable(key)) return { headers, source: "none" };
  headers.set("Authorization", `Bearer ${key}`);
  return { headers, source: "bar" };
}

// Headers has names in lower case, the connection's parameters are written like this.
function forConnection(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    [...headers].map(([name, value]) => [name === "authorization" ? "Authorization" : name, value]),
  );
}

async function postJudged(init: RequestInit, key: string, onAnswer: (answer: Answer) => void): Promise<Response> {
  const { headers, source } = addKey(init.headers, key);
  try {
    const response = await post({ ...init, headers });
    if (!isMultipart(response)) onAnswer({ source, verdict: judge(await readJson(response.clone())) });
    return response;
  } catch (error) {
    // GraphiQL prints the whole error, and a stack of minified code is no help.
    if (error instanceof Error) delete error.stack;
    throw error;
  }
}

async function* judgeEach(
  results: AsyncIterable<ExecutionResult>,
  onVerdict: (verdict: Verdict) => void,
): AsyncGenerator<ExecutionResult> {
  try {
    for await (const result of results) {
      onVerdict(judge(result));
      yield result;
    }
  } catch (error) {
    if (error instanceof KeyRefused) onVerdict("refused");
    throw error;
  }
}

/** Asks who the key belongs to. Rejects only when the signal aborts. */
export async function checkApiKey(key: string, signal: AbortSignal): Promise<KeyCheck> {
  try {
    const response = await post({
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Accept: "application/json",
        Authorization: `Bearer ${key}`,
      },
      body: JSON.stringify({ query: "query ApiKeyCheck { viewer { keyLabel } }" }),
      signal,
    });
    return readKeyCheck(await readJson(response));
  } catch (error) {
    if (signal.aborted) throw error;
    return { outcome: "unknown" };
  }
}

async function post(init: RequestInit): Promise<Response> {
  try {
    return await fetch(endpoint(), { ...init, credentials: "same-origin" });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`The server cannot be reached: ${reason}. Is it still running?`);
  }
}

function readKeyCheck(body: unknown): KeyCheck {
  if (isRefusal(body)) return { outcome: "refused" };
  const label = (body as { data?: { viewer?: { keyLabel?: unknown } | null } | null }).data?.viewer?.keyLabel;
  return typeof label === "string" ? { outcome: "accepted", label } : { outcome: "unknown" };
}

function judge(body: object): Verdict {
  if (isRefusal(body)) return "refused";
  const data = (body as { data?: Record<string, unknown> | null }).data ?? {};
  // The schema and the names of types are open to all; every other object took a good key.
  const guarded = Object.entries(data).filter(([name, value]) => !name.startsWith("__") && value instanceof Object);
  return guarded.length ? "worked" : "nothing";
}

function isRefusal(body: unknown): boolean {
  const errors = (body as { errors?: unknown }).errors;
  return Array.isArray(errors) && errors.some((error) => error?.extensions?.code === "UNAUTHENTICATED");
}

function isMultipart(response: Response): boolean {
  return (response.headers.get("Content-Type") ?? "").startsWith("multipart/");
}

/** The JSON object of a response; otherwise an error that says what was received, such as a proxy's page. */
async function readJson(response: Response): Promise<object> {
  const text = await response.text();
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === "object" && body !== null) return body;
  } catch {
    // Reported below.
  }
  const type = response.headers.get("Content-Type") ?? "no content type";
  throw new Error(
    `The server returned ${response.status} ${response.statusText} (${type}) instead of JSON: ${text.slice(0, 200)}`,
  );
}
