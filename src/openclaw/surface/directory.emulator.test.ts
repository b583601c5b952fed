import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../../emulator/server.ts";
import { directory } from "./directory.ts";
import { resolveNames } from "./targets.ts";

let emulator: Emulator;
let cfg: OpenClawConfig;
let ids: Record<"alice" | "bob" | "bot" | "town" | "square" | "trio", string>;
beforeAll(async () => {
  emulator = await startEmulator();
  const { control } = emulator;
  const alice = control.addUser({ username: "alice", name: "Alice" }).userId;
  const bob = control.addUser({ username: "bob", name: "Bob Builder" }).userId;
  const bot = control.addUser({ username: "labbot", name: "Lab Bot", roles: ["user", "bot"] }).userId;
  const town = control.addRoom({ name: "town", type: "p", members: ["alice", "labbot"] });
  const square = control.addRoom({ name: "square", type: "c", members: ["bob", "labbot"] });
  control.addRoom({ name: "far-away", type: "c", members: ["bob"] });
  const trio = control.direct(["alice", "bob", "labbot"]);
  control.direct(["alice", "labbot"]);
  ids = { alice, bob, bot, town, square, trio };
  const rocketchat = {
    ...{ serverUrl: emulator.url, userId: bot, username: "labbot" },
    ...{ pat: control.personalAccessToken("labbot"), dangerouslyAllowInsecure: true },
    network: { dangerouslyAllowPrivateNetwork: true },
    allowFrom: [bob, "@alice", "*"],
    rooms: { [town]: {}, "#square": {}, "*": {}, "#closed": { enabled: false } },
  };
  cfg = { channels: { rocketchat } };
});
afterEach(() => emulator.faults.clear());
afterAll(() => emulator.close());

const runtime = { log: () => {}, error: () => {}, exit: () => {} };
const list = async (
  what: "listPeers" | "listPeersLive" | "listGroups" | "listGroupsLive",
  params: { query?: string; limit?: number } = {},
) => (await directory[what]?.({ cfg, runtime, ...params })) ?? [];
const members = (groupId: string, limit?: number) =>
  directory.listGroupMembers?.({ cfg, runtime, groupId, ...(limit !== undefined && { limit }) });
const namesOf = (entries: readonly { name?: string }[] = []) => entries.map(({ name }) => name);

describe("the people of the server", () => {
  it("are all but the bot user itself, as targets", async () => {
    const found = await list("listPeersLive");
    expect(found).toContainEqual({
      kind: "user",
      id: `user:${ids.bob}`,
      name: "Bob Builder",
      handle: "@bob",
    });
    expect(namesOf(found)).not.toContain("Lab Bot");
  });

  it.each(["BUILD", "@bob", " bob "])("are found by %j in a name or username", async (query) => {
    expect(namesOf(await list("listPeersLive", { query }))).toEqual(["Bob Builder"]);
  });

  it("are at most as many as asked for", async () => {
    expect(await list("listPeersLive", { limit: 1 })).toHaveLength(1);
  });

  it("are read page by page, and looked through no further than is reasonable", async () => {
    const crowd = await startEmulator();
    const { control } = crowd;
    for (let each = 0; each < 1200; each += 1) control.addUser({ username: `person-${1000 + each}` });
    const { userId } = control.addUser({ username: "labbot", roles: ["user", "bot"] });
    const pat = control.personalAccessToken("labbot");
    const account = { ...cfg.channels?.rocketchat, serverUrl: crowd.url, userId, pat };
    const ask = (query: string, limit: number) =>
      directory.listPeersLive?.({ cfg: { channels: { rocketchat: account } }, runtime, query, limit });
    try {
      expect(await ask("person", 250)).toHaveLength(250);
      expect(await ask("person", 5000)).toHaveLength(1000);
      expect(namesOf(await ask("person-2199", 10))).toEqual(["person-2199"]);
    } finally {
      await crowd.close();
    }
  });

  it("are searched for where the server does not list them, and without a query that is said", async () => {
    emulator.faults.rest({
      path: "users.list",
      status: 403,
      body: { success: false, error: "unauthorized" },
    });
    expect(namesOf(await list("listPeersLive", { query: "ali" }))).toEqual(["Alice"]);
    await expect(list("listPeersLive")).rejects.toThrow(/does not let the bot user list people/);
  });

  it("are not said to be none when the server fails", async () => {
    emulator.faults.rest({ path: "users.list", status: 500, body: { success: false } });
    await expect(list("listPeersLive", { query: "ali" })).rejects.toThrow(/status 500/);
  });

  it("of the configuration are listed without asking anybody", async () => {
    emulator.faults.rest({ status: 500 });
    expect(await list("listPeers")).toEqual([
      { kind: "user", id: `user:${ids.bob}` },
      { kind: "user", id: "@alice" },
    ]);
    expect(await list("listPeers", { query: "ALI" })).toEqual([{ kind: "user", id: "@alice" }]);
  });
});

describe("the rooms", () => {
  it("are those that the bot user is in, group DMs among them, by name", async () => {
    const found = await list("listGroupsLive");
    expect(found.map(({ id }) => id)).toEqual(
      expect.arrayContaining([`room:${ids.square}`, `room:${ids.town}`, `room:${ids.trio}`]),
    );
    expect(found).toHaveLength(3);
    expect(found).toContainEqual({ kind: "group", id: `room:${ids.town}`, name: "town", handle: "#town" });
  });

  it("are listed all when no limit is given", async () => {
    const { control } = emulator;
    for (let each = 0; each < 120; each += 1)
      control.addRoom({ name: `many-${each}`, type: "p", members: ["labbot"] });
    expect((await list("listGroupsLive", { query: "many-" })).length).toBe(120);
  });

  it("are found by a part of their name, and limited", async () => {
    expect(namesOf(await list("listGroupsLive", { query: "#SQUA" }))).toEqual(["square"]);
    expect(await list("listGroupsLive", { limit: 2 })).toHaveLength(2);
  });

  it("of the configuration are the served ones", async () => {
    emulator.faults.rest({ status: 500 });
    expect(await list("listGroups")).toEqual([
      { kind: "group", id: `room:${ids.town}` },
      { kind: "group", id: "#square" },
    ]);
  });
});

describe("the members of a room", () => {
  it.each(["town", "#town", "room:town"])("are listed for %s", async (form) => {
    const group = form === "#town" ? form : form.replace("town", ids.town);
    expect(namesOf(await members(group)).sort()).toEqual(["Alice", "Lab Bot"]);
  });

  it("are listed for a public room and a group DM, and limited", async () => {
    expect(namesOf(await members(ids.square)).sort()).toEqual(["Bob Builder", "Lab Bot"]);
    expect(namesOf(await members(ids.trio)).sort()).toEqual(["Alice", "Bob Builder", "Lab Bot"]);
    expect(await members(ids.trio, 2)).toHaveLength(2);
  });

  it("are not listed where there is no such room", async () => {
    await expect(members("nowhere")).rejects.toThrow("There is no room nowhere on Rocket.Chat");
    await expect(members("@alice")).rejects.toThrow("There is no room @alice on Rocket.Chat");
  });
});

it("names the bot user itself", async () => {
  expect(await directory.self?.({ cfg, runtime })).toEqual({
    kind: "user",
    id: `user:${ids.bot}`,
    name: "Lab Bot",
    handle: "@labbot",
  });
});

describe("names that are to be resolved", () => {
  it("are people or rooms with their ids, each by itself", async () => {
    const people = await resolveNames({ cfg, inputs: ["alice", "@nobody", "#town", "bob-b"], kind: "user" });
    expect(people).toMatchObject([
      { input: "alice", resolved: true, id: ids.alice, name: "alice" },
      { input: "@nobody", resolved: false, note: expect.stringContaining("no user @nobody") },
      { input: "#town", resolved: false, note: "It is a room" },
      { resolved: false },
    ]);
    const rooms = await resolveNames({
      cfg,
      inputs: ["town", `room:${ids.square}`, "far away"],
      kind: "group",
    });
    expect(rooms).toMatchObject([
      { resolved: true, id: ids.town, name: "town" },
      { resolved: true, id: ids.square },
      { resolved: false },
    ]);
  });

  it("are ids where the server may have made them up", async () => {
    const inputs = [ids.bob, ` ${ids.alice} `];
    expect(await resolveNames({ cfg, inputs, kind: "user" })).toMatchObject([
      { resolved: true, id: ids.bob },
      { resolved: true, id: ids.alice },
    ]);
    const rooms = await resolveNames({ cfg, inputs: [ids.square], kind: "group" });
    expect(rooms).toMatchObject([{ resolved: true, id: ids.square }]);
  });

  it("join no room that the bot might join when it writes there", async () => {
    const joining = { channels: { rocketchat: { ...cfg.channels?.rocketchat, joinPublicRooms: true } } };
    const query = { cfg: joining, inputs: ["far-away"], kind: "group" as const };
    expect(await resolveNames(query)).toMatchObject([{ resolved: true, name: "far-away" }]);
    const joined = await list("listGroupsLive");
    expect(namesOf(joined)).not.toContain("far-away");
  });
});
