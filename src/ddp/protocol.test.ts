// Owns the tests of the DDP conversation.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LoginRejectedError, MethodError, ProtocolError, TimeoutError } from "../errors.ts";
import {
  CALL_TIMEOUT_MS,
  DdpProtocol,
  DEAD_AFTER_MS,
  LOGIN_TIMEOUT_MS,
  NEGOTIATION_TIMEOUT_MS,
  OPENING_TIMEOUT_MS,
  PING_AFTER_MS,
  type ProtocolOutput,
  SUBSCRIPTION_TIMEOUT_MS,
} from "./protocol.ts";

const TOKEN = "secret-token-of-the-bot";
const MY_MESSAGES = { stream: "stream-room-messages", eventName: "__my_messages__" };

const parse = ({ frames }: ProtocolOutput) => frames.map((frame): unknown => JSON.parse(frame));
const say = (protocol: DdpProtocol, frame: unknown, now = 0) => protocol.receive(JSON.stringify(frame), now);

/** A protocol past the handshake, at time 0. */
function negotiated() {
  const protocol = new DdpProtocol(0);
  protocol.connect(0);
  say(protocol, { msg: "connected", session: "s" });
  return protocol;
}

describe("the handshake", () => {
  it("asks for version 1 and reports the agreement", () => {
    const protocol = new DdpProtocol(0);
    expect(parse(protocol.connect(0))).toEqual([{ msg: "connect", version: "1", support: ["1"] }]);
    expect(say(protocol, { msg: "connected", session: "s" }).events).toEqual([{ type: "negotiated" }]);
  });

  it("skips a greeting without msg and answers a ping that comes before the agreement", () => {
    const protocol = new DdpProtocol(0);
    protocol.connect(0);
    expect(say(protocol, { server_id: "0" })).toEqual({ frames: [], events: [] });
    expect(parse(say(protocol, { msg: "ping" }))).toEqual([{ msg: "pong" }]);
    expect(say(protocol, { msg: "connected", session: "s" }).events).toEqual([{ type: "negotiated" }]);
  });

  it("fails when the server refuses the version", () => {
    const protocol = new DdpProtocol(0);
    protocol.connect(0);
    const [event] = say(protocol, { msg: "failed", version: "2" }).events;
    expect(event).toEqual({ type: "failed", error: expect.any(ProtocolError) });
    expect(event).toMatchObject({ error: { reason: "unsupported-version" } });
  });

  it("counts a second agreement and changes nothing", () => {
    expect(say(negotiated(), { msg: "connected", session: "s" }).events).toEqual([
      { type: "dropped", reason: "unexpected-frame", detail: "connected" },
    ]);
  });
});

describe("the login", () => {
  const login = () => {
    const protocol = negotiated();
    const [frame] = parse(protocol.login(TOKEN, 0));
    return { protocol, frame };
  };
  const answer = (fields: object) => say(login().protocol, { msg: "result", id: "1", ...fields });

  it("resumes with the token", () => {
    expect(login().frame).toEqual({ msg: "method", id: "1", method: "login", params: [{ resume: TOKEN }] });
  });

  it("reports the user id and not the token that the server repeats", () => {
    const result = { id: "uid", token: TOKEN, tokenExpires: { $date: null }, type: "resume" };
    expect(answer({ result }).events).toEqual([{ type: "loggedIn", userId: "uid" }]);
  });

  it("takes a result before or after its updated, and without tokenExpires", () => {
    const { protocol } = login();
    expect(say(protocol, { msg: "updated", methods: ["1"] }).events).toEqual([]);
    expect(say(protocol, { msg: "result", id: "1", result: { id: "uid" } }).events).toEqual([
      { type: "loggedIn", userId: "uid" },
    ]);
  });

  it.each([
    [{ error: 403, reason: "You've been logged out by the server." }, "403", undefined],
    [{ error: 401, reason: "User not found" }, "401", undefined],
    [{ error: "too-many-requests", details: { timeToReset: 6967 } }, "too-many-requests", 6967],
    [{ reason: TOKEN }, "unknown", undefined],
  ])("fails on %j without a word of the token", (error, serverCode, retryAfterMs) => {
    const { events } = answer({ error });
    expect(events).toEqual([{ type: "failed", error: expect.any(LoginRejectedError) }]);
    expect(events).toMatchObject([{ error: { serverCode, retryAfterMs } }]);
    expect(String(events[0]?.type === "failed" && events[0].error)).not.toContain(TOKEN);
  });

  it.each([[{}], [{ result: null }], [{ result: { id: 7 } }], [{ result: "uid" }]])(
    "fails when the answer %j names no user",
    (fields) => {
      expect(answer(fields).events).toMatchObject([
        { type: "failed", error: { code: "protocol", reason: "unreadable-answer" } },
      ]);
    },
  );

  it("passes on only the reason when the server quotes the login in a complaint", () => {
    const { events } = say(login().protocol, {
      msg: "error",
      reason: "Must connect first",
      offendingMessage: { msg: "method", method: "login", params: [{ resume: TOKEN }] },
    });
    expect(events).toEqual([{ type: "dropped", reason: "server-error", detail: "Must connect first" }]);
  });
});

describe("subscriptions", () => {
  it("are asked for, confirmed and refused by id", () => {
    const protocol = negotiated();
    const first = protocol.subscribe(MY_MESSAGES, 0);
    const second = protocol.subscribe({ stream: "stream-notify-user", eventName: "u/message" }, 0);
    expect(parse(first)).toEqual([
      {
        msg: "sub",
        id: first.id,
        name: "stream-room-messages",
        params: ["__my_messages__", { useCollection: false, args: [] }],
      },
    ]);
    expect(say(protocol, { msg: "ready", subs: [first.id] }).events).toEqual([
      { type: "subscribed", id: first.id },
    ]);
    const { events } = say(protocol, { msg: "nosub", id: second.id, error: { error: "not-allowed" } });
    expect(events).toEqual([{ type: "unsubscribed", id: second.id, error: expect.any(MethodError) }]);
    expect(events).toMatchObject([{ error: { serverCode: "not-allowed" } }]);
  });

  it("can be confirmed several at a time", () => {
    const protocol = negotiated();
    const ids = [protocol.subscribe(MY_MESSAGES, 0).id, protocol.subscribe(MY_MESSAGES, 0).id];
    expect(say(protocol, { msg: "ready", subs: ids }).events).toEqual(
      ids.map((id) => ({ type: "subscribed", id })),
    );
  });

  it("can be ended by the server after they were live", () => {
    const protocol = negotiated();
    const { id } = protocol.subscribe(MY_MESSAGES, 0);
    say(protocol, { msg: "ready", subs: [id] });
    expect(say(protocol, { msg: "nosub", id }).events).toEqual([
      { type: "unsubscribed", id, error: undefined },
    ]);
    expect(say(protocol, { msg: "nosub", id }).events).toMatchObject([{ reason: "unexpected-frame" }]);
  });

  it("nobody asked for are counted", () => {
    const protocol = negotiated();
    expect(say(protocol, { msg: "ready", subs: ["x"] }).events).toMatchObject([
      { reason: "unexpected-frame" },
    ]);
    expect(say(protocol, { msg: "nosub", id: "x" }).events).toMatchObject([{ reason: "unexpected-frame" }]);
  });

  it("deliver events with arguments as they came", () => {
    const args = [{ _id: "m", ts: { $date: 5 } }, { roomParticipant: false }];
    const frame = {
      msg: "changed",
      collection: "stream-room-messages",
      id: "id",
      fields: { eventName: "__my_messages__", args },
    };
    expect(say(negotiated(), frame).events).toEqual([{ type: "streamed", event: { ...MY_MESSAGES, args } }]);
  });
});

describe("method calls", () => {
  it("are answered by id, with dates decoded", () => {
    const protocol = negotiated();
    const first = protocol.call("rooms/get", [], 0);
    const second = protocol.call("other", [1], 0);
    expect(parse(second)).toEqual([{ msg: "method", id: second.id, method: "other", params: [1] }]);
    expect(say(protocol, { msg: "result", id: second.id }).events).toEqual([
      { type: "answered", id: second.id, value: undefined },
    ]);
    expect(say(protocol, { msg: "result", id: first.id, result: { at: { $date: 5 } } }).events).toEqual([
      { type: "answered", id: first.id, value: { at: new Date(5) } },
    ]);
  });

  it("are refused with the server's code and reason", () => {
    const protocol = negotiated();
    const { id } = protocol.call("noSuchMethod", [], 0);
    const error = { error: 404, reason: "Method 'noSuchMethod' not found" };
    expect(say(protocol, { msg: "result", id, error }).events).toMatchObject([
      { type: "refused", id, error: { code: "method", method: "noSuchMethod", serverCode: "404" } },
    ]);
  });

  it("time out one by one, and a late answer is counted", () => {
    const protocol = negotiated();
    const { id } = protocol.call("slow", [], 0);
    expect(protocol.deadline).toBe(CALL_TIMEOUT_MS);
    expect(protocol.tick(CALL_TIMEOUT_MS).events).toEqual([
      { type: "refused", id, error: expect.any(TimeoutError) },
    ]);
    expect(say(protocol, { msg: "result", id, result: 1 }).events).toMatchObject([
      { reason: "unexpected-frame" },
    ]);
  });

  it("leave nothing behind when their parameters are no JSON", () => {
    const protocol = negotiated();
    expect(() => protocol.call("m", [1n], 0)).toThrow(TypeError);
    expect(protocol.deadline).toBe(PING_AFTER_MS);
    expect(protocol.tick(0)).toEqual({ frames: [], events: [] });
  });
});

describe("deadlines", () => {
  it.each([
    ["the socket", OPENING_TIMEOUT_MS, () => new DdpProtocol(0)],
    [
      "the agreement",
      NEGOTIATION_TIMEOUT_MS,
      () => {
        const protocol = new DdpProtocol(0);
        protocol.connect(0);
        return protocol;
      },
    ],
    [
      "the login",
      LOGIN_TIMEOUT_MS,
      () => {
        const protocol = negotiated();
        protocol.login(TOKEN, 0);
        return protocol;
      },
    ],
    [
      "a subscription",
      SUBSCRIPTION_TIMEOUT_MS,
      () => {
        const protocol = negotiated();
        protocol.subscribe(MY_MESSAGES, 0);
        return protocol;
      },
    ],
  ])("end the wait for %s", (_, timeout, create) => {
    const protocol = create();
    expect(protocol.deadline).toBe(timeout);
    expect(protocol.tick(timeout - 1)).toEqual({ frames: [], events: [] });
    expect(protocol.tick(timeout).events).toMatchObject([
      { type: "failed", error: { code: "timeout", afterMs: timeout } },
    ]);
  });
});

describe("the heartbeat", () => {
  it("keeps to what servers and proxies allow", () => {
    expect(PING_AFTER_MS).toBeGreaterThanOrEqual(20_000);
    expect(PING_AFTER_MS).toBeLessThanOrEqual(25_000);
    expect(DEAD_AFTER_MS).toBeGreaterThanOrEqual(40_000);
    expect(DEAD_AFTER_MS).toBeLessThanOrEqual(45_000);
  });

  it("repeats the id of a ping, and sends none when there was none", () => {
    const protocol = negotiated();
    expect(parse(say(protocol, { msg: "ping", id: "p1" }))).toEqual([{ msg: "pong", id: "p1" }]);
    expect(parse(say(protocol, { msg: "ping" }))).toEqual([{ msg: "pong" }]);
  });

  it("pings once in a silence and goes on when anything comes", () => {
    const protocol = negotiated();
    expect(protocol.deadline).toBe(PING_AFTER_MS);
    const [ping] = parse(protocol.tick(PING_AFTER_MS));
    expect(ping).toEqual({ msg: "ping", id: expect.any(String) });
    expect(protocol.tick(PING_AFTER_MS + 1).frames).toEqual([]);
    expect(protocol.deadline).toBe(DEAD_AFTER_MS);
    protocol.receive("even garbage is a sign of life", 30_000);
    expect(protocol.deadline).toBe(30_000 + PING_AFTER_MS);
    expect(protocol.tick(30_000 + PING_AFTER_MS).frames).toHaveLength(1);
  });

  it("declares a silent link dead, even when the ping was missed", () => {
    expect(negotiated().tick(DEAD_AFTER_MS)).toMatchObject({
      frames: [],
      events: [{ type: "failed", error: { code: "timeout", afterMs: DEAD_AFTER_MS } }],
    });
  });
});

describe("text from the wire", () => {
  it("that is of no use is counted", () => {
    expect(negotiated().receive("not json", 0).events).toEqual([
      { type: "dropped", reason: "not-json", detail: "8 characters" },
    ]);
    expect(say(negotiated(), { msg: "wat" }).events).toMatchObject([{ reason: "unknown-msg" }]);
  });

  it("never throws, in any state and any order", () => {
    const frame = fc.record(
      {
        msg: fc.constantFrom(
          "connected",
          "failed",
          "ping",
          "pong",
          "result",
          "ready",
          "nosub",
          "changed",
          "x",
        ),
        id: fc.oneof(fc.constantFrom("1", "2", "3"), fc.jsonValue()),
        result: fc.jsonValue(),
        error: fc.jsonValue(),
        subs: fc.oneof(fc.array(fc.constantFrom("1", "2", "3")), fc.jsonValue()),
        collection: fc.oneof(fc.constant("stream-x"), fc.jsonValue()),
        fields: fc.oneof(
          fc.record({ eventName: fc.string(), args: fc.array(fc.jsonValue()) }),
          fc.jsonValue(),
        ),
      },
      { requiredKeys: [] },
    );
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      frame.map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(fc.array(text), (texts) => {
        const protocol = negotiated();
        protocol.login(TOKEN, 0);
        protocol.subscribe(MY_MESSAGES, 0);
        protocol.call("m", [], 0);
        texts.forEach((item, now) => void protocol.receive(item, now));
        protocol.tick(protocol.deadline);
      }),
    );
  });
});
