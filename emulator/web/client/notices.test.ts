import { expect, it } from "vitest";
import { noticeOf } from "./notices.ts";

it("says what happened, with the text as it is", () => {
  expect(noticeOf("au", "$& bob")).toBe("added $& bob");
});

it.each(["constructor", "__proto__", "toString", "no such type"])(
  "shows a message of the type %s",
  (type) => {
    expect(noticeOf(type, "x")).toBe(type);
  },
);
