import type { OpenClawConfig, WizardPrompter } from "openclaw/plugin-sdk/setup";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type Emulator, startEmulator } from "../../../../emulator/server.ts";
import { inspectAccount } from "../../config/account.ts";
import { applyInput, refuseInput } from "../contract.ts";
import { setupWizard } from "./wizard.ts";

let emulator: Emulator;
let bot: { userId: string; username: string; pat: string };
let square: string;
beforeAll(async () => {
  emulator = await startEmulator();
  const { control } = emulator;
  control.addUser({ username: "alice" });
  const { userId } = control.addUser({ username: "labbot", roles: ["user", "bot"] });
  bot = { userId, username: "labbot", pat: control.personalAccessToken("labbot") };
  square = control.addRoom({ name: "square", type: "p", members: ["alice", "labbot"] });
});
afterAll(() => emulator.close());

const local = { dangerouslyAllowInsecure: true, network: { dangerouslyAllowPrivateNetwork: true } };
const withSection = (rocketchat: object): OpenClawConfig => ({ channels: { rocketchat } });

/** A person at the wizard, who answers as told; what was asked is written down. */
function person(answers: { texts?: string[]; confirms?: boolean[]; rooms?: string[] }) {
  const asked: string[] = [];
  const ticked: string[] = [];
  const refused: string[] = [];
  const { texts = [], confirms = [] } = answers;
  const prompter = {
    note: async (text: string, title = "") => {
      expect(title).not.toBe("");
      asked.push(`${title}: ${text}`);
    },
    text: async ({
      message,
      validate,
    }: {
      message: string;
      validate?: (value: string) => string | undefined;
    }) => {
      asked.push(message);
      for (;;) {
        const text = texts.shift();
        if (text === undefined) throw new Error(`nobody answers: ${message}`);
        const fault = validate?.(text);
        if (fault === undefined) return text;
        refused.push(fault);
      }
    },
    confirm: async ({ message, initialValue }: { message: string; initialValue?: boolean }) => {
      asked.push(message);
      return confirms.shift() ?? initialValue ?? false;
    },
    multiselect: async ({ initialValues = [] }: { initialValues?: string[] }) => {
      ticked.push(...initialValues);
      return answers.rooms ?? initialValues;
    },
    select: async () => "keep",
  };
  return { prompter: prompter as unknown as WizardPrompter, asked, ticked, refused };
}

async function askServer(cfg: OpenClawConfig, who: ReturnType<typeof person>): Promise<OpenClawConfig> {
  const context = { cfg, accountId: "default", prompter: who.prompter, credentialValues: {} };
  const prepared = await setupWizard.prepare?.(
    context as Parameters<NonNullable<typeof setupWizard.prepare>>[0],
  );
  return prepared?.cfg ?? cfg;
}

async function finish(cfg: OpenClawConfig, who: ReturnType<typeof person>): Promise<OpenClawConfig> {
  const context = { cfg, accountId: "default", prompter: who.prompter, credentialValues: {} };
  const done = await setupWizard.finalize?.(
    context as Parameters<NonNullable<typeof setupWizard.finalize>>[0],
  );
  return done?.cfg ?? cfg;
}

describe("the wizard", () => {
  it.each([
    ["https://chat.example.org/#/home", "It has a # in it"],
    ["https://chat.example.org/?", "It has a question mark in it"],
    ["https://:secret@chat.example.org", "It has a user name or a password in it"],
    ["chat.example.org", "It does not begin with https://. Write the whole address"],
  ])("asks again for %s", async (text, fault) => {
    const who = person({ texts: [text, emulator.url], confirms: [true, true] });
    const cfg = await askServer({}, who);
    expect(who.refused).toEqual([expect.stringContaining(fault)]);
    expect(inspectAccount(cfg).serverUrl).toBe(emulator.url);
  });

  it("keeps no name of the bot user that the configuration would replace by a variable of this machine", async () => {
    const user = { _id: bot.userId, username: `\${HOME}`, roles: ["user", "bot"] };
    emulator.faults.rest({ path: "me", times: 1, status: 200, body: { success: true, ...user } });
    const who = person({});
    const section = { serverUrl: emulator.url, ...bot, ...local, username: "labbot" };
    const cfg = await finish(withSection(section), who);
    expect(inspectAccount(cfg).username).toBe("labbot");
    expect(who.asked.join("\n")).not.toContain("HOME");
  });

  it("does not take what was allowed for http along to https", async () => {
    const secure = await startEmulator({ tls: true });
    const who = person({ texts: [secure.url], confirms: [true] });
    const cfg = await askServer(withSection({ serverUrl: emulator.url, ...local }), who);
    await secure.close();
    expect(inspectAccount(cfg)).toMatchObject({ serverUrl: secure.url, dangerouslyAllowInsecure: false });
  });

  it("says what is wrong with a file of authorities, and asks for no private network", async () => {
    const who = person({ texts: ["https://127.0.0.1:9"], confirms: [true] });
    const section = { tls: { caFile: "/no/such/file.pem" }, network: local.network };
    await askServer(withSection(section), who);
    expect(who.asked.join("\n")).toContain(
      "channels.rocketchat.tls.caFile: /no/such/file.pem cannot be read",
    );
    expect(who.asked.join("\n")).not.toContain("is on a private network. Is this your");
  });

  it("shows a room as served that is served by its name, and keeps what restricts it", async () => {
    const rooms = { "#square": { users: ["alice"], tools: { deny: ["exec"] } } };
    const who = person({});
    const cfg = await finish(withSection({ serverUrl: emulator.url, ...bot, ...local, rooms }), who);
    expect(who.ticked).toEqual([square]);
    expect(cfg.channels?.rocketchat?.rooms).toEqual(rooms);
    const none = await finish(cfg, person({ rooms: [] }));
    expect(none.channels?.rocketchat?.rooms).toEqual({});
  });
});

describe("`channels add` with flags", () => {
  afterEach(() => void vi.unstubAllEnvs());
  const given = { serverUrl: "https://chat.example.org", userId: "u1", username: "@labbot", pat: "token" };
  const refuse = (input: object) => refuseInput({}, "default", input);
  const add = (input: object) => applyInput({}, "default", input).channels?.rocketchat;

  it.each([
    [{ serverUrl: "chat.example.org" }, "--server-url does not begin with https://"],
    [{ serverUrl: "http://chat.example.org" }, "--server-url must be https://"],
    [{ serverUrl: "https://:x@chat.example.org" }, "--server-url has a user name or a password in it"],
    [{ pat: "to ken" }, "--pat has a space"],
    [{ userId: "" }, "Rocket.Chat needs --server-url"],
  ])("refuses what the wizard refuses: %j", (change, message) => {
    expect(refuse({ ...given, ...change })).toContain(message);
    expect(refuse(given)).toBeNull();
  });

  it("takes the token from a variable, and stores where it stands", () => {
    const { pat: _, ...withoutPat } = given;
    expect(refuse(withoutPat)).toContain("the variable ROCKETCHAT_PAT");
    vi.stubEnv("ROCKETCHAT_PAT", "token");
    expect(refuse(withoutPat)).toBeNull();
    expect(add(withoutPat)).toMatchObject({
      username: "labbot",
      pat: { source: "env", provider: "default", id: "ROCKETCHAT_PAT" },
    });
  });
});
