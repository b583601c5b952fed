// Owns the tests of wanted and live streams.
import { describe, expect, it } from "vitest";
import { Streams } from "./streams.ts";

const messages = { stream: "stream-room-messages", eventName: "__my_messages__" };
const own = { stream: "stream-notify-user", eventName: "uid/message" };

describe("the streams of an attempt", () => {
  it("are all missing at first, each once", () => {
    expect(new Streams([messages, own, { ...messages }]).missing).toEqual([messages, own]);
  });

  it("are no longer missing when asked for, and live only when confirmed", () => {
    const streams = new Streams([messages, own]);
    streams.ask("1", messages);
    streams.ask("2", own);
    expect(streams.missing).toEqual([]);
    expect(streams.allLive).toBe(false);
    streams.confirm("1");
    streams.confirm("1");
    expect(streams.allLive).toBe(false);
    streams.confirm("2");
    expect(streams.allLive).toBe(true);
  });

  it("take no confirmation for an id that was not asked for", () => {
    const streams = new Streams([messages]);
    streams.confirm("1");
    expect(streams.allLive).toBe(false);
  });

  it("are all live when none is wanted", () => {
    expect(new Streams([]).allLive).toBe(true);
  });

  it("know what was asked for by both name and event", () => {
    const streams = new Streams([messages]);
    expect(streams.wants({ ...messages })).toBe(true);
    expect(streams.wants({ ...messages, eventName: "rid" })).toBe(false);
    expect(streams.wants({ ...messages, stream: "stream-notify-room" })).toBe(false);
  });
});
