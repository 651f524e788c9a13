import assert from "node:assert/strict";
import { test } from "node:test";
import { Exchanges } from "../src/exchanges.ts";
import { fractionOf, readProgress } from "../src/trends/progress.ts";
import { watch } from "../src/watch.ts";

const SENT = { query: "{ a }" };

test("each tab keeps its own answer, and a closed one is forgotten", () => {
  const exchanges = new Exchanges();
  exchanges.show("one", ["one"]);
  exchanges.begin(SENT).receive({ data: { a: 1 } });
  exchanges.show("two", ["one", "two"]);
  assert.equal(exchanges.current(), null);
  exchanges.show("one", ["one", "two"]);
  assert.deepEqual(exchanges.current()?.result, { data: { a: 1 } });
  exchanges.show("two", ["two"]);
  exchanges.show("one", ["one", "two"]);
  assert.equal(exchanges.current(), null);
});

test("the last answer stays, marked as stale, until the next one is there", () => {
  const exchanges = new Exchanges();
  exchanges.begin(SENT).receive({ data: { a: 1 } });
  const second = exchanges.begin({ query: "{ b }" });
  assert.deepEqual([exchanges.current()?.isStale, exchanges.current()?.sent.query], [true, "{ a }"]);
  second.receive({ data: { b: 2 } });
  second.end();
  assert.deepEqual(exchanges.current(), {
    state: "done",
    sent: { query: "{ b }" },
    result: { data: { b: 2 } },
    failure: null,
    isStale: false,
  });
});

test("an older operation that answers late is not listened to", () => {
  const exchanges = new Exchanges();
  const first = exchanges.begin(SENT);
  exchanges.begin(SENT).receive({ data: { a: 2 } });
  first.receive({ data: { a: 1 } });
  assert.deepEqual(exchanges.current()?.result, { data: { a: 2 } });
});

test("stopping ends a source that waits", { timeout: 2000 }, async () => {
  const exchanges = new Exchanges();
  let isCancelled = false;
  async function* never() {
    yield { data: { a: 1 } };
    await new Promise(() => undefined);
  }
  const watched = watch(never(), exchanges.begin(SENT), () => (isCancelled = true));
  assert.deepEqual((await watched.next()).value, { data: { a: 1 } });
  const waiting = watched.next();
  await watched.return?.();
  assert.equal((await waiting).done, true);
  assert.ok(isCancelled);
  assert.equal(exchanges.current()?.state, "stopped");
});

test("a failure reaches both the caller and the panel", async () => {
  const exchanges = new Exchanges();
  async function* broken(): AsyncGenerator<object> {
    throw new Error("no server");
  }
  const watched = watch(broken(), exchanges.begin(SENT), () => undefined);
  await assert.rejects(watched.next(), /no server/);
  assert.deepEqual([exchanges.current()?.state, exchanges.current()?.failure], ["failed", "no server"]);
});

test("progress is read from a subscription's message, by any alias", () => {
  const query = "subscription { t: trend(projectId: 1, query: {}) { read: rowsRead totalRows elapsedMs } }";
  const progress = readProgress({ query }, { t: { read: "250", totalRows: 1000, elapsedMs: 12.5 } });
  assert.deepEqual(progress, { rowsRead: 250, totalRows: 1000, bytesRead: null, elapsedMs: 12.5 });
  assert.equal(progress && fractionOf(progress), 0.25);
  assert.equal(readProgress({ query: "{ trend { rowsRead } }" }, { trend: { rowsRead: 1 } }), null);
  assert.equal(fractionOf({ rowsRead: 5, totalRows: 0, bytesRead: null, elapsedMs: null }), null);
});
