import type { ExecutionResult } from "graphql";
import type { Sent } from "./trends/document.ts";

/** The last operation of a tab. What came back stays until the next operation's first answer replaces it. */
export type Exchange = {
  state: "running" | "done" | "stopped" | "failed";
  /** What the answer belongs to. */
  sent: Sent;
  result: ExecutionResult | null;
  /** Why there is no answer at all. */
  failure: string | null;
  /** Whether the answer belongs to an earlier operation than the running one. */
  isStale: boolean;
};

/** Records everything that happens to one operation. */
export type Recorder = {
  receive(result: unknown): void;
  fail(error: unknown): void;
  end(): void;
  stop(): void;
};

/** What the tabs sent and got back; a store for useSyncExternalStore. */
export class Exchanges {
  #byTab = new Map<string, Exchange>();
  #tab = "";
  readonly #latest = new Map<string, object>();
  readonly #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Of the tab that is shown; null where nothing was sent. */
  readonly current = (): Exchange | null => this.#byTab.get(this.#tab) ?? null;

  /** Which tab is shown, and which ones there are: others are forgotten. */
  show(tab: string, tabs: readonly string[]): void {
    this.#tab = tab;
    this.#byTab = new Map([...this.#byTab].filter(([id]) => tabs.includes(id)));
    this.#tell();
  }

  /** An operation of the tab that is shown now. An older one of the same tab is not listened to any more. */
  begin(sent: Sent): Recorder {
    const tab = this.#tab;
    const ticket = {};
    this.#latest.set(tab, ticket);
    const update = (change: Partial<Exchange>): void => {
      if (this.#latest.get(tab) !== ticket) return;
      const known = this.#byTab.get(tab) ?? { state: "running", sent, result: null, failure: null, isStale: false };
      this.#byTab.set(tab, { ...known, ...change });
      this.#tell();
    };
    update({ state: "running", isStale: this.#byTab.get(tab)?.result != null, failure: null });
    return {
      receive: (result) => {
        if (isResult(result)) update({ sent, result, isStale: false });
      },
      fail: (error) => update({ state: "failed", sent, result: null, failure: messageOf(error), isStale: false }),
      end: () => update({ state: "done" }),
      stop: () => update({ state: "stopped" }),
    };
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

// Parts of an answer that comes in pieces are no answer.
function isResult(result: unknown): result is ExecutionResult {
  return typeof result === "object" && result !== null && ("data" in result || "errors" in result);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
