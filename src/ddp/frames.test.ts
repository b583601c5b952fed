// Owns the tests of frame decoding and encoding.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeFrame, encodeFrame } from "./frames.ts";

const decode = (value: unknown) => decodeFrame(JSON.stringify(value));
const ignored = { frame: { msg: "ignored" } };
const malformed = { reason: "malformed-frame" };

describe("decodeFrame", () => {
  it.each([
    [{ msg: "connected", session: "s" }, { frame: { msg: "connected" } }],
    [{ msg: "failed", version: "1" }, { frame: { msg: "failed", version: "1" } }],
    [{ msg: "ping" }, { frame: { msg: "ping", id: undefined } }],
    [{ msg: "ping", id: "p1" }, { frame: { msg: "ping", id: "p1" } }],
    [{ msg: "ping", id: 7 }, { frame: { msg: "ping", id: undefined } }],
    [{ msg: "pong", id: "p1" }, { frame: { msg: "pong" } }],
    [{ msg: "ready", subs: ["a", "b"] }, { frame: { msg: "ready", subs: ["a", "b"] } }],
    [{ msg: "nosub", id: "a" }, { frame: { msg: "nosub", id: "a", error: undefined } }],
    [{ msg: "result", id: "1", result: [1] }, { frame: { msg: "result", id: "1", outcome: { value: [1] } } }],
    [{ msg: "result", id: "1" }, { frame: { msg: "result", id: "1", outcome: { value: undefined } } }],
    [{ msg: "error", reason: "Bad request" }, { frame: { msg: "error", reason: "Bad request" } }],
  ])("reads %j", (value, decoded) => {
    expect(decode(value)).toEqual(decoded);
  });

  it("reads a stream event and leaves its arguments alone", () => {
    const args = [
      { _id: "m", ts: { $date: 5 } },
      { roomParticipant: true, roomType: "c" },
    ];
    const value = {
      msg: "changed",
      collection: "stream-room-messages",
      id: "id",
      fields: { eventName: "__my_messages__", args },
    };
    expect(decode(value)).toEqual({
      frame: { msg: "changed", collection: "stream-room-messages", eventName: "__my_messages__", args },
    });
  });

  it.each([
    [
      { error: 403, reason: "no" },
      { serverCode: "403", reason: "no", retryAfterMs: undefined },
    ],
    [{ error: "not-allowed" }, { serverCode: "not-allowed", reason: undefined, retryAfterMs: undefined }],
    [
      { error: "too-many-requests", reason: "slow", details: { timeToReset: 6967 } },
      { serverCode: "too-many-requests", reason: "slow", retryAfterMs: 6967 },
    ],
    [
      { error: { a: 1 }, details: { timeToReset: "soon" } },
      { serverCode: "unknown", reason: undefined, retryAfterMs: undefined },
    ],
    ["text", { serverCode: "unknown", reason: undefined, retryAfterMs: undefined }],
    [null, { serverCode: "unknown", reason: undefined, retryAfterMs: undefined }],
  ])("reads the error %j of a result and of a nosub", (error, decoded) => {
    expect(decode({ msg: "result", id: "1", error })).toEqual({
      frame: { msg: "result", id: "1", outcome: { error: decoded } },
    });
    expect(decode({ msg: "nosub", id: "1", error })).toEqual({
      frame: { msg: "nosub", id: "1", error: decoded },
    });
  });

  it("cuts texts of the server to one printable line", () => {
    const decoded = decode({ msg: "error", reason: `a\r\n\u001b[31m${"x".repeat(1_000)}` });
    expect(decoded).toEqual({ frame: { msg: "error", reason: expect.stringMatching(/^a \[31mx{1,200}$/) } });
  });

  it.each([
    [{ server_id: "0" }],
    [{ msg: "updated", methods: ["1"] }],
    [{ msg: "added", collection: "users", id: "u", fields: {} }],
    [{ msg: "removed", collection: "users", id: "u" }],
    [{ msg: "changed", collection: "users", id: "u", fields: {} }],
  ])("skips %j, which is right and of no use", (value) => {
    expect(decode(value)).toEqual(ignored);
  });

  it.each([
    ["", "not-json"],
    ["not json", "not-json"],
    ["{", "not-json"],
    ["null", "not-an-object"],
    ["[]", "not-an-object"],
    ['"text"', "not-an-object"],
    ["7", "not-an-object"],
    ['{"msg":"wat"}', "unknown-msg"],
    ['{"msg":7}', "unknown-msg"],
    ['{"msg":null}', "unknown-msg"],
    ['{"msg":"constructor"}', "unknown-msg"],
    ['{"msg":"__proto__"}', "unknown-msg"],
  ])("drops %s as %s", (text, reason) => {
    expect(decodeFrame(text)).toEqual({ reason });
  });

  it.each([
    [{ msg: "result" }],
    [{ msg: "result", id: 1, result: 1 }],
    [{ msg: "ready" }],
    [{ msg: "ready", subs: "s" }],
    [{ msg: "ready", subs: [1] }],
    [{ msg: "nosub" }],
    [{ msg: "changed" }],
    [{ msg: "changed", collection: "stream-room-messages" }],
    [{ msg: "changed", collection: "stream-room-messages", fields: { eventName: "e" } }],
    [{ msg: "changed", collection: "stream-room-messages", fields: { eventName: 1, args: [] } }],
    [{ msg: "changed", collection: "stream-room-messages", fields: { eventName: "e", args: {} } }],
  ])("drops %j as malformed", (value) => {
    expect(decode(value)).toEqual(malformed);
  });

  it("throws on no text whatever", () => {
    fc.assert(fc.property(fc.string(), (text) => void decodeFrame(text)));
    fc.assert(fc.property(fc.json(), (text) => void decodeFrame(text)));
  });
});

describe("encodeFrame", () => {
  it("writes plain frames as they are", () => {
    expect(encodeFrame({ msg: "pong", id: "p1" })).toBe('{"msg":"pong","id":"p1"}');
  });

  it("spells dates of parameters as EJSON", () => {
    const frame = { msg: "method", id: "2", method: "rooms/get", params: [new Date(5)] } as const;
    expect(JSON.parse(encodeFrame(frame))).toEqual({ ...frame, params: [{ $date: 5 }] });
  });
});
