/** What a link to the page can carry behind its #, which browsers do not send to the server. */
export type Link = { key: string; query: string | null; variables: string | null };

/** Reads `#key=...&query=...&variables=...`. */
export function readLink(hash: string): Link {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const query = given.get("query");
  return { key: given.get("key") ?? "", query, variables: query === null ? null : given.get("variables") };
}

/** A link that opens the page with this query. It never has a key. */
export function linkTo(page: string, query: string, variables: string): string {
  const carried = new URLSearchParams({ query, ...(variables.trim() && { variables }) });
  return `${page}#${carried}`;
}

/** The link that opened the page. It is removed from the address, which stays in the history and is easily shared. */
export function takeLink(): Link {
  const link = readLink(location.hash);
  if (link.key || link.query !== null) history.replaceState(null, "", location.pathname + location.search);
  return link;
}

/** Opens links that are pasted into the address of the open page. */
export function followLinks(): void {
  addEventListener("hashchange", () => {
    const { key, query } = readLink(location.hash);
    if (key || query !== null) location.reload();
  });
}
