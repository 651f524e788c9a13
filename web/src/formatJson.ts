import { applyEdits, format as findEdits } from "jsonc-parser";

/** Formats JSON with comments. Stands in for prettier, whose JavaScript parser this page has no other use for. */
export function format(text: string): string {
  const options = { insertSpaces: true, tabSize: 2, insertFinalNewline: false };
  return applyEdits(text, findEdits(text, undefined, options));
}
