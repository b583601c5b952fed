// Owns writing openclaw.plugin.json and docs/CONFIGURATION.md; run it after every change of the configuration schema.

import { writeFileSync } from "node:fs";
import { buildManifest } from "../src/openclaw/config/manifest.ts";
import { buildConfigurationPage } from "./configuration-page.ts";

const write = (path: string, text: string) => writeFileSync(new URL(`../${path}`, import.meta.url), text);

write("openclaw.plugin.json", `${JSON.stringify(buildManifest(), null, 2)}\n`);
write("docs/CONFIGURATION.md", buildConfigurationPage());
