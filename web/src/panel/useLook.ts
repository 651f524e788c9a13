import { useGraphiQL } from "@graphiql/react";
import { useMemo, useSyncExternalStore } from "react";
import { type Look, lookOf } from "../trends/palette.ts";

const prefersDark = matchMedia("(prefers-color-scheme: dark)");

/** Colours that fit GraphiQL's theme, which is the system's where the user chose none. */
export function useLook(): Look {
  const theme = useGraphiQL((state) => state.theme);
  const systemIsDark = useSyncExternalStore(listen, () => prefersDark.matches);
  const isDark = theme ? theme === "dark" : systemIsDark;
  return useMemo(() => lookOf(isDark), [isDark]);
}

function listen(onChange: () => void): () => void {
  prefersDark.addEventListener("change", onChange);
  return () => prefersDark.removeEventListener("change", onChange);
}
