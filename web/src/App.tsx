import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import type { TabsState } from "@graphiql/react";
import { GraphiQL } from "graphiql";
import { useCallback, useEffect, useMemo, useState } from "react";
import { ApiKeyBar, type KeyStatus } from "./ApiKeyBar.tsx";
import { cleanApiKey, isSendable, loadApiKey, saveApiKey } from "./apiKey.ts";
import { EditorSetup } from "./EditorSetup.tsx";
import { type Answer, checkApiKey, createKeyFetcher, type KeyCheck } from "./fetcher.ts";
import { FIRST_EXAMPLE } from "./examples/examples.ts";
import { Exchanges } from "./exchanges.ts";
import { chartPlugin } from "./panel/plugin.tsx";
import { followLinks, takeLink } from "./share/link.ts";
import { ShareMenu } from "./share/ShareMenu.tsx";
import { hasStoredTabs, openStorage, setWidths } from "./storage.ts";

const exchanges = new Exchanges();
const chart = chartPlugin(exchanges);
const plugins = [chart, HISTORY_PLUGIN];

// Called before a tab, also a new one, sends an operation.
const showTab = ({ tabs, activeTabIndex }: TabsState) =>
  exchanges.show(tabs[activeTabIndex]?.id ?? "", tabs.map((tab) => tab.id));

const storage = openStorage();
// Read once: GraphiQL stores its tabs as soon as it starts, and what a first visit shows is for that visit only.
const isFirstVisit = !hasStoredTabs(storage);
const link = takeLink();
if (link.key) saveApiKey(cleanApiKey(link.key));
followLinks();
const firstVisit = isFirstVisit ? { initialQuery: FIRST_EXAMPLE.query, visiblePlugin: chart } : {};
// A linked query is not run: it is someone else's, and would run with the key of the one who opens it.
const linked =
  link.query === null ? {} : { initialQuery: link.query, initialVariables: link.variables ?? "", visiblePlugin: chart };
if (isFirstVisit) setWidths(storage);

export function App() {
  const [key, setKey] = useState(() => loadApiKey() || cleanApiKey(link.key));
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
    return { send: createKeyFetcher(key, report, exchanges), retire: () => void (current = false) };
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
          defaultEditorToolsVisibility={false}
          shouldPersistHeaders={false}
          plugins={plugins}
          onTabChange={showTab}
          {...firstVisit}
          {...linked}
        >
          <GraphiQL.Logo>
            <EditorSetup />
          </GraphiQL.Logo>
          <GraphiQL.Toolbar>
            {({ prettify, merge, copy }) => (
              <>
                {prettify}
                {merge}
                {copy}
                <ShareMenu />
              </>
            )}
          </GraphiQL.Toolbar>
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
