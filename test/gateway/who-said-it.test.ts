import { afterAll, beforeAll, expect, it } from "vitest";
import { type Stack, startStack } from "./stack.ts";

/** Mallory owns the room and may edit what others write there; of the people alice alone may speak, by her name. */
let stack: Stack;
let town: string;
beforeAll(async () => {
  stack = await startStack(({ control }) => {
    control.addUser({ username: "mallory", name: "Mallory" });
    town = control.addRoom({ name: "town", type: "p", members: ["mallory", "alice", "bob", "openclaw-bot"] });
    return { rooms: { "#town": { users: ["@alice"] }, "*": {} } };
  });
});
afterAll(() => stack?.stop());

const post = (as: string, msg: string, rid = town) => stack.emulator.control.post({ as, rid, msg });

const answer = (text: string) =>
  stack.emulator.control.waitForMessage(({ u, msg }) => u._id === stack.bot.userId && msg === text, {
    timeoutMs: 180_000,
  });

const answers = (rid = town) =>
  stack.emulator.control.messages(rid).flatMap(({ u, msg }) => (u._id === stack.bot.userId ? [msg] : []));

it("an edit by another person never runs as the author's words, seen or not", async () => {
  const { control } = stack.emulator;
  const seen = post("alice", "@openclaw-bot [say as alice wrote it]");
  await answer("as alice wrote it");
  control.edit({ as: "mallory", messageId: seen._id, text: "@openclaw-bot [say put into her mouth]" });
  const plain = post("alice", "no request yet");
  control.edit({ as: "mallory", messageId: plain._id, text: "@openclaw-bot [say made of no request]" });

  await stack.gateway.end();
  const unseen = post("alice", "@openclaw-bot [say as alice meant it]");
  control.edit({ as: "mallory", messageId: unseen._id, text: "@openclaw-bot [say put in while away]" });
  const command = post("alice", "@openclaw-bot hello");
  control.edit({ as: "alice", messageId: command._id, text: "@openclaw-bot !status" });
  await stack.gateway.start();

  post("alice", "@openclaw-bot what did I say? [say that was all]");
  await answer("that was all");
  expect(answers()).toEqual(["as alice wrote it", "that was all"]);
  const [asked] = stack.model.requests().slice(-1);
  expect(JSON.stringify(asked)).toMatch(/alice, edited by Mallory.{0,200}put in while away/i);
});

it("a name goes on to mean whom it meant, over a rename and a restart, until it is let go", async () => {
  const { control } = stack.emulator;
  const shown = await stack.gateway.mustRun(["rocketchat", "names"]);
  expect(shown).toContain(`@alice means ${stack.userIds.alice} since`);
  expect(shown).toContain(`#town means ${town} since`);

  await stack.gateway.end();
  control.renameUser({ username: "alice", to: "alicia" });
  control.renameUser({ username: "bob", to: "alice" });
  control.rename({ as: "mallory", rid: town, name: "old-town" });
  const taken = control.addRoom({
    name: "town",
    type: "p",
    members: ["mallory", "alicia", "alice", "openclaw-bot"],
  });
  await stack.gateway.start();

  post("alice", "@openclaw-bot [say to the taker of a name]");
  post("alicia", "@openclaw-bot [say to the same person]");
  await answer("to the same person");
  post("mallory", "@openclaw-bot [say by the entry of every other room]", taken);
  await answer("by the entry of every other room");
  expect(answers()).not.toContain("to the taker of a name");

  await stack.gateway.mustRun(["rocketchat", "names", "--forget", "@alice"]);
  const from = stack.gateway.mark();
  await stack.changeSection((section) => ({ ...section, requireMention: true }));
  await stack.gateway.waitForOutput(/\[reload\] config .*channels\.rocketchat/, { from });
  post("alice", "@openclaw-bot [say to whom it means now]");
  await answer("to whom it means now");
});
