import type { TipRow } from "../options/option.ts";

const MOST_ROWS = 12;

/** A tooltip of text nodes: whatever a series is called, it is shown as it is. */
export function tip(title: string, rows: readonly TipRow[]): HTMLElement {
  const box = element("div", "trend-tip");
  box.append(element("strong", "", title));
  for (const row of rows.slice(0, MOST_ROWS)) {
    const mark = element("i", row.isPrevious ? "trend-tip-previous" : "");
    mark.style.background = row.colour;
    const line = element("div", "trend-tip-row");
    line.append(mark, element("span", "", row.name), element("b", "", row.figure));
    box.append(line);
  }
  if (rows.length > MOST_ROWS) box.append(element("em", "", `and ${rows.length - MOST_ROWS} more`));
  return box;
}

function element(tag: string, className: string, text = ""): HTMLElement {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}
