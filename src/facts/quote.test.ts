import { describe, expect, it } from "vitest";
import { quotedMessageId, withoutQuoteLinks } from "./quote.ts";

const link = "[ ](https://chat.example.org/group/ops?msg=abc123)";

describe("a quote", () => {
  // The text of the recording `quote`.
  it("is told by its link, which the agent is not shown", () => {
    const message = { text: `${link} my comment`, quotedUsernames: ["alice"] };
    expect(quotedMessageId(message)).toBe("abc123");
    expect(withoutQuoteLinks(message)).toBe("my comment");
  });

  it("may be one of several", () => {
    const message = {
      text: `${link} ${link.replace("abc123", "def4")} both`,
      quotedUsernames: ["alice", "bob"],
    };
    expect(quotedMessageId(message)).toBe("abc123");
    expect(withoutQuoteLinks(message)).toBe("both");
  });

  it.each([
    ["the server drew none", `${link} hello`, []],
    ["the link has a label", "[see](https://chat.example.org/group/ops?msg=abc) hello", ["alice"]],
    ["the link is of no message", "[ ](https://chat.example.org/group/ops) hello", ["alice"]],
    ["there is no link", "hello", ["alice"]],
  ])("is none where %s", (_, text, quotedUsernames) => {
    expect(quotedMessageId({ text, quotedUsernames })).toBeUndefined();
    expect(withoutQuoteLinks({ text, quotedUsernames })).toBe(text);
  });

  it.each(["?msg=a", "&msg=", "?msg", " ", "[ ]("])("is looked for once, however often %j comes", (piece) => {
    const text = `[ ](${piece.repeat(50_000)}`;
    expect(quotedMessageId({ text, quotedUsernames: ["alice"] })).toBeUndefined();
    expect(withoutQuoteLinks({ text, quotedUsernames: Array(50_000).fill("alice") })).toBe(text);
  });
});
