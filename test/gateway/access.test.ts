import { afterAll, beforeAll, expect, it } from "vitest";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
let town: string;
let dm: string;
let group: string;
let bots: { plaza: string; second: string };
let people: { alice: string; bob: string };
beforeAll(async () => {
  stack = await startStack(({ control, userIds, account }) => {
    people = { alice: userIds.alice ?? "", bob: userIds.bob ?? "" };
    town = control.addRoom({ name: "town", type: "p", members: ["alice", "bob", "openclaw-bot"] });
    dm = control.direct(["alice", "openclaw-bot"]);
    group = control.direct(["alice", "bob", "openclaw-bot"]);
    const second = control.addUser({ username: "second-bot", roles: ["user", "bot"] });
    const pat = control.personalAccessToken("second-bot");
    const plaza = control.addRoom({
      name: "plaza",
      type: "c",
      members: ["bob", "openclaw-bot", "second-bot"],
    });
    bots = { plaza, second: second.userId };
    const accounts = {
      default: {},
      second: { ...account, userId: second.userId, username: "second-bot", pat },
    };
    return {
      accounts,
      dmPolicy: "allowlist",
      allowFrom: [people.alice],
      rooms: { "#town": { users: ["@bob"] }, [plaza]: {} },
    };
  });
});
afterAll(() => stack?.stop());

const said = (rid: string) =>
  stack.emulator.control.messages(rid).flatMap(({ u, msg }) => (u._id === stack.bot.userId ? [msg] : []));

/** Lets somebody write and resolves when the gateway has answered, or has said why it will not. */
async function ask(as: string, rid: string, word: string): Promise<string> {
  const from = stack.gateway.mark();
  const answered = stack.emulator.control
    .waitForMessage(({ u, msg }) => u._id === stack.bot.userId && msg === word, { timeoutMs: 60_000 })
    .then(() => "answered");
  answered.catch(() => {});
  const refused = stack.gateway.waitForOutput(/message dropped reason=\S+/, { from });
  refused.catch(() => {});
  stack.emulator.control.post({ as, rid, msg: `@openclaw-bot [say ${word}]` });
  return Promise.race([answered, refused.then((line) => line.replace("message dropped reason=", ""))]);
}

it("lets only the listed people of a room speak to the agent", async () => {
  expect(await ask("bob", town, "listed")).toBe("answered");
  expect(await ask("alice", town, "unlisted")).toBe("sender-not-allowed");
});

it("answers a listed person directly, and nobody in a group DM that is off", async () => {
  expect(await ask("alice", dm, "direct")).toBe("answered");
  expect(await ask("alice", group, "grouped")).toBe("group-dms-off");
  expect(said(group)).toEqual([]);
});

it("denies the very next message of a person taken off the list, over the same connection", async () => {
  const connections = () =>
    stack.emulator.control.connections().filter(({ userId }) => userId === stack.bot.userId);
  const [connection] = connections();
  const from = stack.gateway.mark();
  await stack.changeSection((section) => ({
    ...section,
    allowFrom: [people.bob],
    dm: { groupEnabled: true },
  }));
  await stack.gateway.waitForOutput(/\[reload\] config .*channels\.rocketchat\.allowFrom/, { from });
  expect(await ask("alice", dm, "too late")).toBe("sender-not-allowed");
  expect(await ask("bob", group, "grouped now")).toBe("answered");
  expect(await ask("alice", group, "not she")).toBe("sender-not-allowed");
  expect(stack.gateway.output.slice(from)).not.toContain("[default] connected");
  expect(connections()).toEqual([connection]);
});

it("goes by ids even where names are listed: whoever takes a listed person's name is still a stranger", async () => {
  stack.emulator.control.renameUser({ username: "bob", to: "robert" });
  stack.emulator.control.renameUser({ username: "alice", to: "bob" });
  expect(await ask("bob", town, "impostor")).toBe("sender-not-allowed");
  expect(await ask("robert", town, "renamed")).toBe("answered");
});

it("goes by ids: a room that takes a served room's name is not served", async () => {
  const { control } = stack.emulator;
  control.rename({ as: "robert", rid: town, name: "old-town" });
  const other = control.addRoom({ name: "town", type: "p", members: ["robert", "openclaw-bot"] });
  control.post({ as: "robert", rid: other, msg: "@openclaw-bot [say wrong room]" });
  expect(await ask("robert", town, "same room")).toBe("answered");
  expect(said(other)).toEqual([]);
});

it("lets two bot users of one gateway not answer each other", async () => {
  const { control } = stack.emulator;
  await stack.gateway.waitForOutput(/\[second\] connected/);
  stack.model.script("[provoke]", { text: "@second-bot [say a loop begins]" });
  control.post({ as: "robert", rid: bots.plaza, msg: "@openclaw-bot [provoke]" });
  const spoken = (text: string) => control.waitForMessage(({ msg }) => msg === text, { timeoutMs: 60_000 });
  await spoken("@second-bot [say a loop begins]");
  control.post({ as: "robert", rid: bots.plaza, msg: "@second-bot [say for a person I answer]" });
  await spoken("for a person I answer");
  const second = control.messages(bots.plaza).flatMap(({ u, msg }) => (u._id === bots.second ? [msg] : []));
  expect(second).toEqual(["for a person I answer"]);
});
