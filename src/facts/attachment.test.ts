import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeCaptions, decodeFiles, nameFiles, showName } from "./attachment.ts";

const upload = (id: string, name: string, more: object = {}) => ({
  title: name,
  type: "file",
  title_link: `/file-upload/${id}/${encodeURIComponent(name)}`,
  title_link_download: true,
  ...more,
});

const file = (id: string, name: string, type: string) => ({ _id: id, name, type });

describe("the files of a message", () => {
  it("are those of its attachments, with the type that the server found (recording upload-text)", () => {
    const raw = {
      file: file("a", "notes.txt", "text/plain"),
      files: [file("a", "notes.txt", "text/plain")],
      attachments: [upload("a", "notes.txt", { description: null, format: "TXT", size: 11 })],
    };
    expect(decodeFiles(raw)).toEqual([
      { id: "a", name: "notes.txt", type: "text/plain", isEncrypted: false },
    ]);
  });

  it.each([
    ["8.3", { ...file("b", "thumb-p.png", "image/png"), typeGroup: "thumb" }],
    ["7.7", file("b", "thumb-p.png", "image/png")],
    ["6.5", file("b", "p.png", "image/png")],
  ])("are pictures and not their thumbnails on %s (recording upload-image-thumbnails)", (_, thumbnail) => {
    const original = file("a", "p.png", "image/png");
    const attachment = upload("a", "p.png", { image_url: "/file-upload/b/p.png", image_type: "image/png" });
    const files = [original, thumbnail];
    expect(decodeFiles({ file: original, files, attachments: [attachment] }).map(({ id }) => id)).toEqual([
      "a",
    ]);
    expect(decodeFiles({ file: original, files }).map(({ id }) => id)).toEqual(["a"]);
  });

  it("are several in their order", () => {
    const raw = { attachments: [upload("b", "2.txt"), upload("a", "1.txt"), upload("b", "2.txt")] };
    expect(decodeFiles(raw).map(({ id }) => id)).toEqual(["b", "a"]);
  });

  it("are never those of a quote, and never what lies elsewhere", () => {
    const quote = { ...upload("a", "x.png"), message_link: "https://chat.example/channel/general?msg=1" };
    const elsewhere = [
      { image_url: "https://files.example/file-upload/a/x.png" },
      { title_link: "//files.example/file-upload/a/x.png" },
      { title_link: "/api/v1/me?/file-upload/a/x" },
      { title_link: "/file-upload/../api/v1/me" },
    ];
    expect(decodeFiles({ attachments: [quote, ...elsewhere] })).toEqual([]);
  });

  it.each(["../x", "a/b", "", "a?b", "@host", 7, null])("have no id such as %j", (_id) => {
    expect(decodeFiles({ file: { _id, name: "x" }, files: [{ _id }] })).toEqual([]);
  });

  it("are said to be encrypted where they are", () => {
    const encrypted = { ...file("a", "x", "application/octet-stream"), content: { algorithm: "x" } };
    expect(decodeFiles({ files: [encrypted] })).toMatchObject([{ isEncrypted: true }]);
    expect(decodeFiles({ files: [{ ...encrypted, content: null }] })).toMatchObject([{ isEncrypted: false }]);
  });

  it("are looked for among the first thousand attachments, and no further", () => {
    const many = Array.from({ length: 1_200 }, (_, index) => upload(`id${index}`, "a.txt"));
    expect(decodeFiles({ attachments: many }).at(-1)?.id).toBe("id999");
    const files = many.map((_, index) => file(`id${index}`, `${index}.txt`, "text/plain"));
    expect(decodeFiles({ files }).at(-1)?.id).toBe("id999");
  });

  it("can be any JSON", () => {
    fc.assert(
      fc.property(
        fc.record({ file: fc.jsonValue(), files: fc.jsonValue(), attachments: fc.jsonValue() }),
        (raw) => {
          for (const { id } of decodeFiles(raw)) expect(id).toMatch(/^[\w-]{1,64}$/);
          decodeCaptions(raw);
        },
      ),
    );
  });
});

describe("captions", () => {
  it("are read whatever the file is called", () => {
    const file = upload("a", "file-upload", { description: "look" });
    expect([decodeCaptions({ attachments: [file] }), decodeFiles({ attachments: [file] })]).toMatchObject([
      ["look"],
      [{ id: "a" }],
    ]);
  });

  it("are the descriptions of files alone", () => {
    const attachments = [
      upload("a", "x.txt", { description: "look" }),
      { description: "no file", text: "t" },
    ];
    expect(decodeCaptions({ attachments })).toEqual(["look"]);
  });
});

describe("a file's name in words", () => {
  it("stays in its note, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 150 }), (name) => {
        const shown = showName(name);
        expect(shown).not.toMatch(/[\p{C}[\]<>"`\n\r\u2028\u2029]/u);
        expect(shown.length).toBeLessThanOrEqual(100);
      }),
    );
  });

  it("is the type where there is none", () => {
    const base = { id: "a", isEncrypted: false };
    expect(nameFiles([{ ...base, name: undefined, type: "image/png" }])).toBe("[file: image/png]");
    expect(nameFiles([{ ...base, name: "my plan.pdf", type: undefined }])).toBe("[file: my plan.pdf]");
  });
});
