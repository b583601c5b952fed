import { afterEach, beforeEach, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../emulator/server.ts";
import { MemoryPins } from "../../test/support/name-pins.ts";
import { accountSettings } from "../../test/support/settings.ts";
import { createLog } from "../log.ts";
import { createRestClient } from "../rest/client.ts";
import type { AccountSettings } from "../settings.ts";
import { createNameBook, type NamePins } from "./names.ts";

let emulator: Emulator;
let ids: { alice: string; bob: string; ops: string };
let bot: { userId: string; pat: string };
beforeEach(async () => {
  emulator = await startEmulator();
  const { control } = emulator;
  const alice = control.addUser({ username: "alice" }).userId;
  const bob = control.addUser({ username: "bob" }).userId;
  const { userId } = control.addUser({ username: "labbot", roles: ["user", "bot"] });
  bot = { userId, pat: control.personalAccessToken("labbot") };
  ids = { alice, bob, ops: control.addRoom({ name: "ops", type: "p", members: ["alice", "labbot"] }) };
});
afterEach(() => emulator.close());

function openBook(pins: NamePins = new MemoryPins()) {
  const lines: string[] = [];
  const keep = (line: string): void => void lines.push(line);
  const unresolved: (readonly string[])[] = [];
  const pinned: (readonly string[])[] = [];
  let now = 0;
  const rest = createRestClient({
    serverUrl: emulator.url,
    ...bot,
    fetch: async (url, init) => ({ response: await fetch(url, init), release: async () => {} }),
    onUnauthorized: () => {},
  });
  const names = createNameBook({
    rest,
    log: createLog({ info: keep, warn: keep, error: keep }, { prefix: "t", secrets: [] }),
    now: () => now,
    pins,
    onLearned: (report) => {
      unresolved.push(report.unresolved);
      pinned.push(report.pinned);
    },
  });
  async function read(changes: Partial<AccountSettings>): Promise<AccountSettings> {
    const settings = accountSettings(changes);
    await names.learn(settings);
    return names.resolve(settings);
  }
  const pass = (ms: number): void => {
    now += ms;
  };
  return { names, read, lines, unresolved, pinned, pass };
}

const lookUps = () =>
  emulator.control.requests().filter(({ path }) => /users\.info|rooms\.info/.test(path)).length;

it("puts the ids of people and rooms in place of their names", async () => {
  const { read } = openBook();
  const rooms = new Map([["#ops", { users: ["bob"] }]]);
  const settings = await read({ allowFrom: ["@alice"], groupAllowFrom: [ids.bob, "bob"], rooms });
  expect(settings.allowFrom).toEqual([ids.alice]);
  expect(settings.groupAllowFrom).toEqual([ids.bob, ids.bob]);
  expect([...settings.rooms]).toEqual([[ids.ops, { users: [ids.bob] }]]);
});

it("asks nothing while the configuration holds ids alone", async () => {
  const { read } = openBook();
  await read({ allowFrom: [ids.alice, "*"], rooms: new Map([[ids.ops, {}]]) });
  expect(lookUps()).toBe(0);
});

it("lets a name that means nobody match nobody, and says so once", async () => {
  const { read, lines, unresolved } = openBook();
  const changes = { allowFrom: ["@ghost"], rooms: new Map([["#nowhere", {}]]) };
  expect((await read(changes)).allowFrom).toEqual(["@ghost"]);
  expect([...(await read(changes)).rooms.keys()]).toEqual(["#nowhere"]);
  expect(unresolved.at(-1)).toEqual(["allowFrom: ghost", "rooms.#nowhere: nowhere"]);
  expect(lines.filter((line) => line.includes("matches nobody"))).toHaveLength(2);
  await read({});
  expect(unresolved.at(-1)).toEqual([]);
});

it("does not find a private group that the bot is not in", async () => {
  emulator.control.addRoom({ name: "secret", type: "p", members: ["alice"] });
  const { read } = openBook();
  expect([...(await read({ rooms: new Map([["#secret", {}]]) })).rooms.keys()]).toEqual(["#secret"]);
});

it("takes a bare word for the id of a person, or of the first room, before it takes it for a name", async () => {
  const { control } = emulator;
  control.addUser({ username: "GENERAL" });
  control.addRoom({ name: "rocket.cat", type: "c", members: ["alice"] });
  const { read } = openBook();
  const settings = await read({ allowFrom: ["rocket.cat"], rooms: new Map([["GENERAL", {}]]) });
  expect(settings.allowFrom).toEqual(["rocket.cat"]);
  expect([...settings.rooms.keys()]).toEqual(["GENERAL"]);
});

it("takes a bare word for a room's name before it takes it for an id, which whoever makes a room may choose", async () => {
  const { rooms } = emulator.world;
  const trap = emulator.control.addRoom({ name: "trap", type: "c", members: ["bob"] });
  for (const _id of ["ops", "lab"]) rooms.set(_id, { ...(rooms.get(trap) ?? expect.fail()), _id });
  const { read } = openBook();
  const listed = new Map([
    ["ops", {}],
    ["lab", {}],
  ]);
  expect([...(await read({ rooms: listed })).rooms.keys()]).toEqual([ids.ops, "lab"]);
});

it("never takes a username for the id that it spells, nor an id for a username", async () => {
  const { control } = emulator;
  const mallory = control.addUser({ username: ids.alice }).userId;
  const { read } = openBook();
  const settings = await read({ allowFrom: [ids.alice, `@${ids.alice}`, `@${ids.bob}`] });
  expect(settings.allowFrom).toEqual([ids.alice, mallory, `@${ids.bob}`]);
});

it("keeps what a name meant when somebody else takes it", async () => {
  const { control } = emulator;
  const { read } = openBook();
  await read({ allowFrom: ["@alice"], rooms: new Map([["#ops", {}]]) });
  control.renameUser({ username: "alice", to: "alicia" });
  control.renameUser({ username: "bob", to: "alice" });
  control.rename({ as: "alicia", rid: ids.ops, name: "old-ops" });
  control.addRoom({ name: "ops", type: "p", members: ["alice", "labbot"] });
  const settings = await read({ allowFrom: ["@alice", "@bob"], rooms: new Map([["#ops", {}]]) });
  expect(settings.allowFrom).toEqual([ids.alice, "@bob"]);
  expect([...settings.rooms.keys()]).toEqual([ids.ops]);
});

it("asks anew for a name that left the configuration and came back", async () => {
  const { control } = emulator;
  const { read } = openBook();
  await read({ allowFrom: ["@alice"] });
  control.renameUser({ username: "alice", to: "alicia" });
  control.renameUser({ username: "bob", to: "alice" });
  await read({ allowFrom: [] });
  expect((await read({ allowFrom: ["@alice"] })).allowFrom).toEqual([ids.bob]);
});

it("matches nobody while the server cannot be asked, and asks again later", async () => {
  const { read, pass, names } = openBook();
  emulator.faults.rest({ path: "users.info", times: 1, status: 503 });
  const before = names.revision();
  expect((await read({ allowFrom: ["@alice"] })).allowFrom).toEqual(["@alice"]);
  expect((await read({ allowFrom: ["@alice"] })).allowFrom).toEqual(["@alice"]);
  pass(30_000);
  expect((await read({ allowFrom: ["@alice"] })).allowFrom).toEqual([ids.alice]);
  expect(names.revision()).toBeGreaterThan(before);
});

it("keeps what a name meant over a restart, whoever has it by then", async () => {
  const { control } = emulator;
  const pins = new MemoryPins();
  const changes = { allowFrom: ["@alice"], rooms: new Map([["#ops", {}]]) };
  await openBook(pins).read(changes);
  control.renameUser({ username: "alice", to: "alicia" });
  control.renameUser({ username: "bob", to: "alice" });
  control.rename({ as: "alicia", rid: ids.ops, name: "old-ops" });
  control.addRoom({ name: "ops", type: "p", members: ["alice", "labbot"] });
  const before = lookUps();
  const { read, pinned } = openBook(pins);
  const settings = await read(changes);
  expect(settings.allowFrom).toEqual([ids.alice]);
  expect([...settings.rooms.keys()]).toEqual([ids.ops]);
  expect(lookUps()).toBe(before);
  expect(pinned.at(-1)).toEqual([`allowFrom: alice = ${ids.alice}`, `rooms.#ops: ops = ${ids.ops}`]);
});

it("looks a name up anew that an operator has let go", async () => {
  const { control } = emulator;
  const pins = new MemoryPins();
  const { read } = openBook(pins);
  await read({ allowFrom: ["@alice"] });
  control.renameUser({ username: "alice", to: "alicia" });
  control.renameUser({ username: "bob", to: "alice" });
  pins.write(new Map());
  expect((await read({ allowFrom: ["@alice"] })).allowFrom).toEqual([ids.bob]);
});

it("finds the other names while the server refuses to say one", async () => {
  const { read, pass } = openBook();
  const changes = { allowFrom: ["@alice", "@bob"], rooms: new Map([["#ops", {}]]) };
  const body = { success: false, error: "Forbidden", errorType: "error-forbidden" };
  emulator.faults.rest({ path: "users.info", times: 1, status: 403, body });
  const settings = await read(changes);
  expect(settings.allowFrom).toEqual(["@alice", ids.bob]);
  expect([...settings.rooms.keys()]).toEqual([ids.ops]);
  expect([...settings.pendingNames]).toEqual(["@alice"]);
  pass(30_000);
  expect((await read(changes)).allowFrom).toEqual([ids.alice, ids.bob]);
});

it("waits for no rate limit, and finds meanwhile what the server does not limit", async () => {
  const { read, pass } = openBook();
  const changes = { allowFrom: ["@alice", "@bob"], rooms: new Map([["#ops", {}]]) };
  const limited = { "x-ratelimit-limit": "10", "x-ratelimit-remaining": "0" };
  const headers = { ...limited, "x-ratelimit-reset": String(Date.now() + 3_600_000) };
  emulator.faults.rest({ path: "users.info", times: 1, status: 429, body: { success: false }, headers });
  const settings = await read(changes);
  expect([...settings.rooms.keys()]).toEqual([ids.ops]);
  expect([...settings.pendingNames]).toEqual(["@alice", "@bob"]);
  const asked = lookUps();
  await read(changes);
  pass(30_000);
  expect([...(await read(changes)).pendingNames]).toEqual(["@alice", "@bob"]);
  expect(lookUps()).toBe(asked);
});

it("tells names that could not be asked about from those that mean nobody", async () => {
  const { read, pass } = openBook();
  const changes = { allowFrom: ["@alice", "@ghost"], rooms: new Map([["#ops", {}]]) };
  emulator.faults.rest({ path: "users.info", times: 1, status: 503 });
  expect([...(await read(changes)).pendingNames]).toEqual(["@alice", "@ghost", "#ops"]);
  pass(30_000);
  expect([...(await read(changes)).pendingNames]).toEqual([]);
});
