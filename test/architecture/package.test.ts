import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { buildSourcePackage } from "../../scripts/source-package.ts";
import { ENVIRONMENT } from "../../src/openclaw/config/environment.ts";
import { buildManifest } from "../../src/openclaw/config/manifest.ts";
import { rocketchatConfigSchema } from "../../src/openclaw/config/schema.ts";
import { setupFields } from "../../src/openclaw/setup/contract.ts";
import { readSources } from "./imports.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const readJson = (path: string): unknown => JSON.parse(readFileSync(`${root}/${path}`, "utf8"));

describe("the manifest", () => {
  it("is what the schema says; `npm run manifest` writes it", () => {
    const { version } = z.object({ version: z.string() }).parse(readJson("package.json"));
    expect(readJson("openclaw.plugin.json")).toEqual(JSON.parse(JSON.stringify(buildManifest(version))));
  });
});

describe("the folder dev, from which the sources are loaded", () => {
  it("is the same plugin without the built entries; `npm run manifest` writes it", () => {
    expect(readJson("dev/openclaw.plugin.json")).toEqual(readJson("openclaw.plugin.json"));
    expect(readJson("dev/package.json")).toEqual(buildSourcePackage(readJson("package.json")));
  });

  it.each(["index.ts", "setup-entry.ts", "secret-contract-api.ts"])("hands on %s", (entry) => {
    expect(readFileSync(`${root}/dev/${entry}`, "utf8")).toMatch(
      new RegExp(`^export (\\{ default \\}|\\*) from "\\.\\./${entry}";$`, "m"),
    );
  });
});

describe("the package", () => {
  it("develops against the exact OpenClaw that it names as its floor", () => {
    expect(readJson("package.json")).toMatchObject({
      name: "rocket-chat-openclaw-integration",
      license: "MIT",
      type: "module",
      devDependencies: { openclaw: "2026.9.6" },
      peerDependencies: { openclaw: ">=2026.9.6" },
      peerDependenciesMeta: { openclaw: { optional: true } },
      openclaw: { channel: { id: "rocketchat" }, install: { minHostVersion: ">=2026.9.6" } },
    });
  });

  it("names the environment variables that configure an account", () => {
    const configuredState = { env: { allOf: Object.values(ENVIRONMENT) } };
    expect(readJson("package.json")).toMatchObject({ openclaw: { channel: { configuredState } } });
  });

  it("names the setup flags that the channel takes", () => {
    const fields = Object.entries(setupFields).map(([key, field]) => ({ key, ...field }));
    expect(readJson("package.json")).toMatchObject({ openclaw: { channel: { setup: { fields } } } });
  });

  it("needs nothing at run time, so that installing it fetches nothing", () => {
    expect(readJson("package.json")).not.toHaveProperty("dependencies");
  });
});

describe("the configuration schema", () => {
  const keys = Object.keys(rocketchatConfigSchema.schema.properties ?? {});
  const code = [...readSources(root)]
    .filter(
      ([path]) =>
        path.startsWith("src/") && !/\.test\.ts$|config\/(schema|shape\/account|ui-hints)\.ts$/.test(path),
    )
    .map(([, text]) => text)
    .join("\n");

  it.each(keys)("has a reader for %s", (key) => {
    expect(code).toMatch(new RegExp(`\\b${key}\\b`));
  });
});

describe("the log lines that the documentation names", () => {
  it("are written somewhere", () => {
    const code = [...readSources(root)]
      .filter(([path]) => path.startsWith("src/"))
      .map(([, source]) => source);
    const table = readFileSync(`${root}/specs/auth.md`, "utf8").split("Log lines begin")[1] ?? "";
    const names = [...table.matchAll(/^\| ((?:`[a-z ]+`(?:, )?)+)/gm)].flatMap(([, cell = ""]) =>
      [...cell.matchAll(/`([a-z ]+)`/g)].map(([, name = ""]) => name),
    );
    expect(names.length).toBeGreaterThan(10);
    const missing = names.filter((name) => !code.some((source) => source.includes(`("${name}"`)));
    expect(missing).toEqual([]);
  });
});
