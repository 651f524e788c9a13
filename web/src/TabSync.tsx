import { useGraphiQL } from "@graphiql/react";
import { useEffect } from "react";
import type { Exchanges } from "./exchanges.ts";

/** Tells the store which tab is shown. Draws nothing; it only has to be somewhere inside GraphiQL. */
export function TabSync({ exchanges }: { exchanges: Exchanges }) {
  const ids = useGraphiQL((state) => state.tabs.map((tab) => tab.id).join(" "));
  const active = useGraphiQL((state) => state.tabs[state.activeTabIndex]?.id ?? "");
  useEffect(() => exchanges.show(active, ids.split(" ")), [exchanges, active, ids]);
  return null;
}
