import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMessageIds, deriveMessageId, type IdSecret } from "./message-id.ts";

const identity = fc.array(fc.oneof(fc.string(), fc.integer()));
const owner = { accountId: "default", serverUrl: "https://chat.example.org", userId: "bot" };
const idsOf = (changes: Partial<typeof owner & IdSecret> = {}) => {
  const { secret = "a secret", since = 1000, ...account } = changes;
  return createMessageIds({ ...owner, ...account }, () => ({ secret, since }));
};

describe("deriveMessageId", () => {
  it("gives an id of Rocket.Chat's form, the same every time", () => {
    fc.assert(
      fc.property(identity, (parts) => {
        for (const derive of [deriveMessageId, idsOf().derive]) {
          expect(derive(...parts)).toMatch(/^[2-9A-Za-z]{17}$/);
          expect(derive(...parts)).toBe(derive(...parts));
        }
      }),
    );
  });

  it("tells identities apart, however their parts join", () => {
    const random = "6f0c2f6e-5a3e-4a55-9f3a-0d6f3f7d2c11";
    const parts = [
      { index: 1, last: true },
      { index: 1, last: false },
      { index: 11, last: false },
    ];
    const ids = [
      deriveMessageId("a", "b"),
      deriveMessageId("ab"),
      deriveMessageId("a", 1),
      deriveMessageId("a", "1"),
      ...["a", random].flatMap((name) => parts.flatMap((part) => idsOf().deriveParts(name, part))),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe("the ids of a bot user", () => {
  it("follow from the server, the user and a secret, so that no member and no second gateway has the same", () => {
    const others = [{}, { serverUrl: "https://other" }, { userId: "other" }, { secret: "another" }];
    const ids = others.map((changes) => idsOf(changes).derive("message", 1));
    expect(new Set([...ids, deriveMessageId("default", "message", 1)]).size).toBe(5);
  });

  it("stay what they were for what was received before there was a secret", () => {
    const { derive, deriveAnswer } = idsOf({ since: 1000 });
    expect(deriveAnswer(999, "message", 1)).toBe(deriveMessageId("default", "message", 1));
    expect(deriveAnswer(1000, "message", 1)).toBe(derive("message", 1));
  });

  it("of a delivery follow from its name alone where that is random", () => {
    const part = { index: 0, last: true };
    const { derive, deriveParts } = idsOf();
    const random = "6f0c2f6e-5a3e-4a55-9f3a-0d6f3f7d2c11";
    expect(deriveParts(random, part)).toEqual([deriveMessageId(random, 0, "last")]);
    expect(deriveParts("told", part)).toEqual([
      derive("told", 0, "last"),
      deriveMessageId("told", 0, "last"),
    ]);
  });
});
