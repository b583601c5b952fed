import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { uiHints } from "../../src/openclaw/config/ui-hints.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const NodeSchema = z.looseObject({ properties: z.record(z.string(), z.unknown()).optional() });
const ManifestSchema = z.looseObject({
  channelConfigs: z.looseObject({ rocketchat: z.looseObject({ schema: NodeSchema }) }),
});
const manifest = ManifestSchema.parse(JSON.parse(readFileSync(`${root}/openclaw.plugin.json`, "utf8")));
const page = readFileSync(`${root}/docs/CONFIGURATION.md`, "utf8");

/** The keys of one account, objects with named members taken apart: `dm.enabled`. */
function keysOf(schema: unknown, prefix = ""): string[] {
  const { properties } = NodeSchema.parse(schema);
  if (properties === undefined) return [prefix];
  return Object.entries(properties).flatMap(([key, value]) =>
    key === "accounts" ? [] : keysOf(value, prefix === "" ? key : `${prefix}.${key}`),
  );
}

const keys = keysOf(manifest.channelConfigs.rocketchat.schema).filter(
  (key) => !key.startsWith("pat") && key !== "defaultAccount",
);

describe("every key of the configuration", () => {
  it("is found at all", () => {
    expect(keys).toEqual(expect.arrayContaining(["serverUrl", "dm.groupRooms", "catchUp.maxAgeMinutes"]));
  });

  it.each(keys)("%s stands in docs/CONFIGURATION", (key) => {
    expect(page.includes(`\`${key}\``) || page.includes(`\`.${key.split(".").at(-1)}\``)).toBe(true);
  });

  it.each(keys.filter((key) => !["enabled", "name"].includes(key)))("%s has a label for editors", (key) => {
    const hinted = Object.keys(uiHints).some((hint) => hint === key || key.startsWith(`${hint}.`));
    expect(hinted).toBe(true);
  });
});
