import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../emulator/server.ts";
import type { RawMessageEvent } from "../../src/inbound/receive.ts";
import { openThreadMemory, type StoredThreadMemory } from "../../src/openclaw/thread-memory.ts";
import { createRestClient, type RestClient } from "../../src/rest/client.ts";
import { BLOCKS, type Block } from "./decisions.ts";
import { openJudge } from "./judge.ts";
import { buildTown, type Speaker, type Town } from "./town.ts";

let emulator: Emulator;
let town: Town;
let rest: RestClient;
let threads: StoredThreadMemory;
let folder: string;
beforeAll(async () => {
  emulator = await startEmulator();
  const { control } = emulator;
  const { userId, username } = control.addUser({ username: "labbot", roles: ["user", "bot"] });
  town = buildTown(emulator, { userId, username });
  rest = createRestClient({
    serverUrl: emulator.url,
    userId,
    pat: control.personalAccessToken(username),
    fetch: async (url, init) => ({ response: await fetch(url, init), release: async () => {} }),
    onUnauthorized: () => {},
  });
  folder = mkdtempSync(join(tmpdir(), "access-"));
  threads = openThreadMemory(folder, "default");
  for (const { _id, u, tmid } of control.messages(town.rooms.town))
    if (u._id === userId) threads.noteOwnMessage({ id: _id, threadId: tmid });
});
afterAll(async () => {
  threads?.close();
  rmSync(folder, { recursive: true });
  await emulator?.close();
});

/** The event as the stream brings it to the bot user. */
function eventOf({ id, rid }: { id: string; rid: string }, as: Speaker): RawMessageEvent {
  const { world, control } = emulator;
  const room = world.rooms.get(rid);
  const message = control.messages(rid).find(({ _id }) => _id === id);
  const integration = as === "hook" ? { bot: { i: "hook" } } : {};
  return JSON.parse(
    JSON.stringify({
      message: { ...message, ...integration },
      room: {
        roomParticipant: world.membership(rid, town.bot.userId) !== undefined,
        roomType: room?.t,
        roomName: room?.name,
      },
    }),
  );
}

function configOf(block: Block) {
  const { bot } = town;
  const account = {
    serverUrl: "https://chat.example.org",
    userId: bot.userId,
    username: bot.username,
    pat: "x",
  };
  return { ...block.config?.(town), channels: { rocketchat: { ...account, ...block.section(town) } } };
}

it("has no fewer rows than promised, of which enough are tried in a real gateway", () => {
  const count = (blocks: readonly Block[]) => blocks.reduce((sum, { rows }) => sum + rows.length, 0);
  expect(count(BLOCKS)).toBeGreaterThanOrEqual(150);
  expect(count(BLOCKS.filter(({ gateway }) => gateway))).toBeGreaterThanOrEqual(40);
});

describe.each(BLOCKS)("with $name", (block) => {
  it.each(block.rows)("%s in %s, %s: %s", async (as, place, saying, verdict) => {
    const judge = await openJudge({
      cfg: configOf(block),
      botUserId: town.bot.userId,
      rest,
      threads,
      siblings: new Set([town.ids.second]),
      paired: (block.paired ?? []).map((name) => town.ids[name]),
    });
    const said = town.speak(as, place, { saying, marker: "words" });
    expect(await judge.judge(eventOf(said, as))).toBe(verdict);
  });
});
