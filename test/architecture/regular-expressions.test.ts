import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readSources } from "./imports.ts";
import { findExpressions, judgeExpression } from "./regular-expressions.ts";

process.env.RECHECK_BACKEND = "pure";

const sources = readSources(fileURLToPath(new URL("../..", import.meta.url)));
const expressions = [...sources]
  .filter(([path]) => /^(src\/|index|setup-entry)/.test(path) && !path.endsWith(".test.ts"))
  .flatMap(([path, text]) => findExpressions(path, text));
const judge = (code: string) => findExpressions("x.ts", code).map(judgeExpression);

describe("no regular expression takes more than linear time", () => {
  it("of those in the sources", () => {
    expect(expressions.length).toBeGreaterThan(80);
    const refused = expressions.flatMap((each) => {
      const reason = judgeExpression(each);
      return reason === undefined ? [] : [`${each.place} /${each.source}/${each.flags} ${reason}`];
    });
    expect(refused).toEqual([]);
    // Ten seconds of a processor that does nothing else.
  }, 300_000);

  it("and one that does is refused", () => {
    expect(judge("const a = /\\s+$/;")).toEqual(["takes time that is 2nd degree polynomial"]);
    expect(judge("const a = /^(?:a+)+$/;")).toEqual(["takes time that is exponential"]);
    expect(judge("const a = /(?<=b)c*c*c*$/;")).toEqual([expect.stringMatching(/polynomial/)]);
    expect(judge("const a = new RegExp(b);")).toEqual([expect.stringMatching(/run time/)]);
  });

  it("while one that does not is let through", () => {
    expect(judge("const a = /^[a-z]+$/; const b = /a{1,9}/g; const c = 'd+e+';")).toEqual([
      undefined,
      undefined,
    ]);
  });
});
