import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { drawPicture } from "../../scripts/picture.ts";
import { readSources } from "./imports.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

it("docs/architecture.svg shows the imports as they are; `node scripts/picture.ts` draws it", () => {
  expect(readFileSync(`${root}/docs/architecture.svg`, "utf8")).toBe(drawPicture(readSources(root)));
});

it("an import that leads upwards cannot be drawn", () => {
  const upwards = new Map([["src/facts/x.ts", 'import { a } from "../rest/client.ts";']]);
  expect(() => drawPicture(upwards)).toThrow("src/facts src/rest: an import leads upwards");
});
