const STORAGE_KEY = "trendgate:apiKey";

/** The key of this browser tab; empty where there is none or the browser keeps nothing. */
export function loadApiKey(): string {
  try {
    return sessionStorage.getItem(STORAGE_KEY) ?? "";
  } catch {
    return "";
  }
}

export function saveApiKey(key: string): void {
  try {
    if (key) sessionStorage.setItem(STORAGE_KEY, key);
    else sessionStorage.removeItem(STORAGE_KEY);
  } catch {
    // A browser that keeps nothing still sends the key until the page is closed.
  }
}

/** What people paste: blanks, a line end, quotes or the whole header value around the key. */
export function cleanApiKey(pasted: string): string {
  return pasted
    .trim()
    .replace(/^authorization\s*:\s*/i, "")
    .replace(/^bearer\s+/i, "")
    .replace(/^["']|["']$/g, "")
    .trim();
}

/** Whether a header can carry the key; the server alone decides whether it is a good one. */
export function isSendable(key: string): boolean {
  return /^[\x21-\x7e]+$/.test(key);
}
