import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Emulator, startEmulator } from "../../../emulator/server.ts";
import { resolveAccount } from "../config/account.ts";
import { shareRooms } from "../config/room-tools.ts";
import { actions } from "./actions.ts";

let emulator: Emulator;
let section: Record<string, unknown>;
let room: string;
let elsewhere: string;
const ids: Record<string, string> = {};
const users: Record<string, string> = {};

beforeAll(async () => {
  emulator = await startEmulator();
  const { control } = emulator;
  for (const username of ["alice", "bob", "carol"])
    users[username] = control.addUser({ username, name: username.toUpperCase() }).userId;
  const { userId } = control.addUser({ username: "labbot", roles: ["user", "bot"] });
  section = {
    serverUrl: emulator.url,
    userId,
    username: "labbot",
    pat: control.personalAccessToken("labbot"),
    dangerouslyAllowInsecure: true,
    network: { dangerouslyAllowPrivateNetwork: true },
  };
  room = control.addRoom({ name: "ops", type: "p", members: ["alice", "bob", "labbot"] });
  elsewhere = control.addRoom({ name: "board", type: "p", members: ["alice", "labbot"] });
  const { lasting } = emulator.faults;
  const post = (name: string, as: string, msg: string, tmid?: string): void => {
    // No two are sent within the same millisecond.
    lasting.clockSkewMs += 10;
    const rid = name === "secret" ? elsewhere : room;
    ids[name] = control.post({ as, rid, msg, ...(tmid !== undefined && { tmid }) })._id;
  };
  post("root", "alice", "the pump is hot");
  post("reply", "bob", "which pump", ids.root);
  post("command", "alice", "!status");
  post("later", "bob", "all is well");
  post("secret", "alice", "the pump costs 3");
  control.pin({ as: "alice", messageId: ids.later ?? "" });
});
afterAll(() => emulator.close());

const Messages = z.looseObject({ messages: z.array(z.looseObject({ id: z.string() })) });

type Action = Parameters<NonNullable<typeof actions.handleAction>>[0]["action"];

/** Asked by alice in the room, unless another origin is given. */
async function act(
  action: Action,
  params: object,
  { settings, ...origin }: { settings?: object; [key: string]: unknown } = {},
): Promise<unknown> {
  const result = await actions.handleAction?.({
    channel: "rocketchat",
    action,
    cfg: { channels: { rocketchat: { ...section, ...settings } } },
    params: { ...params },
    requesterSenderId: users.alice ?? "",
    toolContext: { currentChannelId: `room:${room}` },
    ...origin,
  });
  return result?.details;
}

const idsOf = (answer: unknown): string[] => Messages.parse(answer).messages.map(({ id }) => id);
const nameOf = (id: string): string | undefined => Object.keys(ids).find((name) => ids[name] === id);
const namesOf = (answer: unknown) => idsOf(answer).map(nameOf);

describe("read", () => {
  it("tells the conversation's messages in order, who wrote them and when, and no commands", async () => {
    const answer = await act("read", {});
    expect(namesOf(answer)).toEqual(["root", "later"]);
    expect(answer).toMatchObject({
      ok: true,
      hasMore: false,
      messages: [{ text: "the pump is hot", user: { id: users.alice, username: "alice" } }, {}],
    });
  });

  it("tells a thread with its root, and one message by its id", async () => {
    expect(namesOf(await act("read", { threadId: ids.root }))).toEqual(["root", "reply"]);
    expect(namesOf(await act("read", { messageId: ids.reply }))).toEqual(["reply"]);
  });

  it("goes back in steps: a limit, and what was before or after a message", async () => {
    expect(namesOf(await act("read", { limit: 1 }))).toEqual(["later"]);
    expect(namesOf(await act("read", { before: ids.later }))).toEqual(["root"]);
    expect(namesOf(await act("read", { after: ids.root }))).toEqual(["later"]);
    expect(namesOf(await act("read", { after: "2100-01-01" }))).toEqual([]);
  });

  it.each([
    ["another room", "read", () => ({ to: `room:${elsewhere}` }), "Only the conversation"],
    ["another room's pins", "list-pins", () => ({ channelId: `room:${elsewhere}` }), "Only the conversation"],
    ["another room's words", "search", () => ({ to: `room:${elsewhere}`, query: "pump" }), "Only the conver"],
    ["a direct message with somebody", "read", () => ({ to: `user:${users.bob}` }), "Only the conversation"],
    ["a message of another room", "read", () => ({ messageId: ids.secret }), "no message"],
    ["a file of another room", "download-file", () => ({ messageId: ids.secret }), "no message"],
    [
      "who reacted in another room",
      "reactions",
      () => ({ messageId: ids.secret, to: `room:${elsewhere}` }),
      "Only the conversation",
    ],
    ["a thread of another room", "read", () => ({ threadId: ids.secret }), "no thread"],
    ["what was before a message of another room", "read", () => ({ before: ids.secret }), "no message"],
  ] as const)("refuses %s", async (_, action, params, reason) => {
    await expect(act(action, params())).rejects.toThrow(reason);
  });

  it("tells an operator of any room that the bot is in", async () => {
    const operator = { conversationReadOrigin: "direct-operator", toolContext: undefined };
    expect(namesOf(await act("read", { to: `room:${elsewhere}` }, operator))).toEqual(["secret"]);
  });
});

describe("what contextVisibility hides", () => {
  const allowlist = () => ({
    settings: { contextVisibility: "allowlist", groupAllowFrom: [users.alice] },
  });
  const asked = () => ({ ...allowlist(), requesterSenderId: users.alice });

  it("is neither read, nor searched, nor listed as pinned", async () => {
    expect(namesOf(await act("read", {}, asked()))).toEqual(["root"]);
    expect(namesOf(await act("read", { threadId: ids.root }, asked()))).toEqual(["root"]);
    expect(namesOf(await act("search", { query: "pump" }, asked()))).toEqual(["root"]);
    expect(await act("list-pins", {}, asked())).toMatchObject({ pins: [] });
  });

  it.each(["read", "reactions", "download-file"] as const)("is no message to %s", async (action) => {
    await expect(act(action, { messageId: ids.later }, asked())).rejects.toThrow("no message");
  });

  it("is shown to who wrote it, and to an operator", async () => {
    const bob = { ...allowlist(), requesterSenderId: users.bob };
    expect(namesOf(await act("read", {}, bob))).toEqual(["root", "later"]);
    const operator = { ...asked(), conversationReadOrigin: "direct-operator" };
    expect(namesOf(await act("read", {}, operator))).toEqual(["root", "later"]);
  });

  it("is judged by the names as the running account knows them", async () => {
    const named = { settings: { contextVisibility: "allowlist", groupAllowFrom: ["@bob"] } };
    expect(namesOf(await act("read", {}, named))).toEqual(["root"]);
    const account = resolveAccount({ channels: { rocketchat: { ...section, ...named.settings } } });
    const settings = { ...account, groupAllowFrom: [users.bob ?? ""] };
    const unshare = shareRooms("default", { settings: () => settings, findRoom: () => undefined });
    expect(namesOf(await act("read", {}, named))).toEqual(["root", "later"]);
    unshare();
  });
});

describe("search", () => {
  it("finds words in this conversation, and takes no pattern", async () => {
    expect(namesOf(await act("search", { query: "pump" }))).toEqual(["reply", "root"]);
    for (const query of ["/p.mp/", "from:alice /p.mp/"])
      expect(namesOf(await act("search", { query }))).toEqual([]);
    await expect(act("search", { query: "//" })).rejects.toThrow("Give query");
  });
});

describe("pins", () => {
  it("are listed, set and taken away, each once, where the bot user may", async () => {
    const { control } = emulator;
    const rid = control.addRoom({ name: "own", type: "p", members: ["labbot", "alice"] });
    const { _id } = control.post({ as: "alice", rid, msg: "keep this" });
    const own = { toolContext: { currentChannelId: `room:${rid}` } };
    const pins = () => act("list-pins", {}, own);
    for (let time = 0; time < 2; time += 1)
      expect(await act("pin", { messageId: _id }, own)).toEqual({ ok: true, pinned: _id });
    expect(await pins()).toMatchObject({ pins: [{ id: _id, text: "keep this" }] });
    expect(await act("unpin", { messageId: _id }, own)).toEqual({ ok: true, unpinned: _id });
    expect(await pins()).toEqual({ ok: true, pins: [], hasMore: false });
    expect(await act("list-pins", { limit: 1 })).toMatchObject({ pins: [{ id: ids.later }], hasMore: true });
  });

  it("are refused with what to do, and never leave the conversation", async () => {
    await expect(act("pin", { messageId: ids.root })).rejects.toThrow("make it a moderator of the room");
    await expect(act("pin", { messageId: ids.secret })).rejects.toThrow("in this conversation");
  });
});

describe("what is looked up beside messages", () => {
  it("is the person who asks, and nobody else", async () => {
    const alice = { id: users.alice, username: "alice", name: "ALICE", isBot: false };
    expect(await act("member-info", {})).toEqual({ ok: true, member: alice });
    expect(await act("member-info", { userId: users.alice })).toEqual({ ok: true, member: alice });
    await expect(act("member-info", { userId: users.bob })).rejects.toThrow("Only the person who asks");
  });

  it("is the workspace's own emoji", async () => {
    emulator.control.addEmoji("shipit_squirrel", ["shipsquirrel"]);
    expect(await act("emoji-list", { limit: 1 })).toEqual({
      ok: true,
      emoji: ["shipit_squirrel"],
      total: 2,
    });
  });
});

describe("conversation-open", () => {
  it("answers where to write to a person, and to several", async () => {
    expect(await act("conversation-open", { userIds: ["@bob"] })).toEqual({
      ok: true,
      target: `user:${users.bob}`,
    });
    const Target = z.looseObject({ target: z.templateLiteral(["room:", z.string()]) });
    const { target } = Target.parse(await act("conversation-open", { userIds: [users.alice, "@carol"] }));
    const rid = target.slice("room:".length);
    emulator.control.post({ as: "carol", rid, msg: "here we are" });
    expect(emulator.control.messages(rid)).toHaveLength(1);
    await expect(act("conversation-open", { userIds: ["@nobody"] })).rejects.toThrow("no user @nobody");
  });

  it("refuses a room as no person, and does not join it", async () => {
    const rid = emulator.control.addRoom({ name: "lobby", type: "c", members: ["bob"] });
    for (const named of ["#lobby", `room:${rid}`])
      await expect(act("conversation-open", { userIds: [named] })).rejects.toThrow("is no person");
    expect(emulator.control.messages(rid)).toEqual([]);
  });
});

describe("the parameters of the tool", () => {
  it("are told of each action that is offered, and of no other", () => {
    const describe = (actions_: object) =>
      actions.describeMessageTool({ cfg: { channels: { rocketchat: { ...section, actions: actions_ } } } });
    const Schema = z.array(
      z.object({ actions: z.array(z.string()), properties: z.record(z.string(), z.unknown()) }),
    );
    const told = (actions_: object) =>
      Schema.parse(describe(actions_)?.schema).map(({ actions: offered, properties }) => [
        offered.join(" "),
        Object.keys(properties).join(" "),
      ]);
    expect(told({})).toEqual([
      ["send", "topLevel replyBroadcast"],
      ["read", "channelId before after"],
      ["edit download-file search member-info emoji-list list-pins", "channelId"],
      ["conversation-open", "userIds"],
    ]);
    expect(told({ messages: false, search: false, pins: false, emojiList: false })).toEqual([
      ["send", "topLevel replyBroadcast"],
      ["member-info", "channelId"],
    ]);
  });
});
