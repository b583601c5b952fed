import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { listTexts } from "../support/texts.ts";

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

/** The texts of the program: the literals of its sources, `…` where a value is filled in, joined where divided over lines. */
const texts = [
  ...new Set(
    globSync("src/**/*.ts", { cwd: root })
      .filter((path) => !path.endsWith(".test.ts"))
      .flatMap((path) => listTexts(read(path))),
  ),
];

/** Whether a text has all of a quote in its order; … in the quote stands for what differs. */
function hasQuote(text: string, quote: string): boolean {
  let from = 0;
  for (const part of quote.split("…").map((one) => one.trim())) {
    const at = text.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return true;
}

describe.each(["docs/OPERATIONS.md", "docs/TROUBLESHOOTING.md", "docs/UNATTENDED.md"])(
  "what %s quotes",
  (page) => {
    const quotes = [...read(page).matchAll(/“([^”]+)”/g)]
      .map(([, text = ""]) => text.replace(/\s+/g, " "))
      .filter((text) => text !== "quotation marks");

    it("is printed by the program, each in one text alone", () => {
      expect(quotes.length).toBeGreaterThan(page === "docs/UNATTENDED.md" ? 1 : 3);
      const found = quotes.map((quote) => [quote, texts.filter((text) => hasQuote(text, quote))] as const);
      expect(found.filter(([, having]) => having.length !== 1)).toEqual([]);
    });
  },
);

describe("the texts of a source", () => {
  it("are its literals, and neither its comments nor its names", () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a source with a template in it.
    const source = "// lacks this\nconst lacks = `a ${b(`c`)} d` + ' e' + f; say('two ' + 'parts');";
    expect(listTexts(source)).toEqual(["a … d e…", "c", "two parts"]);
  });

  it("have a quote whole and in its order", () => {
    expect(hasQuote("a key lacks … and more", "… lacks … more")).toBe(true);
    expect(hasQuote("more, which lacks", "lacks … more")).toBe(false);
  });
});
