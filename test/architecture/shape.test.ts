import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readSources } from "./imports.ts";
import { findCircles, findFullFolders, measureFunctions, percentile90 } from "./shape.ts";

const MAX_LINES = 60;
const MAX_P90 = 18;
const MAX_FILES = 16;

const sources = readSources(fileURLToPath(new URL("../..", import.meta.url)));
const sizes = [...sources]
  .filter(([path]) => /^(src|emulator|demo|bench)\//.test(path) && !path.endsWith(".test.ts"))
  .flatMap(([path, source]) => measureFunctions(path, source));

const longFunction = (lines: number) =>
  `const table = {\n  long() {\n${"    act();\n".repeat(lines - 2)}  },\n};\n`;

describe("a function", () => {
  it(`has at most ${MAX_LINES} lines`, () => {
    expect(sizes.filter(({ lines }) => lines > MAX_LINES)).toEqual([]);
  });

  it(`has at most ${MAX_P90} lines in nine of ten cases in src`, () => {
    expect(percentile90(sizes.filter(({ path }) => path.startsWith("src/")))).toBeLessThanOrEqual(MAX_P90);
  });

  it("is measured wherever it stands", () => {
    expect(measureFunctions("a.ts", longFunction(61))).toEqual([
      { path: "a.ts", line: 2, name: "long", lines: 61 },
    ]);
    const source =
      "class A { static b = () => {\n}; }\nexport default function () {\n  return function c() {};\n}\n";
    expect(measureFunctions("a.ts", source).map(({ name, lines }) => `${name} ${lines}`)).toEqual([
      "b 2",
      " 3",
      "c 1",
    ]);
  });

  it("of the longest tenth gives the ninetieth percentile", () => {
    const sized = Array.from({ length: 10 }, (_, index) => ({ path: "", line: 1, name: "", lines: index }));
    expect(percentile90(sized)).toBe(9);
  });
});

describe("imports", () => {
  it("run in no circle, those of types included", () => {
    expect(findCircles(sources)).toEqual([]);
  });

  it("of a circle are found, however it is closed", () => {
    const circle = new Map([
      ["src/a.ts", 'import type { B } from "./b.ts";'],
      ["src/b.ts", 'export { c } from "./c.ts";'],
      ["src/c.ts", 'const a = await import("./a.ts");'],
      ["src/d.ts", 'import "./a.ts";'],
    ]);
    expect(findCircles(circle)).toEqual([["src/a.ts", "src/b.ts", "src/c.ts"]]);
  });
});

describe("a folder", () => {
  it(`holds at most ${MAX_FILES} files besides tests`, () => {
    expect(findFullFolders(sources.keys(), MAX_FILES)).toEqual([]);
  });

  it("that is too full is named", () => {
    const paths = ["src/a/b.ts", "src/a/c.ts", "src/a/d.test.ts", "src/e.ts"];
    expect(findFullFolders(paths, 1)).toEqual(["src/a: 2"]);
  });
});
