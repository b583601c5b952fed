import { rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { z } from "zod";
import { freePort, type Gateway, installGateway } from "../../demo/gateway.ts";
import { listenOnLoopback } from "../../demo/listen.ts";
import { PluginFeed } from "../../demo/plugin-feed.ts";
import { type ScriptedModel, startScriptedModel } from "../../demo/scripted-model.ts";
import { type Emulator, startEmulator } from "../../emulator/server.ts";
import { enterAs, hasChromium, launch, openPage, openRoom, write } from "../browser/stage.ts";
import { commandsToHelp } from "../support/documented-commands.ts";
import { gatewayEnvironment } from "./stack.ts";
import { BACKSPACE, DOWN, ENTER, openTerminal, SPACE } from "./terminal.ts";

const ADMIN_PASSWORD = "an administrator's password";
const BOT_PASSWORD = "the bot user's password";
const section = (value: unknown) => z.record(z.string(), z.unknown()).parse(value);

let emulator: Emulator;
let model: ScriptedModel;
let gateway: Gateway;
let bot: { userId: string; pat: string };
let town: string;
beforeAll(async () => {
  const alice = { username: "alice", name: "Alice", password: "Alice!" };
  const feed = new PluginFeed("openclaw-bot");
  emulator = await startEmulator({ page: { people: [alice], feed } });
  model = await startScriptedModel();
  const { control } = emulator;
  control.limitRest(false);
  control.addUser(alice);
  control.join({ username: "alice", rid: "GENERAL" });
  const { userId } = control.addUser({
    username: "openclaw-bot",
    password: BOT_PASSWORD,
    roles: ["user", "bot"],
  });
  bot = { userId, pat: control.personalAccessToken("openclaw-bot") };
  town = control.addRoom({ name: "town", type: "p", members: ["alice", "openclaw-bot"] });
  gateway = await installGateway({
    tarball: inject("tarball"),
    modelUrl: model.url,
    channels: {},
    env: {
      ...gatewayEnvironment(),
      ROCKETCHAT_ADMIN_PASSWORD: ADMIN_PASSWORD,
      ROCKETCHAT_BOT_PASSWORD: BOT_PASSWORD,
    },
    onOutput: (text) => feed.read(text),
  });
});
afterAll(async () => {
  await gateway?.stop();
  await Promise.all([model?.close(), emulator?.close()]);
});

it("leads from nothing to a working account, past every wrong value", async () => {
  const web = createServer((_, response) => response.end("<html>not a chat</html>"));
  const webPort = await listenOnLoopback(web);
  const closedPort = await freePort();
  const terminal = openTerminal(gateway, ["channels", "add", "--channel", "rocketchat"]);
  const answer = (text: string) => terminal.press(text, ENTER);
  const retype = (before: string, text: string) => {
    terminal.press(...Array.from(before, () => BACKSPACE));
    answer(text);
  };
  const allowLocal = async () => {
    await terminal.see(/Allow it, for local development only/);
    terminal.press("y");
    await terminal.see(/is on a private network/);
    terminal.press("y");
  };

  await terminal.see(/Rocket\.Chat account/);
  terminal.press(ENTER);
  await terminal.see(/Administration > Workspace/);

  await terminal.see(/Address of the Rocket\.Chat server/);
  answer("chat.example.org");
  await terminal.see(/Write the whole address/);
  retype("chat.example.org", emulator.url);
  await terminal.see(/Allow it, for local development only/);
  terminal.press("n");
  await terminal.see(/Address of the Rocket\.Chat server/);
  retype(emulator.url, `http://127.0.0.1:${closedPort}`);
  await allowLocal();
  await terminal.see(/Nothing listens there/);
  terminal.press("n");
  await terminal.see(/Address of the Rocket\.Chat server/);
  retype(`http://127.0.0.1:${closedPort}`, `http://127.0.0.1:${webPort}`);
  await allowLocal();
  await terminal.see(/did not answer with JSON/);
  terminal.press("n");
  await terminal.see(/Address of the Rocket\.Chat server/);
  retype(`http://127.0.0.1:${webPort}`, emulator.url);
  await allowLocal();
  await terminal.see(/Rocket\.Chat 8\.3 answers/);

  await terminal.see(/User id of the bot user/);
  answer("nobody");
  await terminal.see(/How do you want to provide/);
  terminal.press(ENTER);
  await terminal.see(/Personal access token of the bot user/);
  answer("not-a-token");
  await terminal.see(/does not accept these values/);
  await terminal.see(/What do you want to enter again/);
  terminal.press(ENTER);
  await terminal.see(/User id of the bot user/);
  answer(bot.userId);
  await terminal.see(/does not accept these values/);
  await terminal.see(/What do you want to enter again/);
  terminal.press(DOWN, ENTER);
  await terminal.see(/Personal access token of the bot user/);
  answer(bot.pat);

  await terminal.see(/In which rooms/);
  await terminal.see(/#town/);
  terminal.press(SPACE, ENTER);
  await terminal.see(/The token works: the agent is @openclaw-bot/);
  await terminal.see(/write: Hello/);
  await terminal.see(/DM access policies/);
  terminal.press("n");
  await terminal.see(/administration from your own chat account/);
  terminal.press(ENTER);
  await terminal.see(/Channels updated/);
  expect(await terminal.ended).toBe(0);
  expect(terminal.text()).not.toContain(bot.pat);
  expect(await gateway.readConfig()).toMatchObject({
    channels: {
      rocketchat: {
        serverUrl: emulator.url,
        userId: bot.userId,
        username: "openclaw-bot",
        pat: bot.pat,
        rooms: { [town]: {} },
      },
    },
  });
  web.close();
});

describe("the account that was set up", () => {
  beforeAll(async () => {
    await gateway.start();
    await gateway.waitForOutput(/\[default\] connected/);
  });
  afterAll(() => gateway?.end());

  const answered = (text: string) =>
    emulator.control.waitForMessage(
      ({ rid, u, msg }) => rid === town && u._id === bot.userId && msg.includes(text),
      { timeoutMs: 60_000 },
    );

  it.skipIf(!hasChromium)("answers on the page, which tells what the plugin did", async () => {
    const browser = await launch();
    const opened = await openPage(browser, emulator.pageUrl, { viewport: { width: 1280, height: 800 } });
    const { page } = opened;
    page.setDefaultTimeout(60_000);
    await enterAs(page, "Alice");
    await openRoom(page, "town");
    await write(page, "Write to town", "[say never] nobody is meant");
    await page.getByRole("button", { name: "not answered: not mentioned" }).waitFor();
    await write(page, "Write to town", "@openclaw-bot [say good morning]");
    await page.getByRole("button", { name: /^answered in / }).click();
    const panel = page.getByRole("complementary", { name: "What the plugin did" });
    await panel.getByText(`agent:main:rocketchat:channel:${town}`).waitFor();
    await panel.getByText("answer sent").waitFor();
    await panel.getByText("The agent was not mentioned").waitFor();
    await page.locator("li.message", { hasText: "good morning" }).last().waitFor();
    await opened.close();
    await browser.close();
  });

  it("goes on after the plugin was loaded anew", async () => {
    const before = gateway.mark();
    await gateway.mustRun(["plugins", "reload", "rocketchat"]);
    await gateway.waitForOutput(/\[default\] connected/, { from: before });
    emulator.control.post({ as: "alice", rid: town, msg: "@openclaw-bot [say still here]" });
    await answered("still here");
  });

  it("gets a new token while it runs, and answers with that one", async () => {
    const rotated = await gateway.mustRun(["rocketchat", "rotate"]);
    expect(rotated).toContain("revoke the old one when the gateway listens with the new one");
    const { rocketchat } = z
      .object({ rocketchat: z.looseObject({ pat: z.string() }) })
      .parse((await gateway.readConfig()).channels);
    const user = emulator.world.users.get(bot.userId);
    const tokens = user?.tokens.filter(({ kind }) => kind === "personal").map(({ secret }) => secret);
    expect(tokens).toEqual([rocketchat.pat]);
    expect(rocketchat.pat).not.toBe(bot.pat);
    expect(rotated).not.toContain(rocketchat.pat);
    emulator.control.post({ as: "alice", rid: town, msg: "@openclaw-bot [say with the new token]" });
    await answered("with the new token");
  });
});

it("makes a bot user for each agent, which work", async () => {
  const { control } = emulator;
  control.addAdmin({ username: "root-admin", password: ADMIN_PASSWORD });
  control.addRoom({ name: "square", type: "p", members: ["alice", "root-admin"] });
  // As OpenClaw leaves the configuration of an agent that was the default one, when a second is added.
  await gateway.updateConfig((config) => ({
    ...config,
    agents: { ...section(config.agents), ownership: "explicit", entries: { main: {}, helper: {} } },
    bindings: [{ agentId: "main", match: { channel: "rocketchat", accountId: "*" } }],
  }));
  const made = await gateway.cli([
    ...["rocketchat", "provision", "--server-url", emulator.url, "--admin", "root-admin"],
    ...["--agent", "main=main-bot,helper", "--room", "square"],
    ...["--dangerously-allow-insecure", "--dangerously-allow-private-network"],
  ]);
  expect(made.stdout).toContain("Done. A running gateway takes the configuration up by itself");
  for (const agentId of ["main", "helper"]) {
    const match = { channel: "rocketchat", accountId: agentId };
    expect((await gateway.readConfig()).bindings).toContainEqual({ agentId, match });
  }
  const file = join(gateway.folder, "main-pat");
  await gateway.updateConfig((config) => {
    const rocketchat = structuredClone(section(section(config.channels).rocketchat));
    const main = section(section(rocketchat.accounts).main);
    writeFileSync(file, String(main.pat), { mode: 0o600 });
    const pat = { source: "store", provider: "default", id: "MAIN_PAT" };
    const rooms = { "#square": { users: ["@alice"], tools: { deny: ["exec"] } } };
    const accounts = { ...section(rocketchat.accounts), main: { ...main, pat, rooms } };
    return { ...config, channels: { rocketchat: { ...rocketchat, accounts } } };
  });
  await gateway.mustRun([
    ...["secrets", "store", "set", "MAIN_PAT", "--kind", "secret", "--value-file", file],
  ]);
  rmSync(file);
  const doctor = await gateway.cli(["rocketchat", "doctor"]);
  for (const name of ["openclaw-bot", "main-bot", "helper-bot"])
    expect(doctor.stdout).toContain(`✓ token: the token works for @${name}`);
  expect(doctor.stdout).not.toContain("✗");
  expect(doctor.stdout).toMatch(/\nAccount +Bot +Server +Result\n/);
  expect(doctor.code).toBe(0);
  expect(made.stdout).not.toContain(ADMIN_PASSWORD);
});

it("knows the other commands of the documentation, with their options", async () => {
  const helps = [...commandsToHelp("openclaw")].map(async ([words, options]) => {
    const { stdout } = await gateway.cli([...words.split(" ").slice(1), "--help"]);
    expect(stdout).toContain(`Usage: ${words} [options]`);
    for (const option of options) expect(stdout).toContain(option);
  });
  expect(helps.length).toBeGreaterThan(3);
  await Promise.all(helps);
});
