import type { GraphiQLPlugin } from "@graphiql/react";
import type { Exchanges } from "../exchanges.ts";
import { ChartIcon } from "./ChartIcon.tsx";
import { ChartPanel } from "./ChartPanel.tsx";

/** The panel that draws the trends of the last answer. */
export function chartPlugin(exchanges: Exchanges): GraphiQLPlugin {
  return {
    title: "Chart",
    icon: ChartIcon,
    content: () => <ChartPanel exchanges={exchanges} />,
  };
}
