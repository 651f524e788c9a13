import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const source = (name: string): string => fileURLToPath(new URL(`../src/${name}`, import.meta.url));

const MONO_FONTS = 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace';

/** Swaps the heavy parts of GraphiQL that this page can do without; fails when GraphiQL no longer has them. */
export function lean(): Plugin {
  const swapped = new Set<string>();
  return {
    name: "lean",
    enforce: "pre",
    resolveId(id, importer = "") {
      if (id.endsWith("/vs/editor/edcore.main.js") && importer.includes("/monaco-graphql/")) {
        swapped.add("monaco");
        return source("monaco.ts");
      }
      if (id.startsWith("prettier/") && importer.endsWith("/@graphiql/react/dist/utility/jsonc.js")) {
        swapped.add("prettier");
        return source("formatJson.ts");
      }
      // The same code as prettier/plugins/graphql, in a format that cannot share its chunk.
      if (id === "prettier/parser-graphql") return this.resolve("prettier/plugins/graphql", importer);
      return null;
    },
    transform(code, id) {
      if (!id.endsWith("/@graphiql/react/dist/utility/create-editor.js")) return null;
      const [family, size] = ['"\\"Fira Code\\""', "fontSize: 15"];
      if (code.includes(family) && code.includes(size)) swapped.add("font");
      // Smaller than GraphiQL's own, so that the lines of a query fit between the chart and the answer.
      return { code: code.replace(family, JSON.stringify(MONO_FONTS)).replace(size, "fontSize: 13"), map: null };
    },
    buildEnd(error) {
      if (error) return;
      const missing = ["monaco", "prettier", "font"].filter((part) => !swapped.has(part));
      if (missing.length) throw new Error(`GraphiQL has changed: nothing to swap for ${missing.join(", ")}`);
    },
  };
}

/** For the workers: the page formats queries itself, so theirs never do, and need no prettier. */
export function leanWorker(): Plugin {
  return {
    name: "lean-worker",
    enforce: "pre",
    resolveId: (id) => (id.startsWith("prettier/") ? source("noFormatter.ts") : null),
  };
}
