import type { TipRow } from "../options/option.ts";

/** A tooltip of text nodes: whatever a series is called, it is shown as it is. */
export function tip(title: string, rows: readonly TipRow[], more = 0): HTMLElement {
  const box = element("div", "trend-tip");
  box.append(element("strong", "", title));
  for (const row of rows) {
    const mark = element("i", row.isPrevious ? "trend-tip-previous" : "");
    mark.style.background = row.colour;
    const line = element("div", "trend-tip-row");
    line.append(mark, element("span", "", row.name), element("b", "", row.figure));
    box.append(line);
  }
  if (more) box.append(element("em", "", `and ${more} more`));
  return box;
}

function element(tag: string, className: string, text = ""): HTMLElement {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}
