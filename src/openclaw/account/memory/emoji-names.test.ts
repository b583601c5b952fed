import { expect, it } from "vitest";
import { accountSettings } from "../../../../test/support/settings.ts";
import { findTrigger } from "../../../policy/trigger.ts";
import { withEmojiNames } from "./emoji-names.ts";

it.each([
  ["thumbsup", ":thumbsup:", ":+1:"],
  ["\u{1f44d}", ":thumbsup:", ":+1:"],
  [":+1:", ":thumbsup:", ":+1:"],
  ["busy_bee", ":busy_bee:", ":busy_bee:"],
])("%s is the emoji under each of its names, for the account and a room", (emoji, ...names) => {
  const rooms = new Map([["r1", { reactionTriggers: { [emoji]: "room" }, users: ["alice"] }]]);
  const settings = withEmojiNames(accountSettings({ reactionTriggers: { [emoji]: " account " }, rooms }));
  expect(names.map((name) => findTrigger(settings, name))).toEqual(["account", "account"]);
  expect(names.map((name) => findTrigger(settings, name, { id: "r1" }))).toEqual(["room", "room"]);
  expect(settings.rooms.get("r1")?.users).toEqual(["alice"]);
  expect(findTrigger(settings, "toString")).toBeUndefined();
});
