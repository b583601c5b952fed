// Each fault, seen from a real client.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Emulator, startEmulator } from "./server.ts";
import { type Caller, connect, makeCaller, openSocket, rest } from "./testing/client.ts";

let emulator: Emulator;
let bot: Caller;
let rid: string;

beforeEach(async () => {
  emulator = await startEmulator();
  bot = makeCaller(emulator, "bot");
  makeCaller(emulator, "alice", ["user"]);
  rid = emulator.control.addRoom({ name: "lobby", type: "p", members: ["alice", "bot"] });
});

afterEach(() => emulator.close());

const say = (msg: string) => emulator.control.post({ as: "alice", rid, msg });
const send = (msg: string) =>
  rest(emulator, "chat.sendMessage", { as: bot, body: { message: { rid, msg } } });

describe("faults of the socket", () => {
  it("refuses an upgrade with a status", async () => {
    emulator.faults.lasting.upgrade = 503;
    await expect(openSocket(emulator.url)).rejects.toThrow("503");
  });

  it("leaves an upgrade unanswered, until the server goes", async () => {
    emulator.faults.lasting.upgrade = "stall";
    const opening = openSocket(emulator.url);
    const other = rest(emulator, "rooms.get", { as: bot });
    expect(await Promise.race([opening.catch(() => "ended"), other.then(() => "stalled")])).toBe("stalled");
    await emulator.close();
    await expect(opening).rejects.toThrow();
  });

  it("hangs up with the code it is told", async () => {
    const client = await connect(emulator, bot.token);
    emulator.faults.closeSockets({ username: "bot" }, { code: 1012, reason: "restart" });
    expect(await client.close()).toEqual({ code: 1012, reason: "restart" });
  });

  it("cuts only the user it is told", async () => {
    const cut = await connect(emulator, bot.token);
    const kept = await connect(emulator, emulator.control.personalAccessToken("alice"));
    emulator.faults.cutSockets({ username: "bot" });
    expect(await cut.close()).toMatchObject({ code: 1006 });
    await kept.settle();
  });

  it("keeps a half-open socket open and says nothing on it", async () => {
    const dead = await connect(emulator, bot.token);
    const alive = await connect(emulator, emulator.control.personalAccessToken("alice"));
    emulator.faults.silenceSockets({ username: "bot" });
    const before = dead.frames.length;
    dead.send({ msg: "ping", id: "unheard" });
    say("unheard too");
    await alive.events(1);
    await alive.settle();
    expect(dead.frames).toHaveLength(before);
    expect(dead.closed).toBeUndefined();
  });

  it("ends a subscription unasked", async () => {
    const client = await connect(emulator, bot.token);
    emulator.faults.endSubscriptions("stream-room-messages");
    expect(await client.frame(({ msg }) => msg === "nosub")).toEqual({ msg: "nosub", id: "my" });
    expect(emulator.control.connections()[0]?.subs).toEqual([]);
  });

  it("comes back on the same port after a restart with a gap, with all that was stored", async () => {
    const client = await connect(emulator, bot.token);
    const restarted = emulator.faults.restart({ gapMs: 20 });
    expect(await client.close()).toMatchObject({ code: 1006 });
    await expect(fetch(emulator.url)).rejects.toThrow();
    await restarted;
    const again = await connect(emulator, bot.token);
    say("after the restart");
    expect(await again.events(1)).toMatchObject([[{ msg: "after the restart" }, {}]]);
  });

  it("comes back at once after a restart without a gap", async () => {
    await emulator.faults.restart();
    expect((await rest(emulator, "me", { as: bot })).status).toBe(200);
  });
});

describe("faults of frames", () => {
  it("sends garbage as it is", async () => {
    const client = await connect(emulator, bot.token);
    emulator.faults.sendFrame("{not json");
    await client.settle();
    expect(client.garbage).toEqual(["{not json"]);
  });

  it("sends a frame of the size it is told", async () => {
    const client = await connect(emulator, bot.token);
    emulator.faults.sendOversizedFrame(100_000);
    const [args] = await client.events(1, "stream-notify-all");
    expect(String(args?.[0])).toHaveLength(100_000);
  });

  it("sends every event twice", async () => {
    const client = await connect(emulator, bot.token);
    emulator.faults.lasting.duplicateFrames = true;
    say("double");
    expect(await client.events(2)).toMatchObject([
      [{ msg: "double" }, {}],
      [{ msg: "double" }, {}],
    ]);
  });

  it("sends two events in the wrong order", async () => {
    const client = await connect(emulator, bot.token);
    emulator.faults.lasting.reorderFrames = true;
    say("first");
    say("second");
    expect(await client.events(2)).toMatchObject([
      [{ msg: "second" }, {}],
      [{ msg: "first" }, {}],
    ]);
  });

  it("sends later than asked", async () => {
    const client = await connect(emulator, bot.token);
    emulator.faults.lasting.frameDelayMs = 30;
    say("late");
    emulator.faults.lasting.frameDelayMs = 0;
    say("soon");
    expect(await client.events(2)).toMatchObject([
      [{ msg: "soon" }, {}],
      [{ msg: "late" }, {}],
    ]);
  });

  it("refuses the streams it is told", async () => {
    emulator.faults.lasting.refusedStreams = ["stream-notify-room"];
    const client = await connect(emulator, bot.token);
    expect(await client.sub("r", "stream-notify-room", `${rid}/x`)).toMatchObject({
      msg: "nosub",
      error: { error: "not-allowed" },
    });
  });
});

describe("faults of the login", () => {
  it.each([
    ["forbidden", 403],
    ["unauthorized", 401],
    ["too-many-requests", "too-many-requests"],
  ] as const)("refuses with %s", async (login, error) => {
    emulator.faults.lasting.login = login;
    const client = await connect(emulator);
    expect(await client.call("login", { resume: bot.token })).toMatchObject({ error: { error } });
  });
});

describe("faults of REST", () => {
  it("answers with an error before the call takes effect", async () => {
    emulator.faults.rest({ path: "chat.sendMessage", status: 500, times: 1 });
    expect((await send("lost")).status).toBe(500);
    expect((await send("kept")).status).toBe(200);
    expect(emulator.control.messages(rid).map(({ msg }) => msg)).toEqual(["kept"]);
  });

  it("answers with an error although the call took effect", async () => {
    emulator.faults.rest({ path: "chat.sendMessage", status: 503, effect: true, times: 1 });
    expect((await send("done")).status).toBe(503);
    expect(emulator.control.messages(rid).map(({ msg }) => msg)).toEqual(["done"]);
  });

  it("loses the answer after the effect", async () => {
    emulator.faults.rest({ path: "chat.sendMessage", lost: true, times: 1 });
    await expect(send("done")).rejects.toThrow();
    expect(emulator.control.messages(rid).map(({ msg }) => msg)).toEqual(["done"]);
  });

  it("answers 429 with the body it is told", async () => {
    const body = { success: false, error: "slow down [error-too-many-requests]" };
    emulator.faults.rest({ status: 429, body, times: 1 });
    const answer = await send("too much");
    expect([answer.status, await answer.json()]).toEqual([429, body]);
  });

  it("answers with a page of a proxy", async () => {
    emulator.faults.rest({ status: 502, body: "<html>Bad gateway</html>", times: 1 });
    const answer = await rest(emulator, "me", { as: bot });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([502, "text/html"]);
  });

  it("answers a slow call after a fast one that came later", async () => {
    emulator.faults.rest({ path: "me", delayMs: 30, times: 1 });
    const order: string[] = [];
    const slow = rest(emulator, "me", { as: bot }).then(() => order.push("slow"));
    const fast = rest(emulator, "rooms.get", { as: bot }).then(() => order.push("fast"));
    await Promise.all([slow, fast]);
    expect(order).toEqual(["fast", "slow"]);
  });

  it("goes by a skewed clock", async () => {
    emulator.faults.lasting.clockSkewMs = 3_600_000;
    expect(say("in an hour").ts.getTime()).toBeGreaterThan(Date.now() + 3_000_000);
  });

  it("can be armed and cleared over HTTP", async () => {
    const control = (path: string, method: string, body?: string) =>
      fetch(`${emulator.url}/_control/${path}`, {
        method,
        headers: { "content-type": "application/json" },
        ...(body ? { body } : {}),
      });
    await control("faults/set", "POST", JSON.stringify({ upgrade: 503 }));
    await expect(openSocket(emulator.url)).rejects.toThrow("503");
    await control("faults", "DELETE");
    await openSocket(emulator.url);
  });
});

it("speaks TLS with a certificate only he accepts who trusts it", async () => {
  const secure = await startEmulator({ tls: true });
  try {
    expect(secure.url).toMatch(/^https:/);
    await expect(openSocket(secure.url)).rejects.toThrow(/self-signed|self signed/);
    const client = await openSocket(secure.url, { ca: secure.certificate ?? "" });
    client.send({ msg: "connect", version: "1", support: ["1"] });
    await client.frame(({ msg }) => msg === "connected");
  } finally {
    await secure.close();
  }
});
