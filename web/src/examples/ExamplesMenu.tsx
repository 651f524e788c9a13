import { DropdownMenu } from "@graphiql/react";
import { EXAMPLES } from "./examples.ts";
import { useExample } from "./useExample.ts";

/** All examples, behind a button of the panel. */
export function ExamplesMenu() {
  const show = useExample();
  return (
    <DropdownMenu>
      <DropdownMenu.Button className="trend-button">Examples</DropdownMenu.Button>
      <DropdownMenu.Content className="examples-menu" align="end">
        {EXAMPLES.map((example) => (
          <DropdownMenu.Item key={example.id} onSelect={() => show(example)}>
            <span className="examples-title">{example.title}</span>
            <span className="examples-about">{example.about}</span>
          </DropdownMenu.Item>
        ))}
      </DropdownMenu.Content>
    </DropdownMenu>
  );
}
