import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useEffect } from "react";

// They run the operation at the cursor themselves.
const EDITORS = ".graphiql-editors";

/** What GraphiQL has no options for: lines that wrap, and Ctrl-Enter wherever the focus is. Draws nothing. */
export function EditorSetup() {
  const { run } = useGraphiQLActions();
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);

  useEffect(() => {
    for (const editor of [queryEditor, variableEditor]) {
      editor?.updateOptions({ wordWrap: "on", wrappingIndent: "indent" });
    }
  }, [queryEditor, variableEditor]);

  useEffect(() => {
    const runAnywhere = (event: KeyboardEvent) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      if (event.target instanceof Element && event.target.closest(EDITORS)) return;
      event.preventDefault();
      event.stopPropagation();
      const focused = document.activeElement;
      if (!(focused instanceof HTMLInputElement)) return run();
      // A key is applied when its field is left, and the operation is to be sent with it.
      focused.blur();
      setTimeout(() => {
        run();
        focused.focus();
      });
    };
    // Before buttons and menus take the key for a plain Enter.
    window.addEventListener("keydown", runAnywhere, { capture: true });
    return () => window.removeEventListener("keydown", runAnywhere, { capture: true });
  }, [run]);

  return null;
}
