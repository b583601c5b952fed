import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  buildConfigurationPage,
  type ConfigKey,
  hintOf,
  listKeys,
} from "../../scripts/configuration-page.ts";
import {
  inspectAccount,
  listAccountIds,
  resolveDefaultAccountId,
} from "../../src/openclaw/config/account.ts";
import { LIVE_KEYS } from "../../src/openclaw/config/live-keys.ts";
import { rocketchatConfigSchema } from "../../src/openclaw/config/schema.ts";
import { channelUiHints, uiHints } from "../../src/openclaw/config/ui-hints.ts";
import { readSources } from "./imports.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const keys = listKeys();
const paths = keys.map(({ path }) => path);

/** Keys that OpenClaw reads by itself, or that name accounts and are no part of one. */
const READ_ELSEWHERE = [
  ...["ackReaction", "responsePrefix", "configWrites", "capabilities", "joinIntro"],
  ...["accounts", "defaultAccount"],
];

describe("every key of the configuration", () => {
  it("is found at all", () => {
    expect(paths).toEqual(expect.arrayContaining(["serverUrl", "rooms.*.tools", "catchUp.maxAgeMinutes"]));
  });

  it.each(paths)("%s has a label and a meaning for editors", (path) => {
    expect(hintOf(path)).toMatchObject({
      label: expect.stringMatching(/\w/),
      help: expect.stringMatching(/\w.*\.$/),
    });
  });

  it("has its hint in an account, too", () => {
    for (const path of paths.filter((key) => key !== "accounts" && key !== "defaultAccount"))
      expect(channelUiHints).toHaveProperty([`accounts.*.${path}`]);
  });

  it.each(keys.filter(({ path, node }) => !READ_ELSEWHERE.includes(path) && node.type !== "object"))(
    "$path changes what an account does",
    (key) => {
      const changed = sampleOf(key).map((value) => settingsWith(key.path, value));
      expect(changed.some((settings) => settings !== settingsWith(key.path, undefined))).toBe(true);
    },
  );

  it("is nothing that only hints know", () => {
    expect(Object.keys(uiHints).filter((path) => !paths.includes(path))).toEqual([]);
  });

  it("names accounts, and the one that is meant", () => {
    const cfg = { channels: { rocketchat: { defaultAccount: "two", accounts: { one: {}, two: {} } } } };
    expect(listAccountIds(cfg)).toEqual(["one", "two"]);
    expect(resolveDefaultAccountId(cfg)).toBe("two");
  });

  it("can be live only if there is such a key", () => {
    const words = new Set(paths.map((path) => path.split(".", 1)[0]));
    expect(LIVE_KEYS.filter((key) => !words.has(key))).toEqual([]);
  });
});

describe("what an account is set to", () => {
  const code = [...readSources(root)]
    .filter(
      ([path]) =>
        path.startsWith("src/") &&
        !/\.test\.ts$|config\/(?!faults|mention-patterns|room-tools)|^src\/settings/.test(path),
    )
    .map(([, text]) => text)
    .join("\n");

  it.each(Object.keys(inspectAccount({})))("has a reader for %s", (name) => {
    expect(code).toMatch(new RegExp(`\\b${name}\\b`));
  });
});

describe("docs/CONFIGURATION.md", () => {
  it("is what `npm run manifest` writes", () => {
    expect(readFileSync(`${root}/docs/CONFIGURATION.md`, "utf8")).toBe(buildConfigurationPage());
  });

  it.each(paths)("tells of %s", (path) => {
    expect(buildConfigurationPage()).toContain(`| \`${path}\` `);
  });
});

describe("an example of a configuration", () => {
  const SectionSchema = z.looseObject({ channels: z.looseObject({ rocketchat: z.unknown() }) });
  const examples = globSync(["README.md", "{docs,specs}/*.md"], { cwd: root }).flatMap((page) =>
    [...readFileSync(`${root}/${page}`, "utf8").matchAll(/^```json\n([\s\S]*?)^```/gm)].flatMap(
      ([, text = ""]) => {
        const section = SectionSchema.safeParse(JSON.parse(text)).data?.channels.rocketchat;
        return section === undefined ? [] : [{ page, section }];
      },
    ),
  );

  it("stands in the pages", () => {
    expect(examples.length).toBeGreaterThan(1);
  });

  it.each(examples)("of $page is one that OpenClaw takes", ({ section }) => {
    expect(rocketchatConfigSchema.runtime?.safeParse(section)).toMatchObject({ success: true });
  });
});

/** Values for a key, of which at least one is not its default. */
function sampleOf({ node }: ConfigKey): unknown[] {
  if (node.enum !== undefined) return node.enum;
  if (node.type === "boolean") return [true, false];
  if (node.type === "integer") return [(node.minimum ?? 0) + 1, node.minimum ?? 0];
  if (node.type === "array") return [["one"]];
  if (node.anyOf === undefined) return ["https://other.example.org", "other"];
  return ["other", ...node.anyOf.flatMap((one) => sampleOf({ path: "", node: constOf(one) }))];
}

/** A branch of `anyOf` whose value is fixed counts as an enumeration of one. */
function constOf(branch: unknown): ConfigKey["node"] {
  if (typeof branch !== "object" || branch === null) return {};
  return "const" in branch ? { enum: [branch.const] } : { ...branch };
}

/** The settings of an account with one key set; `*` in its path is a name of ours. */
function settingsWith(path: string, value: unknown): string {
  const names = path.replace("*", "any").split(".");
  const section = names.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
  const {
    rooms,
    dmHistoryLimits,
    bots: _,
    ...settings
  } = inspectAccount({ channels: { rocketchat: section } });
  return JSON.stringify({ ...settings, rooms: [...rooms], dmHistoryLimits: [...dmHistoryLimits] });
}
