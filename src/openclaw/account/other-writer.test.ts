import { describe, expect, it } from "vitest";
import type { RestClient } from "../../rest/client.ts";
import { createWriterWatch } from "./other-writer.ts";

const message = (changes: object = {}) => ({
  _id: "m1",
  rid: "r",
  msg: "hello",
  ts: { $date: 1_000 },
  _updatedAt: { $date: 1_005 },
  u: { _id: "bot", username: "bot" },
  ...changes,
});

const client: RestClient = {
  get: async () => ({}),
  post: async () => ({}),
};

describe("the watch for other writers", () => {
  it("knows the account's own messages, before the server has answered", () => {
    const watch = createWriterWatch("bot");
    void watch.observe(client).post("v1/chat.sendMessage", { message: { _id: "m1", rid: "r" } });
    expect(watch.isForeign(message())).toBe(false);
  });

  it("finds a message of the bot user that the account did not post", () => {
    expect(createWriterWatch("bot").isForeign(message())).toBe(true);
  });

  it.each([
    ["somebody else's", { u: { _id: "alice" } }],
    ["the server's own", { t: "uj" }],
    ["a changed one", { _updatedAt: { $date: 9_000 } }],
    ["a file", { file: { _id: "f" } }],
    ["none at all", { _id: undefined }],
  ])("says nothing of %s", (_, changes) => {
    expect(createWriterWatch("bot").isForeign(message(changes))).toBe(false);
  });

  it("forgets the oldest of many", () => {
    const watch = createWriterWatch("bot");
    const rest = watch.observe(client);
    for (let index = 0; index <= 1000; index += 1)
      void rest.post("v1/chat.sendMessage", { message: { _id: `m${index}` } });
    expect(watch.isForeign(message({ _id: "m0" }))).toBe(true);
    expect(watch.isForeign(message({ _id: "m1000" }))).toBe(false);
  });
});
