// Owns the tests of a reply with a file that OpenClaw does not keep for us.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { type Emulator, startEmulator } from "../../../../emulator/server.ts";
import { roomFacts } from "../../../../test/support/room.ts";
import { sendMessage } from "../../../outbound/send.ts";
import { sendingFor, shareSending } from "../../account/sending.ts";
import { refreshServerFacts } from "../../account/server-facts.ts";
import { openRestClient } from "../../account/transport.ts";
import { resolveAccount } from "../../config/account.ts";
import { setRuntime } from "../../runtime.ts";
import type { Route } from "../route.ts";
import type { TurnScope } from "../scope.ts";
import { openReplyMedia } from "./media.ts";
import { createReplyDelivery } from "./posting.ts";

let emulator: Emulator;
let cfg: { channels: { rocketchat: object } };
let roomId: string;
let told: string[];
const stateDir = mkdtempSync(join(tmpdir(), "posting-"));
const folder = join(stateDir, "workspace");

beforeAll(async () => {
  vi.stubEnv("OPENCLAW_STATE_DIR", stateDir);
  setRuntime({ state: { resolveStateDir: () => stateDir } } as unknown as Parameters<typeof setRuntime>[0]);
  emulator = await startEmulator();
  emulator.control.addUser({ username: "ann" });
  const { userId } = emulator.control.addUser({ username: "bot", roles: ["user", "bot"] });
  const rocketchat = {
    serverUrl: emulator.url,
    userId,
    username: "bot",
    pat: emulator.control.personalAccessToken("bot"),
    dangerouslyAllowInsecure: true,
    network: { dangerouslyAllowPrivateNetwork: true },
  };
  cfg = { channels: { rocketchat } };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "a.txt"), "a\n");
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await emulator.close();
  rmSync(stateDir, { recursive: true });
});
beforeEach(() => {
  told = [];
  const name = `room${emulator.world.rooms.size}`;
  roomId = emulator.control.addRoom({ name, type: "p", members: ["ann", "bot"] });
});
afterEach(() => emulator.faults.clear());

const settings = () => resolveAccount(cfg, undefined);
const posted = () => emulator.control.messages(roomId).filter(({ t }) => t === undefined);
const words = () => posted().map(({ msg }) => msg);

/** A turn's way of posting, with a file of its workspace. */
function openDelivery() {
  const scope = {
    cfg,
    accountId: settings().accountId,
    settings: settings(),
    core: { system: { enqueueSystemEvent: (text: string) => void told.push(text) } },
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    input: { room: roomFacts({ id: roomId, type: "p" }), message: { id: "question" } },
  } as unknown as TurnScope;
  const route = { agentId: "main", turnSessionKey: "s" } as Route;
  let count = 0;
  const replies = {
    threadId: undefined,
    findRoot: async () => undefined,
    post(text: string, threadId: string | undefined) {
      count += 1;
      const id = `${roomId.slice(0, 10)}reply${count}`;
      return sendMessage(sendingFor(settings()), { id, roomId, text, threadId });
    },
  } as unknown as Parameters<typeof createReplyDelivery>[0]["replies"];
  const post = createReplyDelivery({ scope, replies, replyMedia: openReplyMedia(scope, route) });
  return (text: string) =>
    post({ payload: { text, mediaUrl: join(folder, "a.txt") }, threadId: undefined, signal: undefined });
}

it.each([
  ["the server", { status: 400, body: { success: false, errorType: "error-not-allowed", error: "no" } }],
  ["a proxy before it", { status: 413, body: "<html>413 Request Entity Too Large</html>" }],
])("its words arrive when %s refuses the file, and the agent is told", async (_, fault) => {
  emulator.faults.rest({ path: "rooms.media", ...fault });
  await openDelivery()("the words");
  expect(words()).toEqual(["the words", expect.stringContaining("(a.txt cannot be sent, because ")]);
  expect(told).toEqual([expect.stringContaining("a.txt cannot be sent")]);
});

it("it is divided anew when the server takes less by now", async () => {
  await refreshServerFacts(settings().accountId, sendingFor(settings()).rest);
  emulator.control.setSetting("Message_MaxAllowedSize", 900);
  const long = Array.from({ length: 300 }, (_, index) => `word${index}`).join(" ");
  await openDelivery()(long);
  emulator.control.setSetting("Message_MaxAllowedSize", 5000);
  expect(words().join(" ")).toBe(long);
});

it("it arrives though the account was stopped and started while the agent wrote", async () => {
  const { accountId } = settings();
  const { ids } = sendingFor(settings());
  const start = (patience: AbortSignal) =>
    shareSending(accountId, {
      rest: openRestClient(settings(), { onUnauthorized: () => {}, signal: patience }),
      ids,
      patience,
    });
  const first = new AbortController();
  const stopFirst = start(first.signal);
  const deliver = openDelivery();
  first.abort();
  stopFirst();
  const stopSecond = start(new AbortController().signal);
  await deliver("the words").finally(stopSecond);
  expect(words()).toEqual(["the words"]);
});
