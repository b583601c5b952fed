// Owns the scenarios about the DDP connection itself: handshake, heartbeat, subscriptions, typing.
import type { Json } from "../recording/json.ts";
import type { Scenario } from "../scenario.ts";
import type { DdpSocket } from "../wire.ts";

const CONNECT = { msg: "connect", version: "1", support: ["1"] };

export const connectAndVersion: Scenario = {
  name: "connect-and-version",
  about: "The handshake with good and bad versions, and frames that are none",
  async play(stage) {
    const { bot } = stage;
    await stage.phase("connect");
    const first = await bot.connect();
    const send = (frame: Json) => async () => first.send(frame);
    const type = (text: string) => async () => first.sendText(text);
    await stage.parts({
      "connect again on the same socket": send(CONNECT),
      "ping without id": send({ msg: "ping" }),
      "ping with id": send({ msg: "ping", id: "p1" }),
      "pong nobody asked for": send({ msg: "pong" }),
      "unknown msg": send({ msg: "wat", id: "1" }),
      "no msg key": send({ hello: 1 }),
      "not JSON": type("not json"),
      "JSON but no object": async () => ["[]", '"text"', "null"].map((text) => first.sendText(text)),
      "empty frame": type(""),
      "method without id": send({ msg: "method", method: "noSuchMethod" }),
      "method without params": send({ msg: "method", method: "noSuchMethod", id: "m1" }),
      "method with params of the wrong type": send({
        msg: "method",
        method: "noSuchMethod",
        id: "m2",
        params: "x",
      }),
      "sub without name": send({ msg: "sub", id: "x1" }),
      "client closes": () => first.close(),
    });
    let early: DdpSocket;
    const openWith = (frame: Json) => async () => {
      early = await bot.socket();
      early.send(frame);
    };
    await stage.parts({
      "bad version": openWith({ msg: "connect", version: "pre9", support: ["pre9"] }),
      "good version after a bad one": async () => early.send(CONNECT),
      "bad version with a good one in support": openWith({
        msg: "connect",
        version: "pre9",
        support: ["pre9", "1"],
      }),
      "connect without version": openWith({ msg: "connect" }),
      "method before connect": openWith({
        msg: "method",
        method: "login",
        id: "1",
        params: [{ resume: "x" }],
      }),
      "sub before connect": async () =>
        early.send({
          msg: "sub",
          id: "s1",
          name: "stream-room-messages",
          params: ["__my_messages__", false],
        }),
      "ping before connect": async () => early.send({ msg: "ping", id: "early" }),
      "connect with an old session id": openWith({ ...CONNECT, session: "abcdefghij2345678" }),
    });
  },
};

const PING_EVERY_MS = 10_000;

export const heartbeat: Scenario = {
  name: "heartbeat",
  about: "When the server pings silent clients and when it gives them up",
  timed: true,
  aside: true,
  async play(stage) {
    const { bot } = stage;
    await stage.phase("open");
    await bot.socket({ pong: false }); // says nothing at all
    await bot.connect({ pong: false }); // connects, then silence
    await bot.ddp({ pong: false }); // logs in, then silence
    await bot.connect(); // answers pings
    const talking = await bot.connect({ pong: false }); // pings by itself, never answers
    await stage.phase("wait 70 s");
    for (let i = 0; i < 7; i++) {
      await new Promise((resolve) => setTimeout(resolve, PING_EVERY_MS));
      talking.send({ msg: "ping", id: `own${i}` });
    }
  },
};

const BURST = 45;

export const subscriptions: Scenario = {
  name: "subscriptions",
  about: "Subscribing: twice, forbidden, unknown, before the login, of another user, too many",
  async play(stage) {
    const { bot, alice, mallory } = stage;
    await stage.phase("setup");
    const secret = await stage.createRoom({ members: [alice, bot], name: "subs" });
    const open = await stage.createRoom({ type: "c", name: "subs-open" });
    const s = await bot.ddp();
    const streams = async (ddp: DdpSocket, name: string, events: string[]) => {
      for (const event of events) await ddp.stream(name, event);
    };
    const roomEvents = (rid: string, ...events: string[]) => events.map((event) => `${rid}/${event}`);
    const plainAll = ["__my_messages__", false];
    await stage.parts({
      "my messages": () => s.stream("stream-room-messages", "__my_messages__", "my"),
      "my messages, old parameter form": () => s.subscribe("stream-room-messages", plainAll, "my2"),
      "duplicate id": async () =>
        s.send({ msg: "sub", id: "my", name: "stream-room-messages", params: plainAll }),
      "one message, two subscriptions": () => alice.say(secret.id, "to two subscriptions"),
      "unsub one": async () => {
        await s.unsubscribe("my2");
        await alice.say(secret.id, "to one subscription");
      },
      "unsub twice": async () => s.send({ msg: "unsub", id: "my2" }),
      "unsub an unknown id": async () => s.send({ msg: "unsub", id: "never" }),
      "unsub the last one": async () => {
        await s.unsubscribe("my");
        await alice.say(secret.id, "to nobody");
      },
      "room messages by room id": async () => {
        await s.stream("stream-room-messages", secret.id, "room");
        await alice.say(secret.id, "by room id");
      },
      "room events": () => {
        const events = ["deleteMessage", "user-activity", "typing", "deleteMessageBulk", "no-such-event"];
        return streams(s, "stream-notify-room", roomEvents(secret.id, ...events));
      },
      "own user events": () => {
        const known = [
          "message",
          "notification",
          "subscriptions-changed",
          "rooms-changed",
          "force_logout",
          "userData",
        ];
        return streams(s, "stream-notify-user", roomEvents(bot.userId, ...known, "otr", "no-such-event"));
      },
      "logged and all": async () => {
        await streams(s, "stream-notify-logged", ["user-status", "no-such-event"]);
        await s.stream("stream-notify-all", "public-settings-changed");
      },
      "user events of another user": () =>
        streams(s, "stream-notify-user", roomEvents(alice.userId, "message", "subscriptions-changed")),
      "unknown stream": () => s.stream("stream-nope", "x"),
      "empty event name": () => s.stream("stream-room-messages", ""),
      "no params": () => s.subscribe("stream-room-messages", []),
      "event name of the wrong type": () => s.subscribe("stream-room-messages", [{ a: 1 }]),
      "unknown room": async () => {
        await s.stream("stream-room-messages", stage.newId());
        await s.stream("stream-notify-room", `${stage.newId()}/deleteMessage`);
      },
      "public channel of which the bot is no member": async () => {
        await s.stream("stream-room-messages", open.id);
        await s.stream("stream-notify-room", `${open.id}/deleteMessage`);
      },
      "private room of which he is no member": async () => {
        const m = await mallory.ddp();
        await m.stream("stream-room-messages", secret.id);
        await m.stream("stream-notify-room", `${secret.id}/user-activity`);
        await m.stream("stream-notify-room-users", `${secret.id}/webrtc`);
      },
    });
    await stage.phase("before login");
    const n = await bot.connect();
    await streams(n, "stream-room-messages", ["__my_messages__", secret.id]);
    await n.stream("stream-notify-user", `${bot.userId}/message`);
    await n.stream("stream-notify-logged", "user-status");
    await n.stream("stream-notify-room", `${secret.id}/user-activity`);
    await n.stream("stream-notify-all", "public-settings-changed");
    await stage.parts({
      "login after subscribing": () => n.call("login", { resume: bot.token }),
      "does the early subscription deliver": () => alice.say(secret.id, "after a late login"),
      "45 subscriptions in a burst": async () => {
        const b = await bot.ddp();
        const params = [`${secret.id}/user-activity`, { useCollection: false, args: [] }];
        for (let i = 0; i < BURST; i++)
          b.send({ msg: "sub", id: `b${i}`, name: "stream-notify-room", params });
      },
    });
  },
};

export const typing: Scenario = {
  name: "typing",
  about: "Typing as the bot sends and hears it, under wrong names, by outsiders, too often",
  async play(stage) {
    const { bot, alice, bob, mallory } = stage;
    await stage.phase("setup");
    const room = await stage.createRoom({ members: [bot, bob], name: "typing" });
    const hears = { rooms: [room.id], events: ["user-activity", "typing"] };
    const b = await bot.listen(hears);
    const a = await alice.listen(hears);
    const parent = await alice.say(room.id, "thread parent");
    const notify = (ddp: DdpSocket, event: string, ...args: Json[]) =>
      ddp.call("stream-notify-room", `${room.id}/${event}`, ...args);
    const type = (ddp: DdpSocket, ...args: Json[]) => notify(ddp, "user-activity", ...args);
    const start = ["user-typing"];
    await stage.parts({
      "bot starts": () => type(b, "labbot", start, {}),
      "bot stops": () => type(b, "labbot", [], {}),
      "bot in a thread": () => type(b, "labbot", start, { tmid: parent.id }),
      "bot without the fourth argument": () => type(b, "labbot", start),
      "bot recording and uploading": () => type(b, "labbot", ["user-recording", "user-uploading"], {}),
      "bot with an unknown activity": () => type(b, "labbot", ["user-thinking"], {}),
      "alice starts": () => type(a, "alice", start, {}),
      "alice in the thread": () => type(a, "alice", start, { tmid: parent.id }),
      "wrong name": () => type(b, "alice", start, {}),
      "display name in place of the user name": () => type(b, "Lab Bot", start, {}),
      "no arguments": () => type(b),
      "old typing event": () => notify(b, "typing", "labbot", true),
      "other event of the stream": async () => {
        await notify(b, "deleteMessage", { _id: parent.id });
        await notify(b, "nonsense", 1);
      },
      "unknown room": () =>
        b.call("stream-notify-room", "nosuchroom2345678/user-activity", "labbot", start, {}),
      outsider: async () => type(await mallory.ddp(), "mallory", start, {}),
      "not logged in": async () => type(await bot.connect(), "labbot", start, {}),
      "bot types, then posts": async () => {
        await type(b, "labbot", start, {});
        await bot.write(room.id, "done typing");
      },
    });
    await stage.phase("too many");
    const busy = await bot.ddp();
    for (let i = 0; i < BURST; i++) await type(busy, "labbot", i % 2 ? [] : start, {});
    await stage.phase("after too many, other methods");
    await busy.call("rooms/get", { $date: Date.now() });
  },
};
