import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Emulator, startEmulator } from "../../../emulator/server.ts";
import { accountSettings } from "../../../test/support/settings.ts";
import { NetworkError } from "../../errors.ts";
import { isJsonObject } from "../../facts/json.ts";
import { openSession, type Session } from "../../rest/administration.ts";
import type { SetupClient } from "../../rest/client.ts";
import { openSetupClient } from "../account/transport.ts";
import { inspectAccount, listAccountIds } from "../config/account.ts";
import { readBotsFile } from "./bots-file.ts";
import { probeToken } from "./probe.ts";
import {
  digestOf,
  type ProvisionOptions,
  type ProvisionPort,
  planProvision,
  takeSteps,
} from "./provision.ts";
import { resolveToken } from "./token-place.ts";

const PASSWORD = "an administrator's password";
let emulator: Emulator;
let admin: Session;
let square: string;
let count = 0;
/** Usernames are new for each test, so that one server serves them all. */
let mainBot = "";
let helperBot = "";
beforeAll(async () => {
  emulator = await startEmulator();
  emulator.control.limitRest(false);
  emulator.control.addUser({ username: "alice" });
  emulator.control.addAdmin({ username: "root-admin", password: PASSWORD });
  square = emulator.control.addRoom({ name: "square", type: "p", members: ["alice", "root-admin"] });
  admin = await openSession(client(undefined), "root-admin", PASSWORD);
});
afterAll(() => emulator.close());
beforeEach(nextBots);

function nextBots(): void {
  count += 1;
  mainBot = `main-bot-${count}`;
  helperBot = `helper-bot-${count}`;
}

const local = { dangerouslyAllowInsecure: true, network: { dangerouslyAllowPrivateNetwork: true } };
const agents = { entries: { main: { default: true }, helper: {} } };
const withSection = (rocketchat: object): OpenClawConfig => ({ agents, channels: { rocketchat } });

function client(session: Session | undefined): SetupClient {
  const account = { serverUrl: emulator.url, allowPrivateNetwork: true, dangerouslyAllowInsecure: true };
  const credentials = { userId: session?.userId ?? "", pat: session?.token ?? "" };
  return openSetupClient(accountSettings({ ...account, ...credentials }));
}

/** A machine in memory: a configuration, a secret store, variables, files; and what may go wrong on it. */
class Machine implements ProvisionPort {
  cfg: OpenClawConfig;
  readonly store = new Map<string, string>();
  readonly variables = new Map<string, string>();
  /** Readable for the gateway, and not for the command. */
  readonly files = new Map<string, string>();
  readonly said: string[] = [];
  /** The so many calls that are let through before one fails. */
  failAfter = Number.POSITIVE_INFINITY;
  /** Whether the failing call has its effect all the same. */
  effect = false;

  constructor(cfg: OpenClawConfig) {
    this.cfg = cfg;
  }

  readConfig = () => this.#call(async () => ({ cfg: this.filledIn(), authored: structuredClone(this.cfg) }));

  changeConfig = (change: (draft: OpenClawConfig) => void): Promise<void> =>
    this.#call(async () => {
      const draft = this.filledIn();
      change(draft);
      const names = new Map([...this.variables].map(([name, value]) => [value, name]));
      this.cfg = mapTexts(draft, (text) => (names.has(text) ? `\${${names.get(text)}}` : text));
    });

  /** The file with its variables filled in, as OpenClaw reads it; what was filled in is written as it stood. */
  filledIn(): OpenClawConfig {
    return mapTexts(this.cfg, (text) => this.variables.get(/^\$\{(\w+)\}$/.exec(text)?.[1] ?? "") ?? text);
  }

  /** An account as the gateway has it. */
  async gatewayAccount(accountId: string) {
    const kept = new Map(Object.entries({ store: this.store, env: this.variables, file: this.files }));
    const resolveSecret = async (value: unknown) =>
      isJsonObject(value) ? kept.get(String(value.source))?.get(String(value.id)) : undefined;
    return resolveToken(this.filledIn(), accountId, { resolveSecret });
  }

  resolveSecret = async (value: unknown): Promise<string | undefined> => {
    if (!isJsonObject(value) || value.source === "file") return undefined;
    return (value.source === "store" ? this.store : this.variables).get(String(value.id));
  };

  storeSecret = (reference: { source: string; id: string }, value: string): Promise<boolean> =>
    this.#call(async () => {
      if (reference.source === "store") this.store.set(reference.id, value);
      return reference.source === "store";
    });

  say = (line: string): void => {
    this.said.push(line);
    // What the operator is asked to do with a token that is shown once.
    const shown = /into the variable (\w+), .*shown this once: (\S+)$/.exec(line);
    if (shown) this.variables.set(shown[1] ?? "", shown[2] ?? "");
  };

  openClient = (session: Session | undefined): SetupClient => {
    const rest = client(session);
    return {
      get: (...args) => this.#call(() => rest.get(...args)),
      post: (...args) => this.#call(() => rest.post(...args)),
      postForm: (...args) => this.#call(() => rest.postForm(...args)),
    };
  };

  async #call<T>(act: () => Promise<T>): Promise<T> {
    this.failAfter -= 1;
    if (this.failAfter >= 0) return act();
    if (this.effect) await act();
    throw new NetworkError("the connection was cut");
  }
}

/** A copy with every text of it changed. */
const mapTexts = (cfg: OpenClawConfig, change: (text: string) => string): OpenClawConfig =>
  JSON.parse(JSON.stringify(cfg), (_, value) => (typeof value === "string" ? change(value) : value));

function options(change: Partial<ProvisionOptions> = {}): ProvisionOptions {
  return {
    serverUrl: emulator.url,
    bots: [{ agentId: "main", username: mainBot }],
    rooms: ["#square"],
    mailDomain: "bots.invalid",
    adminDigest: digestOf(PASSWORD),
    newToken: false,
    transport: { insecure: true, privateNetwork: true },
    ...change,
  };
}

/** One run of the command. */
async function run(machine: Machine, change: Partial<ProvisionOptions> = {}): Promise<void> {
  await takeSteps(await planProvision(options(change), admin, machine), machine.say);
}

const plan = async (machine: Machine, change: Partial<ProvisionOptions> = {}) =>
  (await planProvision(options(change), admin, machine)).steps.map(({ text }) => text);

async function worksIn(machine: Machine, accountId = "main") {
  const probe = await probeToken(await machine.gatewayAccount(accountId));
  return probe.ok ? { roles: probe.user.roles, rooms: probe.rooms.map(({ name }) => name) } : probe.problem;
}
const complete = { roles: ["user", "bot"], rooms: ["square"] };

/** A bot user of the server with a token. */
function addBot(username: string, roles: readonly string[] = ["user", "bot"]) {
  const { userId } = emulator.control.addUser({ username, roles: ["user", "bot"] });
  const pat = emulator.control.personalAccessToken(username, `of ${username}`);
  const user = emulator.world.users.get(userId);
  if (user !== undefined) user.roles = [...roles];
  return { userId, username, pat };
}

const tokensOf = (username: string) =>
  [...emulator.world.users.values()]
    .filter((user) => user.username === username)
    .flatMap(({ tokens }) => tokens.filter(({ kind }) => kind === "personal").map(({ secret }) => secret));

describe("provisioning", () => {
  it("makes a bot user that works, in its room, bound to its agent, and finds nothing to do afterwards", async () => {
    const machine = new Machine({ agents });
    await run(machine);
    expect(await worksIn(machine)).toEqual(complete);
    expect(machine.cfg.bindings).toEqual([
      { agentId: "main", match: { channel: "rocketchat", accountId: "main" } },
    ]);
    const { cfg } = machine;
    await run(machine);
    expect(await plan(machine)).toEqual([]);
    expect(machine.cfg).toBe(cfg);
  });

  it("makes bots for several agents of which none is the default one", async () => {
    const none = { entries: { main: {}, helper: {} } };
    const machine = new Machine({ agents: none });
    await run(machine, {
      bots: [
        { agentId: "main", username: mainBot },
        { agentId: "helper", username: helperBot },
      ],
    });
    expect(listAccountIds(machine.cfg)).toEqual(["helper", "main"]);
    expect(await worksIn(machine, "helper")).toEqual(complete);
  });

  it("knows its account behind a binding of all accounts, which OpenClaw writes by itself", async () => {
    const machine = new Machine({ agents });
    await run(machine);
    const all = { agentId: "main", match: { channel: "rocketchat", accountId: "*" } };
    Object.assign(machine.cfg, { bindings: [all, ...(machine.cfg.bindings ?? [])] });
    expect(await plan(machine)).toEqual([]);
  });

  it("plans, and does nothing by planning", async () => {
    const machine = new Machine({ agents });
    expect(await plan(machine)).toEqual([
      `create the user @${mainBot} with the roles user and bot`,
      `issue a personal access token for @${mainBot} and write the account main of the agent main`,
      "bind the account main to the agent main",
      `invite @${mainBot} to #square`,
      "serve #square with the account main",
    ]);
    expect(machine.cfg).toEqual({ agents });
  });

  it("takes a username in another case for the same user's", async () => {
    const bots = [{ agentId: "main", username: mainBot.toUpperCase() }];
    const machine = new Machine({ agents });
    await run(machine);
    expect(await plan(machine, { bots })).toEqual([]);
    const twice = [...bots, { agentId: "helper", username: mainBot }];
    await expect(plan(machine, { bots: twice })).rejects.toThrow("cannot share the bot user");
    await expect(plan(machine, { bots: [{ ...bots[0], agentId: "helper" }] })).rejects.toThrow(
      "is the bot user of the account main already",
    );
    await expect(run(new Machine({ agents }), { bots })).rejects.toThrow(
      "Write it as Rocket.Chat shows it, or choose another one",
    );
  });

  it("repairs a bot user that lacks a role and a token", async () => {
    emulator.control.addUser({ username: mainBot, roles: ["bot"] });
    const machine = new Machine({ agents });
    expect((await plan(machine))[0]).toBe(`give @${mainBot} the roles bot, user`);
    await run(machine);
    expect(await worksIn(machine)).toEqual({ ...complete, roles: ["bot", "user"] });
  });

  it("keeps an account at the root that works", async () => {
    const old = addBot(`old-${count}`);
    const machine = new Machine(withSection({ ...local, serverUrl: emulator.url, ...old }));
    await run(machine, { bots: [{ agentId: "helper", username: helperBot }] });
    expect(listAccountIds(machine.cfg)).toEqual(["default", "helper"]);
    expect(await worksIn(machine, "default")).toEqual({ roles: ["user", "bot"], rooms: [] });
    expect(await worksIn(machine, "helper")).toEqual(complete);
  });

  it("takes the default agent's account at the root for its own", async () => {
    const old = addBot(mainBot);
    const machine = new Machine(withSection({ ...local, serverUrl: emulator.url, ...old }));
    expect(await plan(machine, { rooms: [] })).toEqual([]);
    expect(await plan(machine, { rooms: [], bots: [{ agentId: "main" }] })).toEqual([]);
  });

  it("takes the account at the root for that of the agent to which OpenClaw binds all accounts", async () => {
    const old = addBot(mainBot);
    const all = { agentId: "main", match: { channel: "rocketchat", accountId: "*" } };
    const machine = new Machine(withSection({ ...local, serverUrl: emulator.url, ...old }));
    Object.assign(machine.cfg, { agents: { entries: { main: {}, helper: {} } }, bindings: [all] });
    expect(await plan(machine, { rooms: [], bots: [{ agentId: "main" }] })).toEqual([]);
    expect(
      await plan(machine, { rooms: [], bots: [{ agentId: "helper", username: helperBot }] }),
    ).toHaveLength(3);
  });

  it.each(["env", "store"])(
    "counts a good token behind a reference (%s) and an address spelled otherwise",
    async (source) => {
      const bot = addBot(mainBot);
      const pat = { source, provider: "default", id: "RC_PAT" };
      const serverUrl = `${emulator.url.replace("http", "HTTP")}/`;
      const machine = new Machine(withSection({ ...local, accounts: { main: { ...bot, serverUrl, pat } } }));
      machine.store.set("RC_PAT", bot.pat);
      machine.variables.set("RC_PAT", bot.pat);
      await run(machine);
      expect(tokensOf(mainBot)).toEqual([bot.pat]);
      expect(machine.cfg.channels?.rocketchat).toMatchObject({ accounts: { main: { serverUrl, pat } } });
      expect(await plan(machine)).toEqual([]);
    },
  );

  it("puts a new token where the reference points, or shows it once", async () => {
    for (const source of ["store", "env"]) {
      nextBots();
      const bot = addBot(mainBot);
      emulator.control.revokeToken(bot.pat);
      const pat = { source, provider: "default", id: "RC_PAT" };
      const machine = new Machine(
        withSection({ ...local, serverUrl: emulator.url, accounts: { main: { ...bot, pat } } }),
      );
      machine.store.set("RC_PAT", bot.pat);
      machine.variables.set("RC_PAT", bot.pat);
      await run(machine);
      expect(machine.cfg.channels?.rocketchat).toMatchObject({ accounts: { main: { pat } } });
      expect(await worksIn(machine)).toEqual(complete);
      const [token = ""] = tokensOf(mainBot);
      expect(machine.said.filter((line) => line.includes(token)).length).toBe(source === "env" ? 1 : 0);
    }
  });

  it("leaves a token alone that it cannot read", async () => {
    const bot = addBot(mainBot);
    const pat = { source: "file", provider: "vault", id: "/pat" };
    const machine = new Machine(
      withSection({ ...local, serverUrl: emulator.url, accounts: { main: { ...bot, pat } } }),
    );
    const { notes } = await planProvision(options(), admin, machine);
    expect(notes).toEqual([expect.stringContaining("file:vault:/pat, which cannot be read here")]);
    await run(machine);
    expect(tokensOf(mainBot)).toEqual([bot.pat]);
    expect(await plan(machine, { newToken: true })).toContainEqual(
      expect.stringContaining("issue a personal access token"),
    );
  });

  it.each([
    ["#square", { "#square": { users: ["alice"], tools: { deny: ["exec"] } } }],
    ["*", { "*": { users: ["alice"] } }],
    ["an entry that is off", { "#square": { enabled: false } }],
  ])("leaves what restricts a room: %s", async (_, rooms) => {
    const machine = new Machine(withSection({ ...local, rooms }));
    await run(machine);
    expect(inspectAccount(machine.cfg, "main").rooms).toEqual(new Map(Object.entries(rooms)));
  });

  it("keeps the rooms that an account inherits when it gets one of its own", async () => {
    const rooms = { "#ops": { users: ["alice"] } };
    const main = addBot(mainBot);
    const machine = new Machine(
      withSection({ ...local, serverUrl: emulator.url, rooms, accounts: { main } }),
    );
    await run(machine);
    expect(inspectAccount(machine.cfg, "main").rooms.get("#ops")).toEqual({ users: ["alice"] });
    expect(inspectAccount(machine.cfg, "main").rooms.has(square)).toBe(true);
  });

  it("gives a new account its own rooms alone, with what restricts them at the root", async () => {
    const square = { users: ["alice"] };
    const machine = new Machine(withSection({ ...local, rooms: { "#ops": {}, "#square": square } }));
    await run(machine);
    expect(inspectAccount(machine.cfg, "main").rooms).toEqual(new Map([["#square", square]]));
  });

  it("changes by key what is newest, and nothing else", async () => {
    const machine = new Machine({ agents });
    const planned = await planProvision(options(), admin, machine);
    machine.cfg = {
      ...machine.cfg,
      channels: { slack: { enabled: false }, rocketchat: { dmPolicy: "disabled" } },
    };
    await takeSteps(planned, machine.say);
    expect(machine.cfg.channels).toMatchObject({
      slack: { enabled: false },
      rocketchat: { dmPolicy: "disabled" },
    });
  });

  it.each<[string, ProvisionOptions["bots"], string]>([
    ["an agent that is not there", [{ agentId: "typo" }], 'no agent "typo". There are: main, helper'],
    ["an empty agent", [{ agentId: "" }], 'no agent ""'],
    ["an agent twice", [{ agentId: "main" }, { agentId: "main", username: "b" }], "named twice"],
    [
      "two agents with one user",
      [
        { agentId: "main", username: "b" },
        { agentId: "helper", username: "b" },
      ],
      "cannot share the bot user @b",
    ],
    ["an empty username", [{ agentId: "main", username: "" }], "is no username"],
    [
      "a person's user",
      [{ agentId: "main", username: "alice" }],
      "@alice exists and does not have the role `bot`",
    ],
  ])("refuses %s before it does anything", async (_, bots, message) => {
    const machine = new Machine({ agents });
    await expect(run(machine, { bots })).rejects.toThrow(message);
    expect(machine.said).toEqual([]);
  });

  it("refuses the bot user that another account works as", async () => {
    const bot = addBot(mainBot);
    const machine = new Machine(withSection({ ...local, serverUrl: emulator.url, accounts: { desk: bot } }));
    await expect(run(machine)).rejects.toThrow(`@${mainBot} is the bot user of the account desk already`);
  });

  it("names a room that is not there", async () => {
    await expect(run(new Machine({ agents }), { rooms: ["nowhere"] })).rejects.toThrow(
      "sees no room #nowhere",
    );
  });

  it("keeps the token when the logout fails", async () => {
    emulator.faults.rest({ path: "logout", status: 500, times: 1 });
    const machine = new Machine({ agents });
    await run(machine);
    expect(await worksIn(machine)).toEqual(complete);
    expect(machine.said).toContainEqual(expect.stringContaining("could not be ended"));
  });
});

describe("whatever the start and whatever fails", () => {
  const restricted = { users: ["alice"], tools: { deny: ["exec"] } };
  /** The calls of the longest run, so that each of them fails now and then. */
  const MOST_CALLS = 45;
  const starts = fc.record({
    /** `bound`: the agent's account has another name; `environment`: variables make the account at the root. */
    layout: fc.constantFrom("nothing", "root", "account", "root and account", "bound", "environment"),
    pat: fc.constantFrom("text", "template", "env", "store", "file"),
    token: fc.constantFrom("good", "revoked"),
    room: fc.constantFrom("none", "id", "room:id", "#name", "*"),
    /** Where the rooms stand. */
    listed: fc.constantFrom("root", "account"),
    spelled: fc.boolean(),
    roles: fc.constantFrom(["bot"], ["user", "bot"]),
    failures: fc.array(fc.record({ after: fc.nat({ max: MOST_CALLS }), effect: fc.boolean() }), {
      maxLength: 3,
    }),
  });
  type Start = typeof starts extends fc.Arbitrary<infer T> ? T : never;
  afterEach(() => void vi.unstubAllEnvs());

  const hasAccount = ({ layout }: Start) => layout.includes("account") || layout === "bound";
  const accountOf = ({ layout }: Start) => (layout === "bound" ? "desk" : "main");
  /** A token that cannot be read is left alone, so a bad one stays bad. */
  const isRevoked = ({ token, pat }: Start) => token === "revoked" && pat !== "file";

  function begin(start: Start): { machine: Machine; working: Map<string, string> } {
    vi.unstubAllEnvs();
    nextBots();
    const machine = new Machine({});
    const working = new Map<string, string>();
    const serverUrl = start.spelled ? `${emulator.url.replace("http", "HTTP")}/` : emulator.url;
    const section: Record<string, unknown> = { ...local };
    const rooms = roomsOf(start);
    if (start.listed === "root" || !hasAccount(start)) Object.assign(section, rooms);
    if (start.layout === "environment") {
      const { userId, username, pat } = addBot(`old-${count}`);
      const values = { URL: serverUrl, USER_ID: userId, USERNAME: username, PAT: pat };
      for (const [name, value] of Object.entries(values)) vi.stubEnv(`ROCKETCHAT_${name}`, value);
    }
    if (start.layout.includes("root"))
      Object.assign(
        section,
        placeToken(machine, { ...addBot(`old-${count}`), serverUrl }, { start, id: "OLD_PAT" }),
      );
    if (start.layout.includes("root") || start.layout === "environment")
      working.set("default", `old-${count}`);
    if (hasAccount(start)) {
      const own = start.listed === "account" ? rooms : {};
      const bot = { ...addBot(mainBot, start.roles), serverUrl, ...own };
      const account = placeToken(machine, bot, { start, id: "MAIN_PAT" });
      const root = start.layout.includes("root") ? { default: {} } : {};
      Object.assign(section, { accounts: { ...root, [accountOf(start)]: account } });
      const user = emulator.world.userNamed(mainBot);
      if (isRevoked(start) && user !== undefined) user.tokens = [];
      else working.set(accountOf(start), mainBot);
    }
    const match = { channel: "rocketchat", accountId: "desk" };
    machine.cfg = withSection(section);
    if (start.layout === "bound") Object.assign(machine.cfg, { bindings: [{ agentId: "main", match }] });
    return { machine, working };
  }

  /** The wanted room and one more, each with what restricts it. */
  function roomsOf({ room }: Start): object {
    const key = { none: undefined, id: square, "room:id": `room:${square}`, "#name": "#square", "*": "*" }[
      room
    ];
    return key === undefined ? {} : { rooms: { "#ops": restricted, [key]: restricted } };
  }

  /** An account whose token stands where the start says. */
  function placeToken(
    machine: Machine,
    bot: ReturnType<typeof addBot> & { readonly serverUrl: string },
    { start, id }: { readonly start: Start; readonly id: string },
  ): object {
    const { pat: source } = start;
    if (source === "text") return bot;
    const { variables, store, files } = machine;
    const kept = { template: variables, env: variables, store, file: files }[source as "env"];
    const name = source === "file" ? `/${id}` : id;
    kept.set(name, bot.pat);
    if (source === "template") return { ...bot, pat: `\${${id}}` };
    return { ...bot, pat: { source, provider: source === "file" ? "vault" : "default", id: name } };
  }

  async function expectUnharmed({ machine, working }: ReturnType<typeof begin>, start: Start): Promise<void> {
    for (const [accountId, username] of working) {
      expect(listAccountIds(machine.cfg)).toContain(accountId);
      const probe = await probeToken(await machine.gatewayAccount(accountId));
      expect(probe).toMatchObject({ ok: true, user: { username } });
    }
    for (const accountId of listAccountIds(machine.cfg)) {
      const { rooms } = inspectAccount(machine.cfg, accountId);
      const had = start.listed === "root" || !hasAccount(start) || accountId === accountOf(start);
      if (start.room === "none" || !had) continue;
      // An account that was there keeps both entries; one that is new has what restricts the room that it is for.
      const kept =
        working.has(accountId) || (hasAccount(start) && accountId === accountOf(start)) ? 2 : rooms.size;
      expect([...rooms.values()]).toEqual(Array.from({ length: kept }, () => restricted));
      expect(rooms.size).toBeGreaterThan(0);
    }
    if (start.pat !== "text" && hasAccount(start)) {
      const references = new Map<string, unknown>([
        ["template", "$".concat("{MAIN_PAT}")],
        ["file", { id: "/MAIN_PAT" }],
      ]);
      const pat = references.get(start.pat) ?? { id: "MAIN_PAT" };
      expect(machine.cfg.channels?.rocketchat).toMatchObject({ accounts: { [accountOf(start)]: { pat } } });
    }
  }

  it("no account stops, no restriction is lost, no token is orphaned, and the last run changes nothing", async () => {
    await fc.assert(
      fc.asyncProperty(starts, async (start) => {
        const begun = begin(start);
        const { machine } = begun;
        const wanted = {
          bots: [
            { agentId: "main", username: mainBot },
            { agentId: "helper", username: helperBot },
          ],
        };
        for (const { after, effect } of start.failures) {
          machine.failAfter = after;
          machine.effect = effect;
          await run(machine, wanted).catch((error: unknown) => expect(error).toBeInstanceOf(NetworkError));
          machine.failAfter = Number.POSITIVE_INFINITY;
          await expectUnharmed(begun, start);
        }
        await run(machine, wanted);
        await expectUnharmed(begun, start);
        const { cfg } = machine;
        await run(machine, wanted);
        expect(machine.cfg).toBe(cfg);
        for (const [accountId, username] of [
          [accountOf(start), mainBot],
          ["helper", helperBot],
        ] as const) {
          const { pat } = await machine.gatewayAccount(accountId);
          expect(tokensOf(username)).toEqual([pat]);
          expect(await worksIn(machine, accountId)).toMatchObject({ rooms: ["square"] });
        }
      }),
      { numRuns: 25 },
    );
  }, 120_000);
});

describe("a file of bots", () => {
  const folder = mkdtempSync(join(tmpdir(), "bots-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  const write = (text: string): string => {
    const path = join(folder, "bots.yaml");
    writeFileSync(path, text);
    return path;
  };
  const lookOf = (username: string) => {
    const user = [...emulator.world.users.values()].find((one) => one.username === username);
    return user && { name: user.name, status: user.statusText, picture: user.avatarETag !== undefined };
  };

  it("sets up agents, rooms and looks; a second run finds nothing to do, a changed file only what changed", async () => {
    emulator.control.addRoom({ name: `lab-${count}`, type: "p", members: ["root-admin"] });
    writeFileSync(join(folder, "owl.png"), Buffer.from("89504e470d0a1a0a", "hex"));
    const file = (status: string) =>
      write(`# Two agents.
server: ${emulator.url}
rooms: [square]
bots:
  - agent: main
    username: ${mainBot}
    name: Main Desk
    status: ${status}
    avatar: owl.png
  - agent: helper
    username: "@${helperBot}"
    rooms: ["#lab-${count}"]
`);
    const machine = new Machine({ agents });
    const wanted = () => ({ bots: readBotsFile(file("Ask me")).bots, rooms: [] });
    expect(readBotsFile(file("Ask me")).serverUrl).toBe(emulator.url);
    const texts = await plan(machine, wanted());
    expect(texts.slice(-2)).toEqual([
      `give @${mainBot} the status "Ask me"`,
      `give @${mainBot} the picture owl.png`,
    ]);
    await run(machine, wanted());
    expect(lookOf(mainBot)).toEqual({ name: "Main Desk", status: "Ask me", picture: true });
    expect(await worksIn(machine)).toEqual(complete);
    expect(await worksIn(machine, "helper")).toEqual({ ...complete, rooms: [`lab-${count}`, "square"] });
    expect(await plan(machine, wanted())).toEqual([]);
    const { bots } = readBotsFile(file("Away"));
    expect(await plan(machine, { bots, rooms: [] })).toEqual([`give @${mainBot} the status "Away"`]);
    const { notes } = await planProvision(options({ bots, rooms: [] }), admin, machine);
    expect(notes).toEqual([expect.stringContaining(`@${mainBot} has a picture already`)]);
  });

  it.each([
    ["bots: [", "this is no YAML"],
    ["server: https://chat.example.org", "bots"],
    ["bots:\n  - agent: main\n    statsu: x", "statsu"],
    ["bots:\n  - agent: main\n    avatar: notes.txt", "is no picture"],
    ["bots:\n  - agent: main\n    avatar: gone.png", "gone.png cannot be read"],
    ["- a: &a [x]\n- *b", "this is no YAML"],
  ])("is refused where it is wrong: %j", (text, words) => {
    expect(() => readBotsFile(write(text))).toThrow(words);
    expect(() => readBotsFile(write(text))).toThrow(join(folder, "bots.yaml"));
  });

  it("is refused where it is not there", () => {
    expect(() => readBotsFile(join(folder, "none.yaml"))).toThrow("none.yaml: the file cannot be read");
  });
});
