// Owns the build: the entries bundled into dist, with OpenClaw left to the host.

import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "rolldown";

/** zod and the names of emoji are bundled, so that installing the package fetches nothing; their licences go with them. */
const licenses: Plugin = {
  name: "licenses",
  generateBundle() {
    for (const [name, file] of [
      ["zod", "LICENSE"],
      ["emoji-toolkit", "LICENSE.md"],
    ]) {
      const source = readFileSync(new URL(`node_modules/${name}/${file}`, import.meta.url), "utf8");
      this.emitFile({ type: "asset", fileName: `LICENSE-${name}.txt`, source });
    }
  },
};

export default defineConfig({
  input: ["index.ts", "setup-entry.ts", "secret-contract-api.ts"],
  platform: "node",
  plugins: [licenses],
  external: [/^openclaw(\/|$)/, /^node:/],
  output: { dir: "dist", format: "esm", cleanDir: true, chunkFileNames: "chunks/[name]-[hash].js" },
});
