import { createServer } from "node:http";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { z } from "zod";
import { freePort, type Gateway, installGateway } from "../../demo/gateway.ts";
import { listenOnLoopback } from "../../demo/listen.ts";
import { type ScriptedModel, startScriptedModel } from "../../demo/scripted-model.ts";
import { type Emulator, startEmulator } from "../../emulator/server.ts";
import { BACKSPACE, DOWN, ENTER, openTerminal, SPACE } from "./terminal.ts";

const ADMIN_PASSWORD = "an administrator's password";
const section = (value: unknown) => z.record(z.string(), z.unknown()).parse(value);

let emulator: Emulator;
let model: ScriptedModel;
let gateway: Gateway;
let bot: { userId: string; pat: string };
let town: string;
beforeAll(async () => {
  emulator = await startEmulator();
  model = await startScriptedModel();
  const { control } = emulator;
  control.addUser({ username: "alice", name: "Alice" });
  const { userId } = control.addUser({ username: "openclaw-bot", roles: ["user", "bot"] });
  bot = { userId, pat: control.personalAccessToken("openclaw-bot") };
  town = control.addRoom({ name: "town", type: "p", members: ["alice", "openclaw-bot"] });
  gateway = await installGateway({
    tarball: inject("tarball"),
    modelUrl: model.url,
    channels: {},
    env: { ROCKETCHAT_ADMIN_PASSWORD: ADMIN_PASSWORD },
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
  await terminal.see(/What shall be entered again/);
  terminal.press(ENTER);
  await terminal.see(/User id of the bot user/);
  answer(bot.userId);
  await terminal.see(/does not accept these values/);
  await terminal.see(/What shall be entered again/);
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

it("makes a bot user for each agent, which work, and changes nothing the second time", async () => {
  const { control } = emulator;
  control.addAdmin({ username: "root-admin", password: ADMIN_PASSWORD });
  control.addRoom({ name: "square", type: "p", members: ["alice", "root-admin"] });
  await gateway.updateConfig((config) => ({
    ...config,
    agents: { ...section(config.agents), entries: { main: { default: true }, helper: {} } },
  }));
  const provision = () =>
    gateway.cli([
      ...["rocketchat", "provision", "--server-url", emulator.url, "--admin", "root-admin"],
      ...["--agent", "main=main-bot,helper", "--room", "square"],
      ...["--dangerously-allow-insecure", "--dangerously-allow-private-network"],
    ]);

  const first = await provision();
  expect(first.stdout).toContain("The configuration is written");
  const config = await gateway.readConfig();
  for (const agentId of ["main", "helper"]) {
    const match = { channel: "rocketchat", accountId: agentId };
    expect(config.bindings).toContainEqual({ agentId, match });
  }
  const doctor = await gateway.cli(["rocketchat", "doctor"]);
  for (const name of ["main-bot", "helper-bot"])
    expect(doctor.stdout).toContain(`✓ token: the token works for @${name}`);
  expect(doctor.stdout).not.toContain("✗");
  expect(doctor.code).toBe(0);

  const second = await provision();
  expect(second.stdout).toContain("@main-bot for the agent main: nothing to do");
  expect(second.stdout).toContain("@helper-bot for the agent helper: nothing to do");
  expect(await gateway.readConfig()).toEqual(config);
  expect(first.stdout + second.stdout).not.toContain(ADMIN_PASSWORD);
});
