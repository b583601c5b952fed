// Owns writing openclaw.plugin.json; run it after every change of the configuration schema.

import { writeFileSync } from "node:fs";
import { buildManifest } from "../src/openclaw/config/manifest.ts";

writeFileSync(
  new URL("../openclaw.plugin.json", import.meta.url),
  `${JSON.stringify(buildManifest(), null, 2)}\n`,
);
