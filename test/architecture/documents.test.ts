import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pages = globSync(["*.md", "{docs,specs,emulator}/**/*.md"], { cwd: root });
const read = (path: string) => readFileSync(join(root, path), "utf8");

/** The text without code, in which nothing is a link or a heading. */
function proseOf(page: string): string {
  return read(page)
    .replace(/^(`{3,}|~{3,})[\s\S]*?^\1/gm, "")
    .replace(/^ {4}.*/gm, "")
    .replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()]/g, ""));
}

/** The names under which a page's headings are linked to, as forges make them. */
function anchorsOf(page: string): string[] {
  return [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_\- ]/gu, "")
      .replaceAll(" ", "-"),
  );
}

function brokenLinks(page: string): string[] {
  const targets = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  return targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [path = "", anchor] = target.split("#");
    const file = path === "" ? page : normalize(join(dirname(page), path));
    if (!existsSync(join(root, file))) return true;
    return (
      anchor !== undefined && (!statSync(join(root, file)).isFile() || !anchorsOf(file).includes(anchor))
    );
  });
}

describe("the project's pages", () => {
  it("are found", () => {
    expect(pages).toEqual(expect.arrayContaining(["README.md", join("docs", "CONFIGURATION.md")]));
    expect(anchorsOf("README.md")).toContain("why-is-my-bot-silent");
  });

  it.each(pages)("%s links to nothing that is not there", (page) => {
    expect(brokenLinks(page)).toEqual([]);
  });
});

/** What the program prints, as its sources have it: joined where a text is divided over lines. */
const sources = globSync("src/**/*.ts", { cwd: root })
  .filter((path) => !path.endsWith(".test.ts"))
  .map((path) => read(path).replace(/["`] \+\s+["`]/g, ""))
  .join("\n");

describe.each(["docs/OPERATIONS.md", "docs/TROUBLESHOOTING.md"])("what %s quotes", (page) => {
  const quotes = [...read(page).matchAll(/“([^”]+)”/g)].map(([, text = ""]) => text.replace(/\s+/g, " "));

  it("is printed by the program", () => {
    expect(quotes.length).toBeGreaterThan(3);
    const invented = quotes
      .filter((text) => text !== "quotation marks")
      .filter((text) => text.split("…").some((part) => !sources.includes(part.trim())));
    expect(invented).toEqual([]);
  });
});
