import { expect, it } from "vitest";
import { NetworkError, RestError, UnauthorizedError } from "../../errors.ts";
import { findRefusal } from "./refusal.ts";

const refused = (status: number) => new RestError("refused", { status, endpoint: "v1/chat.sendMessage" });

it("is what the server says for good, however it is wrapped, and nothing that passes", () => {
  const final = refused(400);
  expect(findRefusal(final)).toBe(final);
  expect(findRefusal(new Error("delivery", { cause: new Error("send", { cause: final }) }))).toBe(final);
  for (const passing of [
    refused(502),
    refused(429),
    new UnauthorizedError("v1/me"),
    new NetworkError("gone"),
  ])
    expect(findRefusal(passing)).toBeUndefined();
});
