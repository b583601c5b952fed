// Owns the test that a message read out of its frame says what the parsed frame says.

import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { frameText, recordedFrames } from "../../test/fixtures/frames.ts";
import { decodeRevision } from "./change.ts";
import { condenseMessage } from "./condense.ts";
import { FrameReader } from "./frame.ts";
import { bitsOf } from "./members.ts";
import { decodeMessage } from "./message.ts";

const ROOM = '{"roomParticipant":true,"roomType":"c","roomName":"town"}';
const read = (message: string, room = ROOM) => new FrameReader().read(frameText(message, room))?.open();

describe("a frame of the recordings", () => {
  const reader = new FrameReader();
  const frames = recordedFrames().map((text) => ({ text, args: JSON.parse(text).fields.args }));
  const understood = frames.flatMap(({ text, args }) => {
    const frame = reader.read(text)?.open();
    return frame === undefined ? [] : [{ frame, args }];
  });

  it("is understood, unless it tells of something else than a message of a room", () => {
    expect(frames.length).toBeGreaterThan(2_000);
    expect(understood.length).toBe(frames.filter(({ args }) => args.length === 2).length);
  });

  it("is read as if it were parsed", () => {
    for (const { frame, args } of understood) {
      const [whole, room] = args;
      const message = frame.message();
      expect(decodeMessage(message)).toEqual(decodeMessage(whole));
      expect(decodeRevision(message)).toEqual(decodeRevision(whole));
      expect(condenseMessage(message)).toEqual(condenseMessage(whole));
      expect(isDeepStrictEqual(frame.room, room)).toBe(true);
    }
  });
});

describe("a frame", () => {
  it("shows the members that are read, and no other", () => {
    const frame = read(
      '{"_id":"m","rid":"r","md":[{"type":"X","rid":"s"}],"ts":{"$date":12},"replies":[],"x":1}',
    );
    expect(frame?.message()).toEqual({ _id: "m", rid: "r", ts: { $date: 12 }, replies: [] });
    expect(frame?.room).toEqual({ roomParticipant: true, roomType: "c", roomName: "town" });
  });

  it("shows no member that stands in a text, in a nested object or behind the message", () => {
    const frame = read('{"msg":"\\",\\"rid\\":\\"r\\"}","x":{"rid":"s"},"y":[{"rid":"t"}],"z":"\\\\"}');
    expect(frame?.message()).toEqual({ msg: '","rid":"r"}' });
    expect(frame?.among(bitsOf("rid msg"))).toBe(bitsOf("msg"));
  });

  it("shows of two members of one name the last, as parsing does", () => {
    expect(read('{"rid":"r","rid":"s"}')?.value("rid")).toBe("s");
  });

  it("shows in its head what it begins with, whatever follows; no server writes a member twice", () => {
    const head = new FrameReader().read(frameText('{"_id":"m","rid":"r","u":{},"rid":"s",', ROOM));
    expect(["_id", "rid", "u"].map((name) => head?.value(name as "rid"))).toEqual(["m", "r", {}]);
    expect(head?.room).toEqual({ roomParticipant: true, roomType: "c", roomName: "town" });
    expect(head?.open()).toBeUndefined();
  });

  it.each([
    ["a key with an escape", '{"\\u0072id":"r"}', ROOM],
    ["a blank", '{"rid": "r"}', ROOM],
    ["no member", "{}", ROOM],
    ["no document", "null", ROOM],
    ["no place", '{"rid":"r"}', "null"],
    ["a third argument", '{"rid":"r"}', `${ROOM},{}`],
    ["another list behind", '{"rid":"r"}', `${ROOM}],"more":[{}`],
    ["a place that is no JSON", '{"rid":"r"}', '{"roomType":c}'],
    ["a text without an end", '{"rid":"r}', ROOM],
  ])("with %s is left to be parsed", (_, message, room) => {
    expect(read(message, room)).toBeUndefined();
  });

  it.each([
    ["a third argument", `${ROOM},{}`],
    ["another list behind", `${ROOM}],"more":[{},{}`],
    ["a message behind", `${ROOM},{"rid":"r"}`],
    ["no place", "null"],
  ])("with %s has no head to be judged by", (_, room) => {
    const message = '{"_id":"m","rid":"r","u":{"_id":"alice"}}';
    expect(new FrameReader().read(frameText(message, room))).toBeUndefined();
  });

  it.each([
    "1700000000000",
    "0",
    "-5",
    "1.5",
    "1e3",
    "999999999999999",
    "9007199254740993",
    "12345678901234567890",
  ])("shows the instant %s as parsing does", (instant) => {
    const text = `{"ts":{"$date":${instant}}}`;
    expect(read(text)?.message()).toEqual(JSON.parse(text));
  });

  it("of another stream is left to be parsed", () => {
    const text = frameText('{"rid":"r"}', ROOM);
    const reader = new FrameReader();
    expect(reader.read(text.replace("stream-room-messages", "stream-notify-room"))).toBeUndefined();
    expect(reader.read('{"msg":"ping"}')).toBeUndefined();
    expect(reader.read(text.slice(0, -1))).toBeUndefined();
  });

  it("shows nothing where a member is no JSON", () => {
    const frame = read('{"rid":"r","u":{"_id":alice}}');
    expect(frame?.message()).toBeUndefined();
    expect(() => frame?.value("u")).toThrow(SyntaxError);
  });

  it("keeps one copy of a sender who writes again, and another of one who is named otherwise", () => {
    const reader = new FrameReader();
    const senderIn = (user: object) =>
      reader
        .read(frameText(`{"u":${JSON.stringify(user)}}`, ROOM))
        ?.open()
        ?.value("u");
    const sender = senderIn({ _id: "alice", username: "alice" });
    expect(senderIn({ _id: "alice", username: "alice" })).toBe(sender);
    expect(senderIn({ _id: "alice", username: "alicia" })).toEqual({ _id: "alice", username: "alicia" });
  });
});
