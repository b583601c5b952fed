// Owns the scenario about who is there: by REST, by both streams, and as connections come and go.
import type { Actor } from "../actor.ts";
import type { Json, JsonObject } from "../recording/json.ts";
import type { Scenario } from "../scenario.ts";

const LABELS = ["ann", "ben", "cid", "dan", "eve"] as const;
const EARLIER_MS = 60_000;

export const presence: Scenario = {
  name: "presence",
  about:
    "Presence by REST, stream-user-presence, user-status, connections coming and going, the limit on texts",
  needsAdmin: true,
  async play(stage) {
    const { bot } = stage;
    await stage.phase("setup");
    const made: Record<string, Actor> = {};
    for (const label of LABELS) made[label] = await stage.createUser({ label });
    const { ann = bot, ben = bot, cid = bot, dan = bot, eve = bot } = made;
    const ddp = await bot.ddp();
    const set = (who: Actor, body: JsonObject) => who.post("users.setStatus", body);
    const added = (uid: string): Json => ({ added: [uid] });
    const inTurn = async (endpoint: string, queries: Record<string, string>[]) => {
      for (const query of queries) await bot.get(endpoint, query);
    };
    const userId = ann.userId;
    await stage.phase("reading by REST");
    const wanted = [{ userId }, { username: ann.username }, { user: ann.username }];
    await inTurn("users.getPresence", [...wanted, { userId: stage.newId() }]);
    const asked = [{ userId }, { username: ann.username }, { username: "nobody-of-that-name" }];
    await inTurn("users.getStatus", asked);
    await ann.get("users.getPresence");
    await ann.get("users.getStatus");
    await bot.get("users.getPresence", { userId }, { login: "none" });
    await stage.parts({
      "users.presence": async () => {
        await inTurn("users.presence", [{ ids: userId }, { ids: stage.newId() }]);
        const earlier = new Date(Date.now() - EARLIER_MS).toISOString();
        for (const from of [earlier, "yesterday"]) await bot.get("users.presence", { from }, { loose: true });
        await bot.get("users.presence", undefined, { loose: true });
      },
      "stream for ann": () => ddp.subscribe("stream-user-presence", ["", added(userId)], "p1"),
      "ann busy with text": () => set(ann, { message: "in a meeting", status: "busy" }),
      "ann read after that": async () => {
        await inTurn("users.getPresence", [{ userId }]);
        await inTurn("users.getStatus", [{ userId }]);
        await inTurn("users.presence", [{ ids: userId }]);
        await inTurn("users.info", [{ userId }]);
      },
      "ben busy: not asked for": () => set(ben, { message: "lunch", status: "busy" }),
      "ben added by a second subscription": () =>
        ddp.subscribe("stream-user-presence", ["", added(ben.userId)], "p2"),
      "ben changes": () => set(ben, { message: "back", status: "online" }),
      "ann changes": () => set(ann, { message: "", status: "away" }),
      "ann removed": () => ddp.subscribe("stream-user-presence", ["", { removed: [userId] }], "p3"),
      "both change again": async () => {
        await set(ann, { message: "unseen", status: "busy" });
        await stage.settle();
        await set(ben, { message: "seen", status: "away" });
      },
      "the first subscription ended": () => ddp.unsubscribe("p1"),
      "ben changes after that": () => set(ben, { message: "seen?", status: "busy" }),
      "an event name, an unknown user, no arguments": async () => {
        await ddp.stream("stream-user-presence", userId, "p4");
        await ddp.subscribe("stream-user-presence", ["", added(stage.newId())], "p5");
        await ddp.subscribe("stream-user-presence", [""], "p6");
      },
      "before login": async () => {
        const stranger = await eve.connect();
        await stranger.subscribe("stream-user-presence", ["", added(ben.userId)], "n1");
        await stranger.stream("stream-notify-logged", "user-status", "n2");
        await stranger.close();
      },
      "notify-logged": async () => (await bot.ddp()).stream("stream-notify-logged", "user-status", "l1"),
      "text and status": () => set(cid, { message: "told to all", status: "online" }),
      "same again": () => set(cid, { message: "told to all", status: "online" }),
      "text only": () => set(cid, { message: "other text" }),
      "status only": () => set(cid, { status: "busy" }),
      invisible: async () => {
        await set(cid, { message: "", status: "offline" });
        await inTurn("users.getPresence", [{ userId: cid.userId }]);
      },
      "long text, text with marks": async () => {
        for (const message of ["x".repeat(120), "x".repeat(121)]) {
          await set(dan, { message, status: "online" });
          await stage.settle();
        }
        await set(dan, { message: "  :coffee: *later* <b>  ", status: "online" });
        await inTurn("users.getStatus", [{ userId: dan.userId }]);
      },
      "seven texts in a row": async () => {
        for (let step = 1; step <= 7; step++) await set(eve, { message: `step ${step}` });
      },
      "status alone after that": () => set(eve, { status: "busy" }),
    });
    await comeAndGo(stage, ben);
    await stage.parts({
      "bot while it works": async () => {
        await set(bot, { message: "working on 1 task", status: "busy" });
        await stage.settle();
        await bot.get("users.getStatus");
        await bot.get("users.getPresence");
      },
      "bot done": async () => {
        await set(bot, { message: "", status: "online" });
        await stage.settle();
        await bot.get("users.getStatus");
      },
    });
  },
};

/** A user's connections: the first, a second, both closed. */
async function comeAndGo(stage: Parameters<Scenario["play"]>[0], ben: Actor): Promise<void> {
  await stage.phase("ben connects");
  const first = await ben.ddp();
  await stage.wait(1500);
  await stage.parts({
    "ben away by DDP": async () => {
      await first.call("UserPresence:away");
      await stage.wait(800);
    },
    "ben online by DDP": async () => {
      await first.call("UserPresence:online");
      await stage.wait(800);
    },
    "ben connects a second time and leaves once": async () => {
      const second = await ben.ddp();
      await stage.wait(800);
      await second.close();
      await stage.wait(1500);
    },
    "ben leaves altogether": async () => {
      await first.close();
      await stage.wait(2500);
      await stage.bot.get("users.getPresence", { userId: ben.userId });
    },
  });
}
