import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { z } from "zod";
import { findObstacles, readSection } from "../../scripts/release.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => readFileSync(`${root}/${path}`, "utf8");
const published = read("package.json");
const PackageSchema = z.object({
  version: z.string(),
  homepage: z.string(),
  repository: z.object({ url: z.string() }),
  bugs: z.string(),
  author: z.string(),
  files: z.array(z.string()),
  openclaw: z.object({ channel: z.object({ docsPath: z.string() }) }),
});
const fields = PackageSchema.parse(JSON.parse(published));

it("reads the changelog's section of the version, and refuses another one's", () => {
  const changelog = "# Changelog\n\n## 1.2.0 (2026-12-01)\n\n- New\n- Mended\n\n## 1.1.0\n\n- Old\n";
  expect(readSection(changelog, "1.2.0")).toEqual({ heading: "1.2.0 (2026-12-01)", text: "- New\n- Mended" });
  expect(() => readSection(changelog, "1.3.0")).toThrow("package.json says 1.3.0");
  expect(readSection(read("CHANGELOG.md"), fields.version).text).not.toBe("");
});

it("lets nothing be published without its day and its owner", () => {
  expect(findObstacles("1.2.0 (2026-12-01)", "{}")).toEqual([]);
  expect(findObstacles("1.2.0 (unreleased)", "{}")).toHaveLength(1);
  expect(findObstacles("1.2.0 (2026-12-01)", '"https://github.com/OWNER/x"')).toHaveLength(1);
});

it("names where to look and where to report, and one owner in all of it", () => {
  for (const address of [fields.homepage, fields.repository.url, fields.bugs])
    expect(address).toContain("/rocket-chat-openclaw-integration");
  const owners = [...published.matchAll(/github\.com\/([^/]+)\//g)].map(([, owner]) => owner);
  expect(new Set(owners).size).toBe(1);
});

it("points at a page of OpenClaw's documentation that exists", () => {
  const { docsPath } = fields.openclaw.channel;
  const pages = [`${docsPath}.md`, `${docsPath}/index.md`];
  expect(pages.some((page) => existsSync(`${root}/node_modules/openclaw/docs${page}`))).toBe(true);
});

it("carries an icon where OpenClaw looks for one", () => {
  expect(fields.files).toContain("assets/**");
  const png = readFileSync(`${root}/assets/icon.png`);
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([512, 512]);
});
