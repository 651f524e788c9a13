import { DropdownMenu, useGraphiQL } from "@graphiql/react";
import { useRef } from "react";
import { type Example, EXAMPLES } from "./examples.ts";
import { useExample } from "./useExample.ts";

/** All examples, behind a button of the panel. */
export function ExamplesMenu() {
  const show = useExample();
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const hasChosen = useRef(false);
  const choose = (example: Example) => {
    hasChosen.current = true;
    show(example);
  };
  // Choosing an example moves the focus to the editor; closing the menu restores it.
  const moveFocus = (event: Event) => {
    if (hasChosen.current) {
      event.preventDefault();
      queryEditor?.focus();
    }
    hasChosen.current = false;
  };
  return (
    <DropdownMenu>
      <DropdownMenu.Button className="trend-button">Examples</DropdownMenu.Button>
      <DropdownMenu.Content className="examples-menu" align="end" onCloseAutoFocus={moveFocus}>
        {EXAMPLES.map((example) => (
          <DropdownMenu.Item key={example.id} onSelect={() => choose(example)}>
            <span className="examples-title">{example.title}</span>
            <span className="examples-about">{example.about}</span>
          </DropdownMenu.Item>
        ))}
      </DropdownMenu.Content>
    </DropdownMenu>
  );
}
