import { GraphiQL } from "graphiql";
import { useCallback, useEffect, useMemo, useState } from "react";
import { ApiKeyBar, type KeyStatus } from "./ApiKeyBar";
import { isSendable, loadApiKey, saveApiKey } from "./apiKey";
import { type Answer, checkApiKey, createKeyFetcher, type KeyCheck } from "./fetcher";
import { SAMPLE_QUERY, SAMPLE_VARIABLES } from "./sample";
import { hasStoredTabs, openStorage } from "./storage";

const storage = openStorage();
// Read once: GraphiQL stores its tabs as soon as it starts, and the sample is for a first visit only.
const firstTab = hasStoredTabs(storage)
  ? {}
  : { initialQuery: SAMPLE_QUERY, initialVariables: SAMPLE_VARIABLES };

export function App() {
  const [key, setKey] = useState(loadApiKey);
  const [check, setCheck] = useState<KeyCheck | null>(null);
  const [answer, setAnswer] = useState<Answer | null>(null);

  const applyKey = useCallback((next: string) => {
    saveApiKey(next);
    setCheck(null);
    setAnswer(null);
    setKey(next);
  }, []);

  useEffect(() => {
    if (!isSendable(key)) return;
    const controller = new AbortController();
    checkApiKey(key, controller.signal).then(
      (outcome) => {
        if (!controller.signal.aborted) setCheck(outcome);
      },
      () => undefined, // aborted: a newer key is being checked
    );
    return () => controller.abort();
  }, [key]);

  // A new fetcher makes GraphiQL read the schema again, which a new key may change.
  const fetcher = useMemo(() => {
    let current = true;
    const report = (next: Answer) => {
      if (current) setAnswer((last) => (next.verdict === "nothing" && last?.source === next.source ? last : next));
    };
    return { send: createKeyFetcher(key, report), retire: () => void (current = false) };
  }, [key]);
  useEffect(() => fetcher.retire, [fetcher]);

  return (
    <>
      <ApiKeyBar apiKey={key} status={keyStatus(key, check, answer)} onApply={applyKey} />
      <main className="page-editor">
        <GraphiQL
          fetcher={fetcher.send}
          // The type leaves out null, by which GraphiQL keeps nothing.
          storage={storage as Storage}
          defaultQuery=""
          defaultEditorToolsVisibility="variables"
          shouldPersistHeaders={false}
          {...firstTab}
        >
          <GraphiQL.Logo>
            <></>
          </GraphiQL.Logo>
        </GraphiQL>
      </main>
    </>
  );
}

/** The last answer weighs more than the check made when the key was entered: keys come and go. */
function keyStatus(key: string, check: KeyCheck | null, answer: Answer | null): KeyStatus {
  const refused = answer?.verdict === "refused";
  if (answer?.source === "headers") return { kind: refused ? "headersRefused" : "headersUsed" };
  if (!key) return { kind: refused ? "required" : "missing" };
  if (!isSendable(key)) return { kind: "malformed" };
  if (refused) return { kind: "refused" };
  if (check?.outcome === "accepted") return { kind: "accepted", label: check.label };
  if (answer?.verdict === "worked") return { kind: "accepted", label: "" };
  if (!check) return { kind: "checking" };
  return { kind: check.outcome === "refused" ? "refused" : "unchecked" };
}
