import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Emulator, startEmulator } from "../../../../emulator/server.ts";
import { accountSettings } from "../../../../test/support/settings.ts";
import { NetworkError } from "../../../errors.ts";
import type { AccountSettings, RoomSettings } from "../../../settings.ts";
import { openNamePins } from "../../account/memory/name-pins.ts";
import { openPairingMemory } from "../../account/memory/pairing-memory.ts";
import { checkAccount, type DoctorPort, openImpatientClient } from "./doctor.ts";
import { runDoctor, walkGates } from "./doctor-command.ts";
import { GATES, SHUT } from "./gates.ts";
import { judgeMessage } from "./silence.ts";

let emulator: Emulator;
let account: AccountSettings;
let otherBot: string;
const folder = mkdtempSync(join(tmpdir(), "doctor-names-"));
beforeAll(async () => {
  vi.stubEnv("OPENCLAW_STATE_DIR", folder);
  emulator = await startEmulator();
  const { control } = emulator;
  control.limitRest(false);
  for (const username of ["alice", "bob"]) control.addUser({ username });
  otherBot = control.addUser({ username: "otherbot", roles: ["user", "bot"] }).userId;
  control.addRoom({ name: "general-news", type: "c", members: ["alice"] });
  const { userId } = control.addUser({ username: "labbot", roles: ["user", "bot"] });
  const town = control.addRoom({ name: "town", type: "p", members: ["alice", "labbot"] });
  account = accountSettings({
    serverUrl: emulator.url,
    userId,
    pat: control.personalAccessToken("labbot"),
    rooms: new Map([[town, {}]]),
    allowPrivateNetwork: true,
    dangerouslyAllowInsecure: true,
  });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
  await emulator.close();
});

const port: DoctorPort = { resolveSecret: async () => undefined, readWaiting: async () => [] };

/** Outcome and remedy of one check. */
async function outcomeOf(id: string, changes: Partial<AccountSettings> = {}, cfg: OpenClawConfig = {}) {
  const found = (await checkAccount(cfg, { ...account, ...changes }, port)).filter(
    (check) => check.id === id,
  );
  for (const { outcome, remedy } of found) expect(remedy === undefined).toBe(outcome === "ok");
  return found.map(({ outcome }) => outcome);
}

function serving(name: string, prepare: (rid: string) => void = () => {}) {
  const rid = emulator.control.addRoom({ name, type: "p", members: ["alice", "labbot"] });
  prepare(rid);
  return { rooms: new Map<string, RoomSettings>([[rid, {}]]) };
}

describe("the checks of a well set-up account", () => {
  it("find nothing but what a local test needs", async () => {
    const checks = await checkAccount({}, account, port);
    expect(checks.filter(({ outcome }) => outcome !== "ok").map(({ id }) => id)).toEqual(["tls"]);
    expect(checks.map(({ id }) => id)).toEqual([
      "server",
      "tls",
      "version",
      "clock",
      "token",
      "username",
      "role-bot",
      "role-user",
      "changes",
      "files",
      "room",
      "dm-policy",
      "group-policy",
      "group-replies",
    ]);
  });
});

describe("a check fails", () => {
  it("config: without a token", async () => {
    expect(await outcomeOf("config", { pat: "", patStatus: "missing" })).toEqual(["failure"]);
    expect(await outcomeOf("config")).toEqual([]);
  });

  it("server: where nothing listens, and on a private network that is not allowed", async () => {
    expect(await outcomeOf("server", { serverUrl: "http://127.0.0.1:9" })).toEqual(["failure"]);
    expect(await outcomeOf("server", { allowPrivateNetwork: false })).toEqual(["failure"]);
  });

  it("version: of a server that is too old", async () => {
    const old = await startEmulator({ profile: "6.5" });
    expect(await outcomeOf("version", { serverUrl: old.url })).toEqual(["warning"]);
    await old.close();
  });

  it.each([
    ["FileUpload_Enabled", false, true],
    ["FileUpload_Enabled_Direct", false, true],
    ["FileUpload_MediaTypeWhiteList", "image/*,application/pdf", ""],
  ])("files: where %s is %s", async (id, value, before) => {
    emulator.control.setSetting(id, value);
    expect(await outcomeOf("files")).toEqual(["warning"]);
    emulator.control.setSetting(id, before);
    expect(await outcomeOf("files")).toEqual(["ok"]);
  });

  it("clock: of a server whose time is off", async () => {
    emulator.faults.lasting.clockSkewMs = 300_000;
    expect(await outcomeOf("clock")).toEqual(["warning"]);
    emulator.faults.clear();
  });

  it("token: that is not known, or is another user's", async () => {
    expect(await outcomeOf("token", { pat: "not-a-token" })).toEqual(["failure"]);
    const { userId } = emulator.control.addUser({ username: "carol" });
    expect(await outcomeOf("token", { userId })).toEqual(["failure"]);
  });

  it("username: that is not the token's", async () => {
    expect(await outcomeOf("username", { username: "otherbot" })).toEqual(["failure"]);
  });

  it.each([
    ["role-bot", ["user"], "role-user"],
    ["role-user", ["bot", "admin"], "role-bot"],
  ])("%s: when the bot user has only the roles %j", async (lacking, roles, having) => {
    const username = `only-${having}`;
    const { userId } = emulator.control.addUser({ username, roles });
    const pat = emulator.control.personalAccessToken(username);
    const changes = { userId, pat, username, rooms: new Map() };
    expect(await outcomeOf(lacking, changes)).toEqual(["warning"]);
    expect(await outcomeOf(having, changes)).toEqual(["ok"]);
  });

  it("changes: when the workspace forbids editing or deleting", async () => {
    expect(await outcomeOf("changes")).toEqual(["ok"]);
    for (const id of ["Message_AllowEditing", "Message_AllowDeleting"]) {
      emulator.control.setSetting(id, false);
      expect(await outcomeOf("changes")).toEqual(["warning"]);
      emulator.control.setSetting(id, true);
    }
  });

  it("rooms: when none is served", async () => {
    expect(await outcomeOf("rooms", { rooms: new Map() })).toEqual(["warning"]);
    expect(await outcomeOf("rooms", { rooms: new Map(), groupPolicy: "disabled" })).toEqual([]);
  });

  it("room: that the bot is not in, that is encrypted, read-only, or where it is muted", async () => {
    const { control } = emulator;
    expect(await outcomeOf("room", { rooms: new Map([["nowhere", {}]]) })).toEqual(["failure"]);
    expect(await outcomeOf("room", serving("plain"))).toEqual(["ok"]);
    expect(
      await outcomeOf(
        "room",
        serving("secret", (rid) => control.encrypt(rid)),
      ),
    ).toEqual(["failure"]);
    const readOnly = serving("news", (rid) => control.setReadOnly({ as: "alice", rid }));
    expect(await outcomeOf("room", readOnly)).toEqual(["failure"]);
    const muted = serving("quiet", (rid) => control.mute({ as: "alice", rid, username: "labbot" }));
    expect(await outcomeOf("room", muted)).toEqual(["failure"]);
  });

  it("name: that means somebody or a room with another name by now", async () => {
    const { control } = emulator;
    const carla = control.addUser({ username: "carla" }).userId;
    const rid = control.addRoom({ name: "lab", type: "p", members: ["alice", "labbot"] });
    const named = { allowFrom: ["@carla"], rooms: new Map([["#lab", {}]]) };
    expect(await outcomeOf("name", named)).toEqual([]);
    openNamePins(account).write(
      new Map([
        ["@carla", carla],
        ["#lab", rid],
      ]),
    );
    expect(await outcomeOf("name", named)).toEqual(["ok", "ok"]);
    control.renameUser({ username: "carla", to: "carlotta" });
    control.rename({ as: "alice", rid, name: "old-lab" });
    expect(await outcomeOf("name", named)).toEqual(["warning", "warning"]);
    expect(await outcomeOf("room", named)).toEqual(["ok"]);
    expect(await outcomeOf("name", {})).toEqual([]);
  });

  it("policies: that let everybody in", async () => {
    expect(await outcomeOf("dm-policy", { dmPolicy: "open" })).toEqual(["warning"]);
    expect(await outcomeOf("group-policy", { groupPolicy: "open" })).toEqual(["warning"]);
  });

  it("lists: that shut everybody out, or make nobody an operator", async () => {
    expect(await outcomeOf("lists", { groupAllowFrom: [] })).toEqual(["warning"]);
    expect(await outcomeOf("lists", { commandAllowFrom: ["*"] })).toEqual(["warning"]);
  });

  it("group-replies: when answers in rooms stay private", async () => {
    const cfg: OpenClawConfig = { messages: { groupChat: { visibleReplies: "message_tool" } } };
    expect(await outcomeOf("group-replies", {}, cfg)).toEqual(["warning"]);
  });
});

const local = { dangerouslyAllowInsecure: true, network: { dangerouslyAllowPrivateNetwork: true } };

/** The account of the tests as a section of the configuration. */
function section(changes: object = {}): OpenClawConfig {
  const { serverUrl, userId, username, pat } = account;
  const [town = ""] = account.rooms.keys();
  return {
    channels: {
      rocketchat: { serverUrl, userId, username, pat, rooms: { [town]: {} }, ...local, ...changes },
    },
  };
}

async function diagnose(cfg: OpenClawConfig, options: object = {}) {
  let text = "";
  const print = (printed: string) => {
    text += printed;
  };
  const code = await runDoctor(cfg, options, { print });
  return { code, text };
}

describe("the doctor", () => {
  const state = mkdtempSync(join(tmpdir(), "doctor-"));
  beforeAll(() => void vi.stubEnv("OPENCLAW_STATE_DIR", state));
  afterAll(() => {
    vi.unstubAllEnvs();
    rmSync(state, { recursive: true });
  });

  it("tries a token behind a reference, and does not call one bad that it cannot read", async () => {
    const pat = { source: "env", provider: "default", id: "DOCTOR_PAT" };
    const unread = await diagnose(section({ pat }));
    expect(unread.text).toContain("! token: channels.rocketchat.pat is a reference that cannot be read here");
    vi.stubEnv("DOCTOR_PAT", account.pat);
    const read = await diagnose(section({ pat }));
    expect(read.text).toContain("✓ token: the token works for @labbot");
    expect(read.code).toBe(0);
  });

  it("checks every account, whatever becomes of one", async () => {
    const { control, faults } = emulator;
    const plain = control.addUser({ username: "plainbot", roles: ["user"] });
    const room = control.addRoom({ name: "limited", type: "p", members: ["alice", "plainbot", "labbot"] });
    const rooms = { [room]: {} };
    const accounts = {
      plain: {
        userId: plain.userId,
        username: "plainbot",
        pat: control.personalAccessToken("plainbot"),
        rooms,
      },
      typo: { userId: plain.userId, username: "plainbot", pat: "wrong" },
      default: {},
    };
    const limit = { status: 429, body: { success: false, error: "[error-too-many-requests]" } };
    faults.rest({
      path: "rooms.info",
      ...limit,
      headers: { "x-ratelimit-reset": String(Date.now() + 60_000) },
      times: 1,
    });
    const { code, text } = await diagnose(section({ accounts }));
    faults.clear();
    expect(text).toContain("! room: could not be checked");
    expect(text).toContain("✗ token: the server does not accept the user id and the token");
    expect(text).toContain("✓ token: the token works for @labbot");
    expect(text).toMatch(/\nAccount +Bot +Server +Result\n/);
    expect(text).toMatch(/\nplain +@plainbot .*role-bot/);
    expect(text).toMatch(/\ntypo +@plainbot .*2 failed.*token/);
    expect(code).toBe(1);
    const { text: json } = await diagnose(section({ accounts }), { json: true });
    expect(JSON.parse(json)).toMatchObject({
      ok: false,
      accounts: [{ accountId: "default" }, { accountId: "plain" }, { accountId: "typo" }],
    });
  });

  it("goes on after a refused look at a room", async () => {
    emulator.faults.rest({ path: "rooms.info", status: 400, body: { success: false }, times: 1 });
    const { text } = await diagnose(section());
    emulator.faults.clear();
    expect(text).toContain("! room: could not be checked");
    expect(text).toContain("group-replies");
  });

  it.each([
    [
      { serverUrl: "chat.example.org" },
      "✗ config: channels.rocketchat.serverUrl does not begin with https://",
    ],
    [
      { serverUrl: "http://chat.example.org", dangerouslyAllowInsecure: false },
      "✗ config: channels.rocketchat.serverUrl must be https://",
    ],
    [
      { pat: "to ken" },
      "✗ config: channels.rocketchat.pat has a space, a line break or a special character in it",
    ],
  ])("names the key and the fault of %j", async (changes, line) => {
    const { text, code } = await diagnose(section(changes));
    expect(text).toContain(line);
    expect(text).not.toContain("encrypted, certificate checked");
    expect(code).toBe(1);
  });

  it("knows the account, and says which there are", async () => {
    const { text, code } = await diagnose(section(), { account: "typo" });
    expect(text).toContain("✗ account: there is no account typo\n      Name one of these: default");
    expect(code).toBe(1);
  });

  it.each(["room:ID", "#town"])("finds the room of the key %s", async (form) => {
    const [town = ""] = account.rooms.keys();
    const { text } = await diagnose(section({ rooms: { [form.replace("ID", town)]: {} } }));
    expect(text).toContain("✓ room: in #town");
  });

  it("names who waits to be let in, and the rooms that the bot is in for nothing", async () => {
    const userId = [...emulator.world.users.values()].find(({ username }) => username === "alice")?._id ?? "";
    const memory = openPairingMemory(join(state, "rocketchat"), "default", Date.now);
    memory.noteSent({ userId, code: "ABCD2345", roomId: "r" });
    memory.close();
    const { text } = await diagnose(section({ rooms: {} }));
    expect(text).toContain("! pairing: waiting to be let in: @alice with the code ABCD2345");
    expect(text).toMatch(/! unlisted: the bot user is in .*#town.*does not list under rooms/);
  });

  it("prints no name that commands the terminal", async () => {
    const [town = ""] = account.rooms.keys();
    const rid = emulator.control.discuss({
      as: "alice",
      rid: town,
      title: "\u001b[2Jplans",
      users: ["labbot"],
    });
    const { text } = await diagnose(section({ rooms: { [rid]: {} } }));
    expect(text).toContain("[2Jplans");
    expect(text).not.toMatch(/[^\P{Cc}\n]/u);
  });
});

/** Reasons that only events of the past meet: what the doctor asks about is a message that a person writes now. */
const NEVER_ASKED: ReadonlySet<string> = new Set([
  "malformed",
  "system-message",
  "edited-by-another",
  "edited-command",
  "re-emission",
  "change-unwanted",
  "actor-unknown",
  "stopped",
]);

/** What shuts a gate: the change of the configuration, given the room's id, and the question. */
const CASES: readonly [keyof typeof SHUT, (rid: string) => object, object | (() => object)][] = [
  ["room-unknown", () => ({}), { room: "#nowhere" }],
  ["not-a-member", () => ({}), { room: "#general-news" }],
  ["own-message", () => ({}), { person: "@labbot" }],
  ["empty", () => ({}), { message: " " }],
  ["room-not-allowed", () => ({ rooms: {} }), {}],
  ["room-not-allowed", (rid) => ({ rooms: { [rid]: { enabled: false } } }), {}],
  ["direct-messages-off", () => ({ dm: { enabled: false } }), { room: undefined }],
  ["not-mentioned", () => ({}), { message: "hello" }],
  [
    "group-dms-off",
    () => ({ dm: { groupEnabled: false } }),
    () => ({ room: emulator.control.direct(["alice", "bob", "labbot"]) }),
  ],
  [
    "others-mentioned",
    (rid) => ({ rooms: { [rid]: { requireMention: false, ignoreOtherMentions: true } } }),
    { message: "@bob hello" },
  ],
  ["unknown-command", () => ({}), { message: "!nonsense" }],
  ["sender-not-allowed", () => ({ groupAllowFrom: ["@bob"] }), {}],
  ["sender-not-allowed", () => ({ dmPolicy: "allowlist" }), { room: undefined }],
  ["pairing-pending", () => ({}), { room: undefined }],
  [
    "bot-message",
    () => ({ accounts: { default: {}, other: { userId: otherBot, username: "otherbot", pat: "x" } } }),
    { person: "@otherbot", account: "default" },
  ],
  [
    "encrypted",
    () => ({ rooms: Object.fromEntries(serving("vault", (rid) => emulator.control.encrypt(rid)).rooms) }),
    { room: "#vault" },
  ],
  [
    "discussion-unconfirmed",
    (rid) => ({ rooms: { [rid]: {}, "*": {} } }),
    () => ({ room: makeRoom("claimed", ([town]) => ({ prid: town })) }),
  ],
  [
    "id-not-unique",
    () => ({ groupPolicy: "open" }),
    () => ({ room: makeRoom("twin", ([town = ""]) => ({ _id: town.toUpperCase() })) }),
  ],
];

/** A room with what whoever makes it may choose, given the ids of the served rooms. */
function makeRoom(name: string, choose: (rids: readonly string[]) => Record<string, unknown>): string {
  const extra = choose([...account.rooms.keys()]);
  return emulator.control.addRoom({ name, type: "p", members: ["alice", "labbot"], extra });
}

describe("why the bot is silent", () => {
  let town: string;
  beforeAll(() => {
    [town = ""] = account.rooms.keys();
  });
  const gateOf = async (changes: object, options: object = {}) =>
    (await walkGates(section(changes), { room: "#town", person: "@alice", ...options }, port)).shut;

  it("is told by one gate for each reason, in their order", () => {
    const gates = Object.keys(GATES);
    for (const { gate } of Object.values(SHUT)) expect(gates).toContain(gate);
  });

  it("is nothing when every gate is open", async () => {
    const { text, code } = await diagnose(section(), { room: "#town", person: "@alice" });
    expect(text).toContain("Every gate is open");
    expect(text).toContain("✓ person: the person may speak to the agent here");
    expect(code).toBe(0);
    expect(await gateOf({ dmPolicy: "open", allowFrom: ["*"] }, { room: undefined })).toBeUndefined();
  });

  it("tells whose message goes to which bot, and that others can be asked about", async () => {
    const accounts = { default: {}, other: { userId: otherBot, username: "otherbot", pat: "x" } };
    const { text } = await diagnose(section({ accounts }), { room: "#town", person: "@alice" });
    expect(text).toContain("@alice in #town to @labbot (account default; --account chooses other)\n");
    const { text: typo } = await diagnose(section(), { person: "@alice", account: "typo" });
    expect(typo).toContain("✗ account: there is no account typo\n");
  });

  it("is tried for each reason that a message which a person writes now can meet", () => {
    const tried = new Set([...CASES.map(([reason]) => reason), "names-pending"]);
    for (const reason of Object.keys(SHUT))
      expect([reason, tried.has(reason)]).toEqual([reason, !NEVER_ASKED.has(reason)]);
  });

  it.each(CASES)("is %s: %#", async (reason, changes, options) => {
    const asked = typeof options === "function" ? options() : options;
    expect(await gateOf(changes(town), asked)).toEqual(SHUT[reason]);
  });

  it("is names-pending: while the server does not tell whom a name means", async () => {
    const cfg = section({ groupAllowFrom: ["@alice"] });
    const client = openImpatientClient(account);
    const rest: typeof client = {
      ...client,
      get: async (path, query, options) => {
        if (query?.username === "alice") throw new NetworkError("the connection was cut");
        return client.get(path, query, options);
      },
    };
    const person = emulator.world.userNamed("alice")?._id ?? "";
    const query = { cfg, account, rest, room: "#town", person, text: undefined, readPaired: async () => [] };
    expect((await judgeMessage(query)).outcome).toEqual({ kind: "dropped", reason: "names-pending" });
  });

  it("is that the account does not work, or that it may not write", async () => {
    expect(await gateOf({ pat: "not-a-token" })).toMatchObject({ gate: "account" });
    const { rooms } = serving("stage", (rid) => emulator.control.setReadOnly({ as: "alice", rid }));
    expect(await gateOf({ rooms: Object.fromEntries(rooms) }, { room: "#stage" })).toMatchObject({
      gate: "answer",
      found: expect.stringContaining("read-only"),
    });
  });

  it("stops at a person that nobody knows", async () => {
    const { text, code } = await diagnose(section(), { room: "#town", person: "@nobody" });
    expect(text).toContain("shows the bot user nobody named @nobody");
    expect(code).toBe(1);
  });
});
