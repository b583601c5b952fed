// Owns the stage on which access is tried without a gateway: an emulated server with the town, and a judge per configuration.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Emulator, startEmulator } from "../../emulator/server.ts";
import type { NamePins } from "../../src/intake/names.ts";
import type { RawMessageEvent } from "../../src/intake/receive.ts";
import { openThreadMemory } from "../../src/openclaw/account/memory/thread-memory.ts";
import { createRestClient } from "../../src/rest/client.ts";
import type { Block } from "./decisions.ts";
import { type Judge, openJudge } from "./judge.ts";
import { buildTown, type Speaker, type Town } from "./town.ts";

export interface Stage {
  readonly emulator: Emulator;
  readonly town: Town;
  /** An account with this configuration, just started. */
  open(block: Pick<Block, "section" | "config" | "paired"> & { pins?: NamePins }): Promise<Judge>;
  /** The event as the stream brings it to the bot user. */
  eventOf(message: { id: string; rid: string }, as: Speaker): RawMessageEvent;
  close(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const emulator = await startEmulator();
  const { control, world } = emulator;
  const bot = control.addUser({ username: "labbot", roles: ["user", "bot"] });
  const town = buildTown(emulator, bot);
  const rest = createRestClient({
    serverUrl: emulator.url,
    userId: bot.userId,
    pat: control.personalAccessToken(bot.username),
    fetch: async (url, init) => ({ response: await fetch(url, init), release: async () => {} }),
    onUnauthorized: () => {},
  });
  const folder = mkdtempSync(join(tmpdir(), "access-"));
  const threads = openThreadMemory(folder, "default");
  for (const { _id, u, tmid } of control.messages(town.rooms.town))
    if (u._id === bot.userId) threads.noteOwnMessage({ id: _id, threadId: tmid });

  return {
    emulator,
    town,
    open({ section, config, paired = [], pins }) {
      const { userId, username } = bot;
      const account = { serverUrl: "https://chat.example.org", userId, username, pat: "x" };
      return openJudge({
        cfg: { ...config?.(town), channels: { rocketchat: { ...account, ...section(town) } } },
        botUserId: userId,
        rest,
        threads,
        siblings: new Set([town.ids.second]),
        paired: paired.map((name) => town.ids[name]),
        ...(pins && { pins }),
      });
    },
    eventOf({ id, rid }, as) {
      const room = world.rooms.get(rid);
      const message = control.messages(rid).find(({ _id }) => _id === id);
      const integration = as === "hook" ? { bot: { i: "hook" } } : {};
      const roomParticipant = world.membership(rid, bot.userId) !== undefined;
      return JSON.parse(
        JSON.stringify({
          message: { ...message, ...integration },
          room: { roomParticipant, roomType: room?.t, roomName: room?.name },
        }),
      );
    },
    async close() {
      threads.close();
      rmSync(folder, { recursive: true });
      await emulator.close();
    },
  };
}
