import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deriveMessageId, partId } from "./message-id.ts";

describe("deriveMessageId", () => {
  it("makes 17 characters as Rocket.Chat's clients do, the same for the same identity", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (identity) => {
        expect(deriveMessageId(...identity)).toMatch(/^[2-9A-Za-z]{17}$/);
        expect(deriveMessageId(...identity)).toBe(deriveMessageId(...identity));
      }),
    );
  });

  it("keeps what only looks alike apart", () => {
    const ids = [
      deriveMessageId("a", "b"),
      deriveMessageId("ab"),
      deriveMessageId("a", 1),
      deriveMessageId("a", "1"),
      partId("a", { index: 1, last: true }),
      partId("a", { index: 1, last: false }),
      partId("a", { index: 11, last: false }),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});
