// The emulator from outside, over real HTTP and real sockets.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Emulator, startEmulator } from "./server.ts";
import { connect, makeCaller, openSocket, rest } from "./testing/client.ts";

let emulator: Emulator;

beforeEach(async () => {
  emulator = await startEmulator();
});

afterEach(() => emulator.close());

/** A bot and alice in a group. */
function lobby() {
  const bot = makeCaller(emulator, "bot");
  const alice = makeCaller(emulator, "alice", ["user"]);
  const rid = emulator.control.addRoom({ name: "lobby", type: "p", members: ["alice", "bot"] });
  return { bot, alice, rid };
}

describe("delivery", () => {
  it("gives a bot a person's message with its room and mention", async () => {
    const { bot, rid } = lobby();
    const client = await connect(emulator, bot.token);
    emulator.control.post({ as: "alice", rid, msg: "hello @bot" });
    expect(await client.events(1)).toMatchObject([
      [
        { rid, msg: "hello @bot", u: { username: "alice" }, mentions: [{ _id: bot.userId, type: "user" }] },
        { roomParticipant: true, roomType: "p", roomName: "lobby" },
      ],
    ]);
  });

  it("sends a thread's parent before the reply, and the reply to its own sender", async () => {
    const { bot, rid } = lobby();
    const { _id } = emulator.control.post({ as: "alice", rid, msg: "question" });
    const client = await connect(emulator, bot.token);
    const message = { rid, msg: "answer", tmid: _id };
    const answer = await rest(emulator, "chat.sendMessage", { as: bot, body: { message } });
    expect(await answer.json()).toMatchObject({ success: true, message: { tmid: _id } });
    expect(await client.events(2)).toMatchObject([
      [{ _id, tcount: 1 }, {}],
      [{ msg: "answer", tmid: _id }, {}],
    ]);
  });

  it("shows public channels from outside and hides private groups", async () => {
    const bot = makeCaller(emulator, "bot");
    emulator.control.addUser({ username: "alice" });
    const open = emulator.control.addRoom({ name: "open", type: "c", members: ["alice"] });
    const closed = emulator.control.addRoom({ name: "closed", type: "p", members: ["alice"] });
    const client = await connect(emulator, bot.token);
    emulator.control.post({ as: "alice", rid: closed, msg: "secret" });
    emulator.control.post({ as: "alice", rid: open, msg: "news" });
    expect(await client.events(1)).toMatchObject([[{ msg: "news" }, { roomParticipant: false }]]);
  });

  it("accepts a subscription before the login and stays silent until then", async () => {
    const { bot, rid } = lobby();
    const client = await connect(emulator);
    expect(await client.sub("s", "stream-room-messages", "__my_messages__")).toEqual({
      msg: "ready",
      subs: ["s"],
    });
    emulator.control.post({ as: "alice", rid, msg: "too early" });
    await client.call("login", { resume: bot.token });
    emulator.control.post({ as: "alice", rid, msg: "in time" });
    expect(await client.events(1)).toMatchObject([[{ msg: "in time" }, {}]]);
  });

  it("sends a message again with its link preview", async () => {
    const { bot, rid } = lobby();
    const url = "http://127.0.0.1/page";
    emulator.control.page(url, { pageTitle: "A page" });
    const client = await connect(emulator, bot.token);
    emulator.control.post({ as: "alice", rid, msg: `see ${url}` });
    const [first, second] = await client.events(2);
    expect(first).toMatchObject([{ urls: [{ url, meta: {} }] }, {}]);
    expect(second).toMatchObject([{ urls: [{ url, meta: { pageTitle: "A page" } }] }, {}]);
  });

  it("drops typing under another's name without a word", async () => {
    const { bot, alice, rid } = lobby();
    const event = `${rid}/user-activity`;
    const watcher = await connect(emulator, alice.token);
    await watcher.sub("t", "stream-notify-room", event);
    const client = await connect(emulator, bot.token);
    const wrong = await client.call("stream-notify-room", event, "alice", ["user-typing"], {});
    const right = await client.call("stream-notify-room", event, "bot", ["user-typing"], {});
    expect([wrong, right].map(Object.keys)).toEqual([
      ["msg", "id"],
      ["msg", "id"],
    ]);
    expect(await watcher.events(1, "stream-notify-room")).toEqual([["bot", ["user-typing"], {}]]);
  });
});

describe("limits", () => {
  it("lets ten calls a minute of a plain user pass and all of a bot's", async () => {
    const { bot, alice } = lobby();
    const statuses = async (as: typeof bot) => {
      const answers = [];
      for (let i = 0; i < 11; i += 1) answers.push((await rest(emulator, "rooms.get", { as })).status);
      return answers.slice(-2);
    };
    expect(await statuses(bot)).toEqual([200, 200]);
    expect(await statuses(alice)).toEqual([200, 429]);
  });

  it("names the time of the next call in milliseconds and gives no Retry-After", async () => {
    const { alice } = lobby();
    const { headers } = await rest(emulator, "rooms.get", { as: alice });
    expect(Number(headers.get("x-ratelimit-reset"))).toBeGreaterThan(Date.now());
    expect(headers.get("retry-after")).toBeNull();
  });

  it("refuses the 41st subscription to one stream, of a bot too", async () => {
    const { bot, rid } = lobby();
    const client = await connect(emulator, bot.token);
    const subs = Array.from({ length: 41 }, (_, i) => client.sub(`n${i}`, "stream-notify-room", `${rid}/x`));
    const answers = await Promise.all(subs);
    expect(answers.filter(({ msg }) => msg === "ready")).toHaveLength(40);
    expect(answers.at(-1)).toMatchObject({ msg: "nosub", error: { error: "too-many-requests" } });
  });

  it("counts a message's size in UTF-16 units", async () => {
    const { bot, rid } = lobby();
    emulator.control.setSetting("Message_MaxAllowedSize", 4);
    const send = (msg: string) =>
      rest(emulator, "chat.sendMessage", { as: bot, body: { message: { rid, msg } } });
    expect((await send("😀😀")).status).toBe(200);
    expect((await send("😀😀x")).status).toBe(400);
  });
});

describe("tokens", () => {
  it("keeps an 8.3 socket open when its token is revoked, while REST says 401", async () => {
    const { bot, rid } = lobby();
    const client = await connect(emulator, bot.token);
    emulator.control.revokeToken(bot.token);
    expect((await rest(emulator, "me", { as: bot })).status).toBe(401);
    emulator.control.post({ as: "alice", rid, msg: "still there?" });
    expect(await client.events(1)).toHaveLength(1);
  });

  it("hangs up with 1000 when the user is deactivated", async () => {
    const { bot } = lobby();
    const client = await connect(emulator, bot.token);
    emulator.control.deactivate("bot");
    expect(await client.close()).toEqual({ code: 1000, reason: "Normal closure" });
  });

  it("asks for the password once more before it makes a token", async () => {
    const { password } = emulator.control.addUser({ username: "carol" });
    const login = await rest(emulator, "login", { body: { user: "carol", password } });
    const { data } = await login.json();
    const as = { userId: data.userId, token: data.authToken };
    const answer = await rest(emulator, "users.generatePersonalAccessToken", {
      as,
      body: { tokenName: "t" },
    });
    expect(await answer.json()).toMatchObject({
      errorType: "totp-required",
      details: { method: "password" },
    });
  });
});

describe("REST", () => {
  it("answers an unknown endpoint with 404 and text", async () => {
    const answer = await rest(emulator, "no.such.endpoint");
    expect([answer.status, await answer.text()]).toEqual([404, "404 Not Found"]);
  });

  it("refuses a used _id with an error that does not say so", async () => {
    const { bot, rid } = lobby();
    const body = { message: { _id: "mine", rid, msg: "once" } };
    await rest(emulator, "chat.sendMessage", { as: bot, body });
    const again = await rest(emulator, "chat.sendMessage", { as: bot, body });
    expect(again.status).toBe(400);
    expect(await again.json()).toMatchObject({ error: expect.stringContaining("starred") });
    expect(emulator.control.messages(rid)).toHaveLength(1);
  });

  it("hands the caller's own direct room out for an unknown user name", async () => {
    const { bot } = lobby();
    const answer = await rest(emulator, "im.create", { as: bot, body: { username: "nobody" } });
    expect(await answer.json()).toMatchObject({ room: { t: "d", usernames: ["bot"] } });
  });

  it("posts a confirmed upload twice but answers the first message", async () => {
    const { bot, rid } = lobby();
    const form = new FormData();
    form.append("file", new Blob(["hello"], { type: "text/plain" }), "note.txt");
    const { file } = await (await rest(emulator, `rooms.media/${rid}`, { as: bot, body: form })).json();
    const confirm = async () => {
      const answer = await rest(emulator, `rooms.mediaConfirm/${rid}/${file._id}`, {
        as: bot,
        body: { msg: "x" },
      });
      return (await answer.json()).message._id;
    };
    expect(await confirm()).toBe(await confirm());
    expect(emulator.control.messages(rid)).toHaveLength(2);
  });

  it("gives a file to members only", async () => {
    const { bot, rid } = lobby();
    const mallory = makeCaller(emulator, "mallory", ["user"]);
    const bytes = new TextEncoder().encode("secret");
    const { files = [] } = emulator.control.postFile({
      as: "bot",
      rid,
      name: "a.txt",
      type: "text/plain",
      bytes,
    });
    const fetchAs = ({ userId, token }: typeof bot) =>
      fetch(`${emulator.url}/file-upload/${files[0]?._id}/a.txt`, {
        headers: { "x-user-id": userId, "x-auth-token": token },
      });
    expect(await (await fetchAs(bot)).text()).toBe("secret");
    expect((await fetchAs(mallory)).status).toBe(403);
  });

  it("refuses every post of a workspace that lost its license", async () => {
    const { bot, rid } = lobby();
    emulator.control.restrict();
    const answer = await rest(emulator, "chat.postMessage", { as: bot, body: { roomId: rid, text: "x" } });
    expect(await answer.json()).toMatchObject({ success: false, errorType: "restricted-workspace" });
  });

  it("takes only encrypted messages in an encrypted room", async () => {
    const { bot, rid } = lobby();
    emulator.control.encrypt(rid);
    const body = { message: { rid, msg: "plain" } };
    expect((await rest(emulator, "chat.sendMessage", { as: bot, body })).status).toBe(400);
    const client = await connect(emulator, bot.token);
    emulator.control.postEncrypted({ as: "alice", rid });
    expect(await client.events(1)).toMatchObject([[{ t: "e2e", msg: "" }, {}]]);
  });
});

describe("other profiles", () => {
  it("hangs up on a revoked token and sends the reply before the parent in 6.5", async () => {
    await emulator.close();
    emulator = await startEmulator({ profile: "6.5" });
    const { bot, rid } = lobby();
    const { _id } = emulator.control.post({ as: "alice", rid, msg: "question" });
    const client = await connect(emulator, bot.token);
    emulator.control.post({ as: "alice", rid, msg: "reply", tmid: _id });
    expect(await client.events(2)).toMatchObject([
      [{ msg: "reply" }, {}],
      [{ _id }, {}],
    ]);
    emulator.control.revokeToken(bot.token);
    expect(await client.close()).toMatchObject({ code: 1000 });
  });

  it("answers an unknown address with a page in 6.5", async () => {
    await emulator.close();
    emulator = await startEmulator({ profile: "6.5" });
    const answer = await rest(emulator, "no.such.endpoint");
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  });

  it("forbids with 403 and has no DDP sendMessage in 9.0", async () => {
    await emulator.close();
    emulator = await startEmulator({ profile: "9.0" });
    const { bot, rid } = lobby();
    emulator.control.kick({ as: "alice", rid, username: "bot" });
    const answer = await rest(emulator, "chat.postMessage", { as: bot, body: { roomId: rid, text: "x" } });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ errorType: "error-forbidden" });
    const client = await connect(emulator, bot.token);
    expect(await client.call("sendMessage", { rid, msg: "x" })).toMatchObject({ error: { error: 404 } });
  });
});

describe("what is documented of 8.6 to 9.0", () => {
  beforeEach(async () => {
    await emulator.close();
    emulator = await startEmulator({ profile: "9.0" });
  });

  it("is that plain users send five messages a second, and the bot as many as it likes", async () => {
    const { bot, alice, rid } = lobby();
    const send = async (as: typeof bot) =>
      (await rest(emulator, "chat.sendMessage", { as, body: { message: { rid, msg: "x" } } })).status;
    const seven = async (as: typeof bot) => {
      const found = [];
      for (let i = 0; i < 7; i++) found.push(await send(as));
      return found;
    };
    // The clock stands still, so that all are sent in one second however busy this machine is.
    const now = Date.now();
    emulator.world.sources.now = () => now;
    expect(await seven(alice)).toEqual([200, 200, 200, 200, 200, 429, 429]);
    expect(await seven(bot)).toEqual([200, 200, 200, 200, 200, 200, 200]);
  });

  it("is that a status has eight elements", async () => {
    const { bot, alice } = lobby();
    const client = await connect(emulator, bot.token);
    await client.sub("status", "stream-notify-logged", "user-status");
    await rest(emulator, "users.setStatus", { as: alice, body: { message: "away", status: "away" } });
    const { fields } = await client.frame(({ collection }) => collection === "stream-notify-logged");
    const status = [alice.userId, "alice", 2, "away", "alice", ["user"], "manual", null];
    expect(fields).toMatchObject({ args: [status] });
  });

  it("is that histories of every kind of room are read at one endpoint, and `query` is refused", async () => {
    const { bot, rid } = lobby();
    emulator.control.post({ as: "alice", rid, msg: "hello" });
    const read = (query: string) => rest(emulator, `rooms.history?roomId=${rid}${query}`, { as: bot });
    expect(await (await read("")).json()).toMatchObject({ messages: [{ msg: "hello" }] });
    const refused = await read("&query={}");
    expect([refused.status, await refused.json()]).toMatchObject([
      400,
      { errorType: "error-invalid-params" },
    ]);
  });

  it("is that a very long text is stored unparsed", async () => {
    const { rid } = lobby();
    emulator.control.setSetting("Message_MaxAllowedSize", 20_000);
    const words = "word ".repeat(2_000);
    const parsed = (msg: string) => emulator.control.post({ as: "alice", rid, msg }).md;
    expect([parsed(`${words}.`), parsed(words)]).toEqual([undefined, expect.anything()]);
  });
});

describe("the control", () => {
  it("tells requests, connections and messages", async () => {
    const bot = makeCaller(emulator, "bot");
    await connect(emulator, bot.token);
    const subs = ["stream-room-messages __my_messages__"];
    expect(emulator.control.connections()).toEqual([{ userId: bot.userId, subs }]);
    const seen = emulator.control.waitForMessage(({ msg }) => msg === "noted");
    await rest(emulator, "chat.postMessage", { as: bot, body: { channel: "#general", text: "noted" } });
    expect(await seen).toMatchObject({ rid: "GENERAL" });
    const call = { method: "POST", path: "/api/v1/chat.postMessage", userId: bot.userId, status: 200 };
    expect(emulator.control.requests()).toEqual([call]);
    expect(emulator.control.messages("GENERAL").map(({ t, msg }) => t ?? msg)).toEqual(["uj", "noted"]);
  });

  it("resolves a wait at once when the message exists and rejects one that comes to nothing", async () => {
    const { rid } = lobby();
    emulator.control.post({ as: "alice", rid, msg: "there" });
    await expect(emulator.control.waitForMessage(({ msg }) => msg === "there")).resolves.toMatchObject({
      rid,
    });
    const never = emulator.control.waitForMessage(() => false, { timeoutMs: 1 });
    await expect(never).rejects.toThrow("within 1 ms");
  });

  it("says who is missing", () => {
    expect(() => emulator.control.post({ as: "nobody", rid: "GENERAL", msg: "x" })).toThrow("nobody");
  });

  it("works over HTTP and refuses what it does not understand", async () => {
    const act = (path: string, body: unknown) =>
      fetch(`${emulator.url}/_control/${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    expect((await act("addUser", { username: "dave" })).status).toBe(200);
    const posted = await act("post", { as: "dave", rid: "GENERAL", msg: "by hand" });
    expect(await posted.json()).toMatchObject({ result: { msg: "by hand" } });
    const wrong = await act("post", { as: "dave", rid: 5 });
    expect([wrong.status, await wrong.json()]).toEqual([400, { error: expect.stringContaining("msg") }]);
    const list = await fetch(`${emulator.url}/_control/messages?rid=GENERAL`);
    expect(await list.json()).toMatchObject({ result: [{ msg: "by hand" }] });
  });
});

it("closes every socket and frees its port", async () => {
  const client = await openSocket(emulator.url);
  await emulator.close();
  expect(await client.close()).toMatchObject({ code: 1006 });
  await expect(fetch(emulator.url)).rejects.toThrow();
});
