import { describe, expect, it } from "vitest";
import { noteName } from "../account/named-places.ts";
import { threading } from "./threading.ts";

const cfg = { channels: { rocketchat: { replyToModeByChatType: { channel: "first" } } } };
type Context = Parameters<typeof threading.buildToolContext>[0]["context"];

const contextOf = (context: Context, replied = false) =>
  threading.buildToolContext({
    cfg,
    context: {
      To: "room:r1",
      NativeChannelId: "r1",
      ChatType: "channel",
      CurrentMessageId: "m1",
      ...context,
    },
    hasRepliedRef: { value: replied },
  });

/** The thread that a message of the tool goes to which names none. */
const threadOf = (context: Context, to = "room:r1", replied = false) =>
  threading.resolveAutoThreadId({ cfg, to, toolContext: contextOf(context, replied) });

describe("the message tool's thread", () => {
  it.each<[string, Context, string | undefined]>([
    [
      "in a thread it is the thread",
      { MessageThreadId: "root", ReplyToId: "root", ReplyToMode: "off" },
      "root",
    ],
    ["in a thread of a direct message too", { TransportThreadId: "root", ReplyToId: "root" }, "root"],
    ["at top level it is none by default", { ReplyToMode: "off" }, undefined],
    ["at top level it is the message's own where all replies are threaded", { ReplyToMode: "all" }, "m1"],
    ["the configuration decides where the turn does not say", {}, "m1"],
  ])("%s", (_, context, thread) => {
    expect(threadOf(context)).toBe(thread);
  });

  it("is none in another conversation", () => {
    expect(threadOf({ MessageThreadId: "root" }, "room:r2")).toBeUndefined();
    expect(threadOf({ MessageThreadId: "root" }, "user:r1")).toBeUndefined();
  });

  it("is none for the second reply where the first alone is threaded", () => {
    expect(threadOf({ ReplyToMode: "first" }, "room:r1", true)).toBeUndefined();
    expect(threadOf({ MessageThreadId: "root" }, "room:r1", true)).toBe("root");
  });
});

describe("what the tool takes for the turn's own place", () => {
  it.each<[string, Context, string | undefined]>([
    ["is no thread at top level, where replies stay there", { ReplyToMode: "off" }, undefined],
    [
      "is none either where the turn names its own message",
      { ReplyToMode: "off", ReplyToId: "m1" },
      undefined,
    ],
    ["is the thread to come where replies go there", { ReplyToMode: "first" }, "m1"],
    ["is the thread that the message stands in", { ReplyToMode: "off", ReplyToId: "root" }, "root"],
  ])("%s", (_, context, thread) => {
    expect(contextOf(context)?.currentThreadTs).toBe(thread);
  });

  it("is known by name too, when the name was heard", () => {
    const toolContext = contextOf({});
    const isCurrent = (target: string) => threading.matchesToolContextTarget({ target, toolContext });
    expect(isCurrent("#harbor")).toBe(false);
    noteName({ kind: "room-name", name: "harbor" }, { kind: "room", id: "r1" });
    expect(["#harbor", "rocketchat:#Harbor", "room:r1"].map(isCurrent)).toEqual([true, true, true]);
    noteName({ kind: "room-name", name: "harbor" }, { kind: "room", id: "r2" });
    expect(isCurrent("#harbor")).toBe(false);
    // It is a room's name on two servers, or has changed hands: nothing tells which room is meant.
    noteName({ kind: "room-name", name: "harbor" }, { kind: "room", id: "r1" });
    expect(isCurrent("#harbor")).toBe(false);
  });
});

describe("the transport of a reply", () => {
  const mode = (replyToMode: "off" | "all") => ({ replyDelivery: { replyToMode } });
  it.each([
    [{ replyToId: "a", threadId: "t", replyToIsExplicit: true }, "a"],
    [{ replyToId: "a", threadId: "t", replyToIsExplicit: false }, "t"],
    [{ replyToId: "a", threadId: "t", replyToCurrent: true }, "t"],
    [{ replyToId: "a", ...mode("all") }, "a"],
    [{ replyToId: "a", ...mode("off") }, null],
    [{ replyToId: "a", threadId: "t", ...mode("off") }, "t"],
    [{}, undefined],
  ])("%j enters %s", (reply, place) => {
    expect(threading.resolveReplyTransport({ cfg, ...reply })?.replyToId).toBe(place);
  });
});
