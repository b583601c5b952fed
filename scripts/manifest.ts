// Owns writing what follows from the configuration schema and package.json; run it after every change of these.

import { readFileSync, writeFileSync } from "node:fs";
import { buildManifest } from "../src/openclaw/config/manifest.ts";
import { buildConfigurationPage } from "./configuration-page.ts";
import { buildParityPage } from "./parity-page.ts";
import { buildSourcePackage } from "./source-package.ts";

const at = (path: string) => new URL(`../${path}`, import.meta.url);
const writeJson = (path: string, value: unknown) =>
  writeFileSync(at(path), `${JSON.stringify(value, null, 2)}\n`);

const published = JSON.parse(readFileSync(at("package.json"), "utf8"));
const manifest = buildManifest(published.version);

writeJson("openclaw.plugin.json", manifest);
writeJson("dev/openclaw.plugin.json", manifest);
writeJson("dev/package.json", buildSourcePackage(published));
writeFileSync(at("docs/CONFIGURATION.md"), buildConfigurationPage());
writeFileSync(at("docs/PARITY.md"), buildParityPage());
