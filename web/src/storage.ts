const PREFIX = "trendgate:";
const HISTORY_KEYS = ["graphiql:queries", "graphiql:favorites"];

/**
 * GraphiQL's storage under a prefix of our own: other GraphiQL pages are served from the same
 * localhost port on other days, and their tabs must not turn up here. Null where the browser keeps nothing.
 */
export function openStorage(): Storage | null {
  try {
    const storage = localStorage;
    storage.getItem(PREFIX);
    return new PrefixedStorage(storage);
  } catch {
    return null;
  }
}

export function hasStoredTabs(storage: Storage | null): boolean {
  return storage?.getItem("graphiql:tabState") != null;
}

/** Divides the width between the chart, the query and the answer until the user moves the dividers. */
export function setWidths(storage: Storage | null): void {
  storage?.setItem("graphiql:docExplorerFlex", "0.62");
  storage?.setItem("graphiql:editorFlex", "2");
}

class PrefixedStorage implements Storage {
  readonly #inner: Storage;

  constructor(inner: Storage) {
    this.#inner = inner;
  }

  get length(): number {
    return this.#names().length;
  }

  key(index: number): string | null {
    return this.#names()[index]?.slice(PREFIX.length) ?? null;
  }

  getItem(name: string): string | null {
    return this.#inner.getItem(PREFIX + name);
  }

  setItem(name: string, value: string): void {
    this.#inner.setItem(PREFIX + name, HISTORY_KEYS.includes(name) ? dropHeaders(value) : value);
  }

  removeItem(name: string): void {
    this.#inner.removeItem(PREFIX + name);
  }

  clear(): void {
    for (const name of this.#names()) this.#inner.removeItem(name);
  }

  #names(): string[] {
    return Object.keys(this.#inner).filter((name) => name.startsWith(PREFIX));
  }
}

// The history keeps headers even if GraphiQL is set not to keep them, and they may hold a key.
function dropHeaders(history: string): string {
  return JSON.stringify(JSON.parse(history), (name, value: unknown) => (name === "headers" ? undefined : value));
}
