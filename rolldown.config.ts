// Owns the build: the entries bundled into dist, with OpenClaw left to the host.

import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "rolldown";

/** zod is bundled, so that installing the package fetches nothing; its licence goes with it. */
const zodLicense: Plugin = {
  name: "zod-license",
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
  plugins: [zodLicense],
  external: [/^openclaw(\/|$)/, /^node:/],
  output: { dir: "dist", format: "esm", cleanDir: true, chunkFileNames: "chunks/[name]-[hash].js" },
});
