import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { buildParityPage } from "../../scripts/parity-page.ts";
import { PARITY } from "../../scripts/parity-table.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string): string => readFileSync(`${root}/${path}`, "utf8");
const rows = PARITY.flatMap((part) => part.rows);

/** Whether a title is given to a test of a source, at the beginning of its call or on a line of its own. */
function hasTest(source: string, title: string): boolean {
  const given = [`"${title}"`, `\`${title}\``];
  return given.some((text) => source.includes(`(${text}`) || source.includes(`(\n  ${text},`));
}

describe("what stands beside Slack's channel", () => {
  it.each(rows)("$slack", ({ standing }) => {
    const proofs = "proofs" in standing ? standing.proofs : [];
    expect(proofs.filter(({ file, title }) => !hasTest(read(file), title))).toEqual([]);
    if (standing.kind === "open") expect(standing.what).toMatch(/^not built yet/);
  });

  it("is told once each", () => {
    const told = rows.map(({ slack }) => slack);
    expect(told.filter((slack, index) => told.indexOf(slack) !== index)).toEqual([]);
  });

  it("is told in docs/PARITY.md as `npm run manifest` writes it", () => {
    expect(read("docs/PARITY.md")).toBe(buildParityPage());
  });
});
