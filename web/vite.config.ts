import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { lean, leanWorker } from "./plugins/lean.ts";
import { Licences } from "./plugins/licences.ts";
import { sourceHashes } from "./plugins/sources.ts";

const root = fileURLToPath(new URL(".", import.meta.url));
const dist = join(root, "dist");
const licences = new Licences(root);

// Where the server publishes dist/: the page's assets are at <base>assets/.
const base = process.env.TRENDGATE_WEB_BASE ?? "/graphql/";
if (!/^\/(.*\/)?$/.test(base)) throw new Error(`TRENDGATE_WEB_BASE must start and end with a slash, not be ${base}`);

export default defineConfig({
  root,
  base,
  publicDir: false,
  plugins: [
    lean(),
    licences.collect(),
    licences.write(join(dist, "THIRD_PARTY_LICENSES.txt")),
    sourceHashes(root, join(dist, "SOURCES.sha256")),
  ],
  worker: { format: "es", plugins: () => [leanWorker(), licences.collect()] },
  // Only index.html knows the base; scripts find their chunks, workers and fonts relative to themselves.
  experimental: {
    renderBuiltUrl: (_file, { hostType }) => (hostType === "html" ? undefined : { relative: true }),
  },
  build: {
    outDir: dist,
    target: "es2022",
    sourcemap: false,
    // An inlined font or script would need data: in the page's Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 3000,
    rolldownOptions: {
      onwarn(warning, warn) {
        // "use client" and the like: marks for servers that render React, of no meaning here.
        if (warning.code !== "MODULE_LEVEL_DIRECTIVE") warn(warning);
      },
    },
  },
});
