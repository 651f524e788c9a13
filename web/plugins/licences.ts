import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

type Manifest = { name: string; version: string; license?: string };

const LICENCE_FILE = /^(licen[cs]e|notice|copying|thirdpartynotices)/i;
// The bundler's own licence file goes on with those of packages that stay on the builder's machine.
const BUNDLER_ONLY = /^#+ Licenses of bundled dependencies/m;

/** Collects which packages end up in the page and in its workers, and writes their licences beside the page. */
export class Licences {
  readonly #root: string;
  readonly #folders = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  /** For the page's build and for the workers' builds, which are separate. */
  collect(): Plugin {
    return {
      name: "collect-licences",
      generateBundle: (_options, bundle) => {
        for (const output of Object.values(bundle)) {
          if (output.type === "chunk") output.moduleIds.forEach((id) => this.#add(id));
        }
      },
    };
  }

  /** For the page's build only: it ends after those of the workers. */
  write(file: string): Plugin {
    return {
      name: "write-licences",
      closeBundle: () => writeFileSync(file, this.#text()),
    };
  }

  #add(id: string): void {
    const helper = /^\0(vite|rolldown)\//.exec(id)?.[1];
    const module = /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/?]+)/.exec(id)?.[1];
    const folder = helper ? join(this.#root, "node_modules", helper) : module;
    if (folder) this.#folders.add(folder);
  }

  // Many packages of one author share one text, word for word; it is printed once.
  #text(): string {
    const packagesByText = new Map<string, string[]>();
    for (const { title, text } of [...this.#folders].map(describe).sort((a, b) => (a.title < b.title ? -1 : 1))) {
      packagesByText.set(text, [...(packagesByText.get(text) ?? []), title]);
    }
    // One package may lie in several folders.
    const parts = [...packagesByText].map(([text, titles]) => `${[...new Set(titles)].join("\n")}\n\n${text}\n`);
    const head = "The page contains code of these packages, under the licences that follow.\n";
    return [head, ...parts].join(`\n${"-".repeat(80)}\n\n`);
  }
}

function describe(folder: string): { title: string; text: string } {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  const { name, version, license } = manifest;
  if (!license) throw new Error(`${name} declares no licence`);
  const texts = listLicences(folder)
    .map((entry) => readFileSync(join(folder, entry), "utf8").replaceAll("\r\n", "\n"))
    .map((text) => (text.split(BUNDLER_ONLY)[0] ?? "").trim());
  const text = texts.join("\n\n") || `Declared as ${license} by the package, which carries no text of it.`;
  return { title: `${name} ${version} (${license})`, text };
}

// Some packages keep a folder with the licences of what they contain in turn.
function listLicences(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => LICENCE_FILE.test(entry.name))
    .flatMap((entry) =>
      entry.isFile() ? [entry.name] : readdirSync(join(folder, entry.name)).map((name) => join(entry.name, name)),
    )
    .sort();
}
