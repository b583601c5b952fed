import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { condenseMessage } from "./condense.ts";
import { decodeMessage } from "./message.ts";

const stored = (raw: unknown): unknown => JSON.parse(JSON.stringify(condenseMessage(raw)));

const attachment = fc.record(
  {
    message_link: fc.string(),
    author_icon: fc.constantFrom("/avatar/alice", "/avatar/bob?x"),
    author_name: fc.string(),
    title: fc.string(),
    title_link: fc.constantFrom("/file-upload/abc/x.png", "/elsewhere"),
    description: fc.string(),
    image_url: fc.constantFrom("/file-upload/thumb/x.png"),
    image_type: fc.constantFrom("image/png"),
    image_preview: fc.string(),
    content: fc.jsonValue(),
    text: fc.string(),
    attachments: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
const file = fc.record({
  _id: fc.constantFrom("abc", "def", "thumb"),
  name: fc.string(),
  type: fc.constantFrom("image/png", "text/plain"),
  typeGroup: fc.constantFrom("thumb", "image"),
  encryption: fc.jsonValue(),
});
const document = fc.record(
  {
    _id: fc.constant("m1"),
    rid: fc.constant("r1"),
    msg: fc.string(),
    ts: fc.constant({ $date: 1 }),
    _updatedAt: fc.constant({ $date: 2 }),
    u: fc.constant({ _id: "alice", username: "alice", name: "Alice" }),
    t: fc.constantFrom("e2e", "uj"),
    tmid: fc.string(),
    bot: fc.jsonValue(),
    mentions: fc.array(
      fc.record({ _id: fc.string(), type: fc.constantFrom("user", "team"), name: fc.string() }),
    ),
    editedAt: fc.jsonValue(),
    editedBy: fc.constantFrom({ _id: "bob" }, null),
    attachments: fc.array(attachment),
    files: fc.array(file),
    file,
    md: fc.jsonValue(),
    urls: fc.jsonValue(),
    reactions: fc.jsonValue(),
  },
  { requiredKeys: ["_id", "rid", "ts", "u"] },
);
/** As it is after it was written as JSON, which has no -0. */
const written = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("a condensed message", () => {
  it("says the same as the whole document", () => {
    fc.assert(
      fc.property(document.map(written), (raw) => {
        expect(decodeMessage(stored(raw))).toEqual(decodeMessage(raw));
      }),
    );
    fc.assert(
      fc.property(
        fc.jsonValue().map(written),
        (raw) => void expect(decodeMessage(stored(raw))).toEqual(decodeMessage(raw)),
      ),
    );
  });

  it("says the same for every message of the recordings", () => {
    const folder = new URL("../../test/fixtures/recordings/", import.meta.url);
    const files = readdirSync(folder).filter((name) => name.endsWith(".gz"));
    let messages = 0;
    const visit = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      const whole = decodeMessage(value);
      if (whole !== undefined) {
        messages += 1;
        expect(decodeMessage(stored(value))).toEqual(whole);
      }
      for (const part of Object.values(value)) visit(part);
    };
    for (const name of files) {
      const lines = gunzipSync(readFileSync(new URL(name, folder)))
        .toString("utf8")
        .trim()
        .split("\n");
      for (const line of lines) visit(JSON.parse(line));
    }
    expect(messages).toBeGreaterThan(100);
  });

  it("has none of what the message brings along", () => {
    const large = "x".repeat(100_000);
    const quote = {
      message_link: "https://chat.example/?msg=m0",
      author_name: "alice",
      text: large,
      attachments: [large],
    };
    const raw = {
      _id: "m1",
      rid: "r1",
      msg: "hello",
      ts: { $date: 1 },
      u: { _id: "alice" },
      md: [{ type: "PARAGRAPH", value: large }],
      urls: [{ url: "https://example.com", meta: { description: large } }],
      reactions: { ":+1:": { usernames: [large] } },
      attachments: [quote, { title_link: "/file-upload/abc/x.png", image_preview: large }],
    };
    expect(JSON.stringify(stored(raw)).length).toBeLessThan(500);
  });
});
