import { describe, expect, it } from "vitest";
import { roomFacts } from "../../../test/support/room.ts";
import { inspectAccount } from "../config/account.ts";
import { botLoopProtection } from "./bot-loop.ts";

const message = {
  id: "Message1",
  roomId: "Room1",
  text: "hello",
  sentAt: 1,
  updatedAt: 1,
  sender: { id: "Sibling", username: "sibling", name: undefined },
  fromIntegration: false,
  systemType: undefined,
  threadId: undefined,
  mentions: [],
  quotedUsernames: [],
  edited: undefined,
  files: [],
};

function factsFor(section: object, { bots, defaults }: { bots: string[]; defaults?: object }) {
  const cfg = { channels: { ...(defaults && { defaults }), rocketchat: { userId: "bot", ...section } } };
  const settings = { ...inspectAccount(cfg), bots: new Set(bots) };
  const room = roomFacts({ id: "Room1" });
  const input = { message, room, text: "hello", wasMentioned: true, implicitMentions: [] };
  return botLoopProtection({ cfg, accountId: "default", settings, input }).botLoopProtection;
}

describe("what OpenClaw is told of two bots that talk", () => {
  it("is which two, where, and the limits of the room, the account and all channels", () => {
    const section = {
      botLoopProtection: { maxEventsPerWindow: 5, windowSeconds: 10 },
      rooms: { Room1: { botLoopProtection: { maxEventsPerWindow: 3 } } },
    };
    const defaults = { botLoopProtection: { cooldownSeconds: 7 } };
    expect(factsFor(section, { bots: ["Sibling"], defaults })).toEqual({
      scopeId: "default",
      conversationId: "Room1",
      eventId: "Message1",
      senderId: "Sibling",
      receiverId: "bot",
      config: { maxEventsPerWindow: 3, windowSeconds: 10 },
      defaultsConfig: { cooldownSeconds: 7 },
      defaultEnabled: true,
    });
  });

  it("is nothing for what people write", () => {
    expect(factsFor({}, { bots: [] })).toBeUndefined();
  });
});
