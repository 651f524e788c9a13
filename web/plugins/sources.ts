import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import type { Plugin } from "vite";

// Everything that decides the bytes of the build. tests/web/test_dist.py reads the same list from disk.
const FOLDERS = ["plugins", "src"];
const FILES = ["index.html", "package-lock.json", "package.json", "tsconfig.json", "vite.config.ts"];

/** Writes the hash of every source beside the page (for sha256sum -c), so that a stale build shows. */
export function sourceHashes(root: string, file: string): Plugin {
  return {
    name: "source-hashes",
    closeBundle() {
      const paths = [...FILES, ...FOLDERS.flatMap((folder) => listFiles(root, folder))].sort();
      writeFileSync(file, paths.map((path) => `${hash(join(root, path))}  ${path}\n`).join(""));
    },
  };
}

function listFiles(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"));
}

function hash(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
