// Monaco's Format Document is not among the parts listed in monaco.ts, so no worker is ever asked to format.
export function format(): never {
  throw new Error("Queries are formatted by the page, not by its worker.");
}
