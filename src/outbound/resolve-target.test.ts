import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../emulator/server.ts";
import { createRestClient, type RestClient } from "../rest/client.ts";
import { findThreadRoot, resolveTarget, resolveThread } from "./resolve-target.ts";
import type { NamedTarget, Target } from "./target.ts";

let emulator: Emulator;
let rest: RestClient;
let bot: { userId: string; pat: string };
let ids: { alice: string; ops: string; plaza: string; secret: string; plan: string; dm: string };
beforeAll(async () => {
  emulator = await startEmulator();
  const { control } = emulator;
  const alice = control.addUser({ username: "alice" }).userId;
  bot = { userId: control.addUser({ username: "labbot", roles: ["user", "bot"] }).userId, pat: "" };
  bot.pat = control.personalAccessToken("labbot");
  const ops = control.addRoom({ name: "ops", type: "p", members: ["alice", "labbot"] });
  const plaza = control.addRoom({ name: "plaza", type: "c", members: ["alice"] });
  const secret = control.addRoom({ name: "secret", type: "p", members: ["alice"] });
  const plan = control.discuss({ as: "alice", rid: ops, title: "The plan", users: ["labbot"] });
  ids = { alice, ops, plaza, secret, plan, dm: control.direct(["alice", "labbot"]) };
  rest = createRestClient({
    serverUrl: emulator.url,
    ...bot,
    fetch: async (url, init) => ({ response: await fetch(url, init), release: async () => {} }),
    onUnauthorized: () => {},
  });
});
afterAll(() => emulator.close());

const resolve = (target: Target | NamedTarget, joinPublicRooms = false) =>
  resolveTarget({ rest, settings: { userId: bot.userId, joinPublicRooms } }, target);

describe("a room", () => {
  it("is found by its id and by its name", async () => {
    const found = { kind: "room", id: ids.ops };
    expect(await resolve({ kind: "room", id: ids.ops })).toEqual(found);
    expect(await resolve({ kind: "room-name", name: "ops" })).toEqual(found);
  });

  it("is found by its title where it is a discussion", async () => {
    expect(await resolve({ kind: "room-name", name: "The plan" })).toEqual({ kind: "room", id: ids.plan });
  });

  it("is found by an id that lost its capitals", async () => {
    expect(await resolve({ kind: "room", id: ids.dm.toLowerCase() })).toEqual({ kind: "room", id: ids.dm });
  });

  it("is the older of two where capitals alone tell their ids apart, also where the younger has the very id", async () => {
    const { control } = emulator;
    const vault = control.addRoom({
      name: "vault",
      type: "p",
      members: ["alice", "labbot"],
      extra: { _id: "VaultRoomOfAlice1" },
    });
    const extra = { _id: vault.toLowerCase() };
    control.addRoom({ name: "copy", type: "p", members: ["alice", "labbot"], extra });
    expect(await resolve({ kind: "room", id: vault.toLowerCase() })).toEqual({ kind: "room", id: vault });
  });

  it.each([
    ["that does not exist", { kind: "room-name", name: "nowhere" }, /no room #nowhere/],
    ["id that does not exist", { kind: "room", id: "Xq3mYbHbnTwLtKkXd" }, /no room Xq3mYbHbnTwLtKkXd/],
    ["that is private and not ours", { kind: "room-name", name: "secret" }, /no room #secret/],
    ["that is public and not ours", { kind: "room-name", name: "plaza" }, /not in #plaza; .*joinPublicRooms/],
  ] as const)("%s is refused", async (_, target, message) => {
    await expect(resolve(target)).rejects.toMatchObject({
      code: "target",
      message: expect.stringMatching(message),
    });
  });

  it("is joined where the account allows it", async () => {
    expect(await resolve({ kind: "room-name", name: "plaza" }, true)).toEqual({
      kind: "room",
      id: ids.plaza,
    });
    expect(await resolve({ kind: "room", id: ids.plaza })).toEqual({ kind: "room", id: ids.plaza });
  });
});

describe("a person", () => {
  it("is found by id and by username", async () => {
    const found = { kind: "user", id: ids.alice };
    expect(await resolve({ kind: "user", id: ids.alice })).toEqual(found);
    expect(await resolve({ kind: "user-name", name: "alice" })).toEqual(found);
  });

  it("is found by an id that lost its capitals, once the bot has a direct message with them", async () => {
    expect(await resolve({ kind: "user", id: ids.alice.toLowerCase() })).toEqual({
      kind: "user",
      id: ids.alice,
    });
  });

  it.each([
    [{ kind: "user-name", name: "ghost" }, /no user @ghost/],
    [{ kind: "user-name", name: "ALICE" }, /no user @ALICE/],
    [{ kind: "user", id: "Xq3mYbHbnTwLtKkXd" }, /no user Xq3mYbHbnTwLtKkXd/],
    [{ kind: "user-name", name: "labbot" }, /@labbot is the bot user itself/],
  ] as const)("%j is refused", async (target, message) => {
    await expect(resolve(target)).rejects.toMatchObject({
      code: "target",
      message: expect.stringMatching(message),
    });
  });
});

describe("a thread", () => {
  let root: string;
  let reply: string;
  beforeAll(() => {
    root = emulator.control.post({ as: "alice", rid: ids.ops, _id: "RootOfAThread1234", msg: "root" })._id;
    reply = emulator.control.post({ as: "alice", rid: ids.ops, tmid: root, msg: "reply" })._id;
  });

  it("is entered by its root, by a reply in it, and by an id that lost its capitals", async () => {
    for (const messageId of [root, reply, root.toLowerCase()])
      expect(await resolveThread(rest, { roomId: ids.ops, messageId })).toBe(root);
  });

  it("of another room is refused, where Rocket.Chat would post in that room", async () => {
    await expect(resolveThread(rest, { roomId: ids.plan, messageId: root })).rejects.toMatchObject({
      code: "target",
    });
  });

  it("that began with an id of nothing is none of the room, whatever gets that id later", async () => {
    const { control } = emulator;
    const dangling = control.post({
      as: "alice",
      rid: ids.ops,
      tmid: "BecomesARootLater",
      msg: "a reply",
    })._id;
    const find = (messageId: string) => findThreadRoot(rest, { roomId: ids.ops, messageId });
    expect(await find("BecomesARootLater")).toBeUndefined();
    control.post({ as: "alice", rid: ids.plan, _id: "BecomesARootLater", msg: "the root, elsewhere" });
    expect(await find("BecomesARootLater")).toBeUndefined();
    expect(await find(dangling)).toBeUndefined();
    await expect(resolveThread(rest, { roomId: ids.ops, messageId: dangling })).rejects.toThrow(/no message/);
    expect(await findThreadRoot(rest, { roomId: ids.plan, messageId: "BecomesARootLater" })).toBe(
      "BecomesARootLater",
    );
  });

  it("is asked about once", async () => {
    const asked: string[] = [];
    const get: RestClient["get"] = (...call) => {
      asked.push(call[0]);
      return rest.get(...call);
    };
    const counting: RestClient = { ...rest, get };
    const own = emulator.control.post({ as: "alice", rid: ids.ops, msg: "another root" })._id;
    for (let time = 0; time < 3; time += 1)
      expect(await findThreadRoot(counting, { roomId: ids.ops, messageId: own })).toBe(own);
    expect(asked).toEqual(["v1/chat.getMessage"]);
  });

  it("of nothing is refused, where Rocket.Chat would let it dangle", async () => {
    const nothing = { roomId: ids.ops, messageId: "Xq3mYbHbnTwLtKkXd" };
    await expect(resolveThread(rest, nothing)).rejects.toThrow(/no message Xq3mYbHbnTwLtKkXd/);
  });
});
