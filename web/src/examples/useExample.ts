import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { parse } from "graphql";
import { useCallback } from "react";
import { isSendable, loadApiKey } from "../apiKey.ts";
import { type Example, isReplaceable } from "./examples.ts";

/** Puts an example into the editor and, where a key is there, runs it. A user's own text stays in its tab. */
export function useExample(): (example: Example) => void {
  const { addTab, run, setOperationFacts, stop, updateActiveTabValues } = useGraphiQLActions();
  const { queryEditor, variableEditor } = useGraphiQL((state) => ({
    queryEditor: state.queryEditor,
    variableEditor: state.variableEditor,
  }));
  return useCallback(
    ({ query }) => {
      if (!queryEditor) return;
      stop();
      if (!isReplaceable(queryEditor.getValue())) addTab();
      queryEditor.setValue(query);
      // The editor keeps the place of the last text, where the new one may have nothing to show.
      queryEditor.setPosition({ lineNumber: 1, column: 1 });
      queryEditor.setScrollPosition({ scrollTop: 0, scrollLeft: 0 });
      variableEditor?.setValue("");
      // The editor reads the operation's name a moment after an edit; it is sent at once.
      const documentAST = parse(query);
      const operations = documentAST.definitions.filter((node) => node.kind === "OperationDefinition");
      const operationName = operations[0]?.name?.value;
      setOperationFacts({ documentAST, operationName, operations });
      updateActiveTabValues({ query, variables: "", operationName: operationName ?? null });
      if (isSendable(loadApiKey())) run();
    },
    [addTab, queryEditor, run, setOperationFacts, stop, updateActiveTabValues, variableEditor],
  );
}
