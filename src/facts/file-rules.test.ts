import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readFileRules, refuseFile, safeFileName } from "./file-rules.ts";

const rules = (settings: object = {}) => readFileRules(new Map(Object.entries(settings)));
const file = { name: "a.txt", type: "text/plain", size: 10, isDirect: false };

describe("what a server takes", () => {
  it("is everything but SVG where it says nothing", () => {
    expect(refuseFile(rules(), file)).toBeUndefined();
    expect(refuseFile(rules(), { ...file, type: "image/svg+xml" })).toMatch(/type/);
    expect(refuseFile(rules(), { ...file, name: "chart.SVG", type: undefined })).toMatch(/type/);
  });

  it.each([
    [{ FileUpload_Enabled: false }, {}, /turned off on this server/],
    [{ FileUpload_Enabled_Direct: false }, { isDirect: true }, /turned off in direct messages/],
    [{ FileUpload_MaxFileSize: 9 }, {}, /larger than this server takes/],
    [{}, { size: 0 }, /empty/],
    [{ FileUpload_MediaTypeBlackList: "text/*" }, {}, /type/],
    [{ FileUpload_MediaTypeWhiteList: "image/*, application/pdf" }, {}, /type/],
  ])("is less under %j", (settings, change, reason) => {
    expect(refuseFile(rules(settings), { ...file, ...change })).toMatch(reason);
  });

  it.each([
    [{ FileUpload_MaxFileSize: 10 }, {}],
    [{ FileUpload_MaxFileSize: -1 }, { size: 10 ** 9 }],
    [{ FileUpload_Enabled_Direct: false }, {}],
    [{ FileUpload_MediaTypeWhiteList: "text/plain" }, {}],
  ])("is enough under %j", (settings, change) => {
    expect(refuseFile(rules(settings), { ...file, ...change })).toBeUndefined();
  });

  it("can be any JSON and any type", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.string(),
        fc.string(),
        (settings, name, type) => {
          refuseFile(rules(settings), { ...file, name, type });
        },
      ),
    );
  });
});

describe("a name to send under", () => {
  it.each([
    ["../../etc/passwd", "passwd"],
    ["C:\\temp\\report.pdf", "report.pdf"],
    ['say "hi".txt', "say 'hi'.txt"],
    ["line\r\nbreak.txt", "linebreak.txt"],
    [".hidden", "hidden"],
    ["", "file"],
    ["größe ✓.png", "größe ✓.png"],
  ])("of %j is %j", (name, shown) => {
    expect(safeFileName(name)).toBe(shown);
  });

  it("neither leaves its header nor its folder, and is never too long or empty", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), (name) => {
        const shown = safeFileName(name);
        expect(shown).not.toMatch(/[/\\"\r\n\0]/);
        expect(shown).not.toMatch(/^\.|^$/);
        expect([...shown].length).toBeLessThanOrEqual(140);
      }),
    );
  });
});
