import type { FetcherParams } from "@graphiql/toolkit";
import type { ExecutionResult } from "graphql";

// RFC 6455: the connection ended without a closing handshake, or was never opened.
const ABNORMAL = 1006;
const KEY_REFUSED = [4401, 4403];

/** Thrown when the socket was closed because of the key. */
export class KeyRefused extends Error {}

/** Runs a subscription over graphql-transport-ws; `headers` go with it as the connection's parameters. */
export async function subscribe(
  endpoint: string,
  params: FetcherParams,
  headers: Record<string, string>,
): Promise<AsyncIterableIterator<ExecutionResult>> {
  const { createClient } = await import("graphql-ws");
  const url = endpoint.replace(/^http/, "ws");
  // A subscription that broke off is not run again by itself: it may have cost a lot.
  const client = createClient({ url, connectionParams: headers, retryAttempts: 0 });
  return translate(client.iterate({ ...params, variables: params.variables ?? undefined }), url);
}

// Iterators of the client throw what the protocol has: lists of GraphQL errors, and close events.
function translate(inner: AsyncIterableIterator<unknown>, url: string): AsyncIterableIterator<ExecutionResult> {
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      try {
        return (await inner.next()) as IteratorResult<ExecutionResult>;
      } catch (error) {
        if (Array.isArray(error)) return { value: { errors: error }, done: false };
        throw describe(error, url);
      }
    },
    async return() {
      await inner.return?.();
      return { value: undefined, done: true };
    },
  };
}

function describe(error: unknown, url: string): Error {
  if (error instanceof CloseEvent && error.code !== ABNORMAL) return plain(describeClose(error));
  // Browsers do not tell why: the server takes no subscriptions, cannot be reached, or went away.
  if (error instanceof Event) return plain(new Error(`No subscription could be opened at ${url}, or it broke off.`));
  return plain(
    new Error(`The subscription at ${url} failed: ${error instanceof Error ? error.message : String(error)}`),
  );
}

function describeClose({ code, reason }: CloseEvent): Error {
  if (KEY_REFUSED.includes(code)) return new KeyRefused(`The subscription was rejected: ${reason || "API key"}.`);
  return new Error(`The server closed the subscription: ${reason || "no reason given"} (${code}).`);
}

// GraphiQL prints the whole error, and a stack of minified code is no help.
function plain(error: Error): Error {
  delete error.stack;
  return error;
}
