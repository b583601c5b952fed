// Owns the build: the entries bundled into dist, with OpenClaw left to the host.

import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type OutputOptions, type Plugin } from "rolldown";
import { ACCOUNT_SHAPE } from "./src/openclaw/config/shape/account.ts";
import { EMOJI_TABLE } from "./src/outbound/emoji-table.ts";

/** Packages of which data goes into the bundle by a way of its own. */
const COPIED = ["emoji-toolkit"].map((name) =>
  fileURLToPath(new URL(`node_modules/${name}`, import.meta.url)),
);

/** Values that the package carries finished, by the end of the path of the module that makes them, and its export. */
const FINISHED: readonly [string, string, unknown][] = [
  // In place of two megabytes of names.
  ["/src/outbound/emoji-table.ts", "EMOJI_TABLE", EMOJI_TABLE],
  // In place of zod: the entry that OpenClaw loads on most commands reads the configuration without it.
  ["/src/openclaw/config/shape/account.ts", "ACCOUNT_SHAPE", ACCOUNT_SHAPE],
];

const finished: Plugin = {
  name: "finished",
  load(id) {
    const [, name, value] = FINISHED.find(([path]) => id.endsWith(path)) ?? [];
    return name === undefined ? null : `export const ${name} = ${JSON.stringify(value)};`;
  },
};

/** Libraries are bundled, so that installing the package fetches nothing; their licences go with them. */
const licenses: Plugin = {
  name: "licenses",
  generateBundle(_, bundle) {
    const modules = Object.values(bundle).flatMap((output) =>
      output.type === "chunk" ? output.moduleIds : [],
    );
    const folders = new Set(
      modules.flatMap((id) => /^.*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? []),
    );
    const texts = [...folders, ...COPIED]
      .sort()
      .map((folder) => `${basename(folder)}\n\n${readLicense(folder)}`);
    this.emitFile({
      type: "asset",
      fileName: "LICENSES.txt",
      source: texts.join(`\n\n${"-".repeat(72)}\n\n`),
    });
  },
};

/** Throws when a package has none: then it must not be bundled. */
function readLicense(folder: string): string {
  const name = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
  if (name === undefined) throw new Error(`${folder} has no licence file`);
  return readFileSync(join(folder, name), "utf8").trim();
}

/** Comments are a fifth of what would be installed; they stand in the sources. */
const output: OutputOptions = {
  dir: "dist",
  format: "esm",
  cleanDir: true,
  chunkFileNames: "chunks/[name]-[hash].js",
  comments: false,
};

export default defineConfig({
  input: ["index.ts", "setup-entry.ts", "secret-contract-api.ts"],
  platform: "node",
  plugins: [finished, licenses],
  external: [/^openclaw(\/|$)/, /^node:/],
  output,
});
