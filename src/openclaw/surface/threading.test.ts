import { describe, expect, it } from "vitest";
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
