// Owns the small world of the demo: an emulated Rocket.Chat with two people, a bot user and two rooms.
import { randomUUID } from "node:crypto";
import { type Emulator, startEmulator } from "../emulator/server.ts";
import type { Feed } from "../emulator/web/offers.ts";
import type { ConfigObject } from "./gateway-config.ts";
import type { Utterance } from "./terminal/screen.ts";

export const BOT = "openclaw-bot";
const GENERAL = "GENERAL";

export interface Town {
  readonly emulator: Emulator;
  readonly botId: string;
  /** Room ids: alice's direct room with the bot, the public room the bot may answer in, a private one it may not. */
  readonly rooms: { readonly dm: string; readonly general: string; readonly ops: string };
  /** `channels.rocketchat` as a careful operator writes it: rooms and senders by id, people by pairing. */
  readonly account: ConfigObject;
}

/** Builds the town; the chat page lets one be alice or bob by one click, and shows the feed. */
export async function buildTown(feed: Feed): Promise<Town> {
  const alice = { username: "alice", name: "Alice", password: randomUUID() };
  const bob = { username: "bob", name: "Bob", password: randomUUID() };
  const emulator = await startEmulator({ page: { people: [alice, bob], feed } });
  const { control } = emulator;
  // Ten calls a minute for everybody together are few for two people who try something out.
  control.limitRest(false);
  const { userId: aliceId } = control.addUser(alice);
  control.addUser(bob);
  const bot = control.addUser({ username: BOT, name: "OpenClaw", roles: ["user", "bot"] });
  for (const username of ["alice", "bob", BOT]) control.join({ username, rid: GENERAL });
  const ops = control.addRoom({ name: "ops", type: "p", members: ["bob", BOT] });
  const dm = control.direct(["alice", BOT]);
  return {
    emulator,
    botId: bot.userId,
    rooms: { dm, general: GENERAL, ops },
    account: {
      serverUrl: emulator.url,
      userId: bot.userId,
      username: BOT,
      pat: control.personalAccessToken(BOT),
      dmPolicy: "pairing",
      groupPolicy: "allowlist",
      rooms: { [GENERAL]: {} },
      groupAllowFrom: [aliceId],
      dangerouslyAllowInsecure: true,
      network: { dangerouslyAllowPrivateNetwork: true },
    },
  };
}

/** Tells everything that people and the bot say from now on, once, in order. */
export function listenToTown({ emulator, rooms }: Town, hear: (utterance: Utterance) => void): void {
  const { world } = emulator;
  const heard = new Set<string>();
  const names = new Map([
    [rooms.dm, "DM alice – bot"],
    [rooms.general, "#general"],
    [rooms.ops, "#ops"],
  ]);
  world.listen((broadcast) => {
    if (broadcast.stream !== "room-messages") return;
    const { _id, rid, tmid, t, ts, u, msg } = broadcast.message;
    if (t !== undefined || heard.has(_id)) return;
    heard.add(_id);
    const room = names.get(rid) ?? rid;
    const root = tmid === undefined ? undefined : world.messages.get(tmid);
    hear({ at: ts, where: root ? `${room} › ${root.msg}` : room, who: u.username, text: msg });
  });
}
